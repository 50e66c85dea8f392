"""The connection test of a backend; async, so that no database connection waits for a model."""

import asyncio
from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from administration.levels import PageLevel
from administration.views.consoles.backends import find_backend, page
from inference.backends import save_abilities
from inference.catalogue_rows import access_of
from inference.chat_options import Ability
from inference.diagnosis.connection import UNKNOWN_MODEL, Diagnosis, diagnose
from inference.diagnosis.gateway_health import GatewayState
from inference.llm.backend import ChatBackend
from inference.llm.client import ServedModel
from inference.models import Backend
from inference.offered_models import Access, connection_to
from inference.queueing.job_servers import connections_to
from instances import audit
from instances.access.administration import enter_organisation
from instances.tenancy import in_database

# What to do about each code of ``inference.diagnosis.connection.problem_of``.
PROBLEMS: Mapping[str, Promise] = {
    "private_address": _(
        "The address is in a private network. Ask an operator of the site to allow it."
    ),
    "tls": _(
        "The certificate is not trusted. If your own authority signed it, paste the certificate of"
        " that authority; otherwise check the name and the expiry date."
    ),
    "unknown_name": _("The name of the server is unknown. Check the address for a typing error."),
    "connection_refused": _(
        "The server refuses the connection. Check that it runs, the port, and the firewall."
    ),
    "timeout": _("No answer came in time. Check that the server runs and is not overloaded."),
    "authentication_failed": _(
        "The server refuses the key. Check that it is complete and may use this model."
    ),
    "model_not_found": _(
        "The server does not offer this model. Choose one that it lists, and correct the id."
    ),
    "not_compatible": _(
        "The answer is not that of an OpenAI-compatible server. The address usually ends in /v1."
    ),
    "no_job": _(
        "No job of this backend runs. Ask a question, wait for its answer, then test again."
    ),
    "overloaded": _("The server is busy. Try again in a moment."),
    "rejected": _("The server refused the request. Its message says why."),
    "unavailable": _("The server failed. Its log says why."),
}

ABILITIES = (
    (Ability.TOOLS, _("calls tools")),
    (Ability.JSON, _("writes JSON by a schema")),
    (Ability.IMAGES, _("reads images")),
)

# In the colour of a badge, and in words.
STATES: Mapping[GatewayState, tuple[str, Promise]] = {
    GatewayState.GREEN: ("badge-success", _("available")),
    GatewayState.YELLOW: ("badge-warning", _("overloaded")),
    GatewayState.RED: ("badge-danger", _("unavailable")),
}


@require_POST
@login_required
async def site(request: HttpRequest, backend_id: int) -> HttpResponse:
    """Test any backend, for operators."""
    return await _test(request, backend_id)


@require_POST
@login_required
async def organisation(request: HttpRequest, organisation: str, backend_id: int) -> HttpResponse:
    """Test a backend of an organisation, for its administrators."""
    return await _test(request, backend_id, organisation)


async def _test(request: HttpRequest, backend_id: int, slug: str = "") -> HttpResponse:
    level, backend, connection = await in_database(_begin, request, backend_id, slug)
    # Of a backend that jobs serve, the newest job is tested.
    servers = await asyncio.to_thread(connections_to, connection)
    diagnosis = Diagnosis(problem="no_job")
    if servers:
        is_gateway = backend.kind == Backend.Kind.OPENGATELLM
        diagnosis = await diagnose(servers[0], tells_states=is_gateway)
    return await in_database(_result, request, level, backend, diagnosis)


def _begin(
    request: HttpRequest, backend_id: int, slug: str
) -> tuple[PageLevel, Backend, ChatBackend]:
    """Check access, record the test, and return what to test; raises Http404."""
    level = PageLevel()
    if slug:
        level = PageLevel(organisation=enter_organisation(request, slug))
    elif not request.user.is_staff:
        raise Http404
    with level.visible():
        backend = find_backend(level, backend_id)
        model = backend.models.filter(is_enabled=True).first()
        row = backend.accesses.filter(organisation=None).first()
        audit.record(audit.Action.BACKEND_TESTED, organisation=backend.owner, target=backend)
    access = access_of(row) if row else Access()
    server_id = model.server_id if model else UNKNOWN_MODEL
    return level, backend, connection_to(backend, server_id, access)


def _result(
    request: HttpRequest, level: PageLevel, backend: Backend, diagnosis: Diagnosis
) -> HttpResponse:
    with level.visible():
        if diagnosis.asked and not diagnosis.problem:
            save_abilities(backend, diagnosis.asked, diagnosis.abilities)
        names = {model.name for model in diagnosis.served}
        known = set(backend.models.values_list("server_id", flat=True))
        context = {
            "backend": backend,
            "diagnosis": diagnosis,
            "abilities": [label for ability, label in ABILITIES if ability in diagnosis.abilities],
            "problem": PROBLEMS.get(diagnosis.problem, ""),
            "listing_problem": PROBLEMS.get(diagnosis.listing_problem, ""),
            "served": [
                (model, model.name in known, _query(model), _state(diagnosis, model.name))
                for model in diagnosis.served
            ],
            "state": _state(diagnosis, diagnosis.asked) if diagnosis.problem else None,
            "missing": sorted(known - names) if names else [],
        }
        return page(request, level, "backend_test.html", context)


def _state(diagnosis: Diagnosis, server_id: str) -> tuple[str, Promise] | None:
    """Return the badge of what the gateway says of a model, None if it says nothing."""
    state = diagnosis.states.get(server_id)
    return STATES[state] if state else None


def _query(model: ServedModel) -> str:
    """Return the query by which the page of a new model is filled in."""
    query = {"id": model.name}
    if model.context_window:
        query["context_window"] = str(model.context_window)
    return urlencode(query)
