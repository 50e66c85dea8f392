"""Adds, changes, pauses and deletes sources. Each function runs inside ``tenant(instance)``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from ingestion.models import Document
from instances import audit
from instances.models import Instance
from people.models import User
from sources.credentials import encrypted, secrets_of
from sources.models import Source, SourceItem, SourceRun
from sources.runs.starting import cancel_runs, start_run

# Of one instance.
MAX_SOURCES: Final = 50


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What people decide of a source; a secret that is missing remains as it is."""

    name: str
    folder: str
    schedule: str
    grace_days: int
    options: Mapping[str, Any]
    secrets: Mapping[str, str]


class TooManySources(Exception):
    """The instance has reached its number of sources."""


def sources_of(instance: Instance) -> QuerySet[Source]:
    """Return the sources of an instance, by name."""
    return Source.objects.for_instance(instance).select_related("created_by")


def add_source(
    *, instance: Instance, user: User | None, kind: str, given: SourceSettings
) -> Source:
    """Add a source and start its first run. Raises TooManySources."""
    if sources_of(instance).count() >= MAX_SOURCES:
        raise TooManySources(instance.slug)
    source = Source(instance=instance, kind=kind, created_by=user)
    _apply(source, given)
    _schedule(source)
    source.save()
    audit.record(
        audit.Action.SOURCE_ADDED,
        instance=instance,
        target=audit.Target.of(source),
        kind=kind,
        schedule=source.schedule,
        options=source.options,
    )
    start_run(source, reason=SourceRun.Reason.ASKED, user=user)
    return source


def change_source(source: Source, given: SourceSettings) -> None:
    """Change a source; what changes outside is compared in the next run."""
    before = _described(source)
    has_new_secrets = any(given.secrets.values())
    had_schedule = source.schedule
    _apply(source, given)
    if source.schedule != had_schedule:
        _schedule(source)
    source.save()
    changes = {
        name: [before[name], value]
        for name, value in _described(source).items()
        if value != before[name]
    }
    if has_new_secrets:
        changes["secrets"] = ["", "changed"]
    if changes:
        _record(audit.Action.SOURCE_CHANGED, source, **changes)


def pause_source(source: Source) -> None:
    """Stop the present run, and start none until the source is resumed."""
    if source.is_paused:
        return
    source.is_paused, source.next_run_at = True, None
    source.save(update_fields=["is_paused", "next_run_at"])
    cancel_runs(source)
    _record(audit.Action.SOURCE_CHANGED, source, is_paused=[False, True])


def resume_source(source: Source) -> None:
    """Run a source on its schedule again."""
    if not source.is_paused:
        return
    source.is_paused = False
    _schedule(source)
    source.save(update_fields=["is_paused", "next_run_at"])
    _record(audit.Action.SOURCE_CHANGED, source, is_paused=[True, False])


def run_source(source: Source, user: User | None) -> SourceRun:
    """Start a run on demand, unless one is under way, and return it."""
    run, is_new = start_run(source, reason=SourceRun.Reason.ASKED, user=user)
    if is_new:
        _record(audit.Action.SOURCE_RUN, source)
    return run


def delete_source(source: Source, *, user: User | None, with_documents: bool) -> None:
    """Delete a source; its documents stay, or workers delete them first. Its secrets go at once."""
    cancel_runs(source)
    _record(audit.Action.SOURCE_REMOVED, source, with_documents=with_documents)
    if not with_documents:
        source.delete()
        return
    source.is_being_deleted, source.encrypted_secrets, source.next_run_at = True, "", None
    source.save(update_fields=["is_being_deleted", "encrypted_secrets", "next_run_at"])
    start_run(source, reason=SourceRun.Reason.DELETION, user=user)


def documents_of(source: Source) -> QuerySet[Document]:
    """Return the documents that were made from a source."""
    items = SourceItem.objects.for_instance(source.instance_id)
    owned = items.filter(source=source, owns_document=True).exclude(document=None)
    return Document.objects.for_instance(source.instance_id).filter(
        pk__in=owned.values("document_id")
    )


def _apply(source: Source, given: SourceSettings) -> None:
    kept = secrets_of(source)
    source.name, source.folder = given.name, given.folder
    source.schedule, source.grace_days = given.schedule, given.grace_days
    source.options = dict(given.options)
    source.encrypted_secrets = encrypted(
        kept | {name: value for name, value in given.secrets.items() if value}
    )


def _schedule(source: Source) -> None:
    is_on_schedule = source.step is not None and not source.is_paused
    source.next_run_at = timezone.now() + source.step if is_on_schedule and source.step else None


def _described(source: Source) -> dict[str, Any]:
    names = ["name", "folder", "schedule", "grace_days", "options"]
    return {name: getattr(source, name) for name in names}


def _record(action: audit.Action, source: Source, **detail: Any) -> None:
    audit.record(action, instance=source.instance, target=audit.Target.of(source), **detail)
