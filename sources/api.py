"""``/api/v1/sources``: add, list, run and delete sources of documents."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from instances.api import ApiError, ApiKeyAuth, ErrorOut, KeyRequest
from instances.models import ApiKey, Instance
from instances.tenancy import tenant
from sources.editing import (
    MAX_SOURCES,
    TooManySources,
    add_source,
    delete_source,
    run_source,
    sources_of,
)
from sources.errors import UnknownKind, explain
from sources.forms.sources import SourceForms
from sources.models import Source, SourceRun
from sources.registry import kind_of
from sources.reports import report_lines, runs_of, state_of

router = Router(tags=["sources"])
MANAGE = ApiKeyAuth(ApiKey.Scope.MANAGE)


class LineOut(Schema):
    """What a run did with an item; `reason` says why it failed."""

    name: str
    url: str
    outcome: str
    reason: str


class RunOut(Schema):
    id: UUID
    reason: str
    status: str
    error: dict[str, str] | None
    listed: int
    added: int
    changed: int
    unchanged: int
    removed: int
    failed: int
    is_truncated: bool
    created_at: datetime
    finished_at: datetime | None
    report: list[LineOut]

    @staticmethod
    def resolve_error(run: SourceRun) -> dict[str, str] | None:
        if not run.error_code:
            return None
        return {"code": run.error_code, "message": explain(run.error_code)}

    @staticmethod
    def resolve_report(run: SourceRun) -> list[Any]:
        return list(report_lines(run))


class SourceOut(Schema):
    id: UUID
    kind: str
    name: str
    folder: str
    state: Literal["ok", "running", "paused", "failing", "deleting"]
    schedule: str
    grace_days: int
    options: dict[str, Any]
    next_run_at: datetime | None
    created_at: datetime
    last_run: RunOut | None


class SourceIn(Schema):
    """`options` are those of the form of the kind; passwords and keys are in `secrets`."""

    kind: str = Field(max_length=40)
    name: str
    folder: str = ""
    schedule: str = "daily"
    grace_days: int = 7
    options: dict[str, str | int | bool] = {}
    secrets: dict[str, str] = {}


class Deletion(Schema):
    documents: Literal["keep", "delete"] = "keep"


@router.get("/sources", response=list[SourceOut], auth=MANAGE, summary="List sources, by name")
def list_sources(request: KeyRequest) -> list[dict[str, Any]]:
    with tenant(request.auth.instance):
        return [_out(source) for source in sources_of(request.auth.instance)]


@router.post(
    "/sources",
    auth=MANAGE,
    response={201: SourceOut, 403: ErrorOut, 422: ErrorOut},
    summary="Add a source; its first run starts at once",
)
def create_source(request: KeyRequest, given: SourceIn) -> Status:
    key = request.auth
    try:
        kind = kind_of(given.kind)
    except UnknownKind as error:
        raise ApiError(422, error.code, explain(error.code)) from error
    common = given.dict(include={"name", "folder", "schedule", "grace_days"})
    filled = {f"source-{name}": value for name, value in common.items()}
    # The form of the kind knows which of them are secrets, also among the options.
    own = {**given.options, **given.secrets}
    filled |= {f"kind-{name}": value for name, value in own.items()}
    forms = SourceForms(kind, filled)
    if not forms.is_valid():
        raise ApiError(422, "invalid", forms.problems)
    with tenant(key.instance):
        try:
            source = add_source(
                instance=key.instance, user=key.created_by, kind=kind.name, given=forms.given
            )
        except TooManySources as error:
            sentence = _("An instance has %(n)s sources at most.") % {"n": MAX_SOURCES}
            raise ApiError(403, "too_many", sentence) from error
        return Status(201, _out(source))


@router.get("/sources/{source_id}", response=SourceOut, auth=MANAGE, summary="One source")
def get_source(request: KeyRequest, source_id: UUID) -> dict[str, Any]:
    with tenant(request.auth.instance):
        return _out(_get(request.auth.instance, source_id))


@router.post(
    "/sources/{source_id}/runs",
    auth=MANAGE,
    response={201: RunOut, 409: ErrorOut},
    summary="Start a run, or return the one under way",
)
def start_source_run(request: KeyRequest, source_id: UUID) -> Status:
    with tenant(request.auth.instance):
        source = _get(request.auth.instance, source_id)
        if source.is_paused:
            raise ApiError(409, "paused", _("The source is paused. Resume it first."))
        return Status(201, run_source(source, request.auth.created_by))


@router.delete(
    "/sources/{source_id}",
    auth=MANAGE,
    response={204: None},
    summary="Delete a source; its documents are kept unless `documents=delete`",
)
def remove_source(request: KeyRequest, source_id: UUID, wish: Query[Deletion]) -> Status:
    with tenant(request.auth.instance):
        source = _get(request.auth.instance, source_id)
        delete_source(
            source, user=request.auth.created_by, with_documents=wish.documents == "delete"
        )
    return Status(204, None)


def _get(instance: Instance, source_id: UUID) -> Source:
    source = sources_of(instance).filter(pk=source_id, is_being_deleted=False).first()
    if source is None:
        raise ApiError(404, "not_found", _("There is no such source in this instance."))
    return source


def _out(source: Source) -> dict[str, Any]:
    last = runs_of(source).first()
    names = ["id", "kind", "name", "folder", "schedule", "grace_days", "options"]
    names += ["next_run_at", "created_at"]
    shown = {name: getattr(source, name) for name in names}
    return shown | {"state": state_of(source, last), "last_run": last}
