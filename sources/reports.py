"""What pages and API say of sources and runs. Each function runs inside ``tenant(instance)``."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ingestion.models import Document
from instances.models import Instance
from sources.editing import sources_of
from sources.errors import UnknownKind, explain
from sources.models import Source, SourceItem, SourceRun
from sources.registry import kind_of


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source in the list, with its last run."""

    source: Source
    kind: str
    state: str
    last: SourceRun | None
    problem: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What a run did with an item: why it failed, or the ``document`` that it became."""

    name: str
    url: str
    outcome: str
    label: str
    reason: str
    document: Document | None


def source_rows(instance: Instance) -> list[SourceRow]:
    """Return the sources of an instance as its list shows them."""
    rows = []
    for source in sources_of(instance):
        last = runs_of(source).first()
        rows.append(
            SourceRow(source, kind_label(source), state_of(source, last), last, problem_of(last))
        )
    return rows


def runs_of(source: Source) -> QuerySet[SourceRun]:
    """Return the runs of a source, the newest first."""
    return SourceRun.objects.for_instance(source.instance_id).filter(source=source)


def state_of(source: Source, last: SourceRun | None) -> str:
    """Return a word for the state: ``deleting``, ``running``, ``paused``, ``failing``, ``ok``."""
    if source.is_being_deleted:
        return "deleting"
    if last is not None and last.is_unfinished:
        return "running"
    if source.is_paused:
        return "paused"
    return "failing" if last is not None and last.status == SourceRun.Status.FAILED else "ok"


def problem_of(last: SourceRun | None) -> str:
    """Return why the whole of a run failed; empty if it did not."""
    return explain(last.error_code) if last is not None and last.error_code else ""


def kind_label(source: Source) -> str:
    """Return the name of the kind of a source in the reader's language."""
    try:
        return str(kind_of(source.kind).label)
    except UnknownKind:
        return source.kind


def option_rows(source: Source) -> list[tuple[str, str]]:
    """Return what was filled in for a source, with the labels of its form; no secrets."""
    try:
        form = kind_of(source.kind).form()
    except UnknownKind:
        return []
    return [
        (str(field.label or name), _shown(field, source.options.get(name)))
        for name, field in form.fields.items()
        if name not in form.secret_fields and source.options.get(name) not in (None, "")
    ]


def report_lines(run: SourceRun) -> list[ReportLine]:
    """Return what a run has added, changed, removed, and what failed, those first."""
    names = {line["name"] for line in run.lines}
    items = SourceItem.objects.for_instance(run.instance_id).exclude(document=None)
    of_run = items.filter(source=run.source_id, name__in=names).select_related("document")
    documents = {(item.name, item.url): item.document for item in of_run}
    lines = [
        ReportLine(
            name=line["name"],
            url=line["url"] if line["url"].startswith(("http://", "https://")) else "",
            outcome=line["outcome"],
            label=str(SourceItem.Outcome(line["outcome"]).label),
            reason=explain(line["code"]) if line["code"] else "",
            document=documents.get((line["name"], line["url"])),
        )
        for line in run.lines
    ]
    return sorted(lines, key=lambda line: line.outcome != SourceItem.Outcome.FAILED)


def progress_of(source: Source) -> dict[str, Any]:
    """Return how many items of the present run are done, for ``<run-progress>``."""
    run = runs_of(source).first()
    if run is None:
        return {"asked": 0, "total": 0, "is_unfinished": False}
    return {
        "asked": run.added + run.changed + run.unchanged + run.failed,
        "total": run.listed,
        "is_unfinished": run.is_unfinished,
    }


def _shown(field: Any, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(getattr(field, "choices", []))
    return str(choices.get(value, value))
