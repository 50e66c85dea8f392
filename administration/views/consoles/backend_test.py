"""The connection test of a backend; async, so that no database connection waits for a model."""

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from administration.levels import PageLevel
from administration.model_backends.problems import warnings_of
from administration.model_backends.targets import (
    ConnectionTarget,
    managed_target,
    shared_target,
    target_of_environment,
)
from administration.views.consoles.backends import find_backend, find_shared, page
from inference.backends import save_abilities
from inference.chat_options import Ability
from inference.diagnosis.connection import Diagnosis, diagnose
from inference.diagnosis.counted import Spent
from inference.diagnosis.gateway_health import GatewayState
from inference.llm.backend import ChatBackend
from inference.llm.client import ServedModel
from inference.queueing.job_servers import connections_to
from instances import audit
from instances.access.administration import enter_organisation
from instances.tenancy import in_database
from usage.connection_tests import record_connection_test
from usage.recording import Outcome
from web.server.client_queries import uninterrupted

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


FindTarget = Callable[[PageLevel], ConnectionTarget]


@require_POST
@login_required
async def site(request: HttpRequest, backend_id: int) -> HttpResponse:
    """Test any backend, for operators."""
    return await _test(request, lambda level: _managed(request, level, backend_id))


@require_POST
@login_required
async def environment(request: HttpRequest) -> HttpResponse:
    """Test the model of the ``LLM_*`` settings, for operators."""
    return await _test(request, lambda _level: target_of_environment())


@require_POST
@login_required
async def organisation(request: HttpRequest, organisation: str, backend_id: int) -> HttpResponse:
    """Test a backend of an organisation, for its administrators."""
    return await _test(request, lambda level: _managed(request, level, backend_id), organisation)


@require_POST
@login_required
async def shared(request: HttpRequest, organisation: str, shared_id: int) -> HttpResponse:
    """Test a backend of the site with the organisation's own key, for its administrators."""

    def find(level: PageLevel) -> ConnectionTarget:
        chosen = request.POST.get("model", "")
        return shared_target(find_shared(shared_id), level.organisation, chosen)

    return await _test(request, find, organisation)


def _managed(request: HttpRequest, level: PageLevel, backend_id: int) -> ConnectionTarget:
    return managed_target(find_backend(level, backend_id), request.POST.get("model", ""))


async def _test(request: HttpRequest, find: FindTarget, slug: str = "") -> HttpResponse:
    level, target = await in_database(_begin, request, find, slug)
    # Of a backend that jobs serve, the newest job is tested.
    servers = await asyncio.to_thread(connections_to, target.connection)
    diagnosis = Diagnosis(problem="no_job")
    if servers:
        diagnosis = await _diagnosed(level, target, servers[0])
    return await in_database(_result, request, level, target, diagnosis)


async def _diagnosed(level: PageLevel, target: ConnectionTarget, server: ChatBackend) -> Diagnosis:
    """Test, and record what the test spends, also when the browser leaves."""
    spent, began, diagnosis = Spent(), perf_counter(), None
    try:
        diagnosis = await diagnose(
            server,
            spent,
            tells_states=target.is_gateway,
            answers=not (target.model and target.model.transcribes),
        )
    finally:
        outcome = Outcome.STOPPED
        if diagnosis is not None:
            outcome = Outcome.FAILED if diagnosis.problem else Outcome.COMPLETE
        figures = target.figures_of(diagnosis.asked if diagnosis else server.model)
        with uninterrupted():
            await in_database(
                record_connection_test,
                spent,
                figures,
                organisation=level.organisation,
                outcome=outcome,
                total_ms=1000 * (perf_counter() - began),
            )
    return diagnosis


def _begin(request: HttpRequest, find: FindTarget, slug: str) -> tuple[PageLevel, ConnectionTarget]:
    """Check access, record the test, and return what to test; raises Http404."""
    level = PageLevel()
    if slug:
        level = PageLevel(organisation=enter_organisation(request, slug))
    elif not request.user.is_staff:
        raise Http404
    with level.visible():
        target = find(level)
        owner = target.backend.owner if target.backend else None
        audit.record(
            audit.Action.BACKEND_TESTED,
            organisation=owner or level.organisation,
            target=target.backend or target.name,
            model_id=target.model.alias if target.model else "",
        )
    return level, target


def _result(
    request: HttpRequest, level: PageLevel, target: ConnectionTarget, diagnosis: Diagnosis
) -> HttpResponse:
    """Return the page; who may not change the backend sees only its own models, and no address."""
    backend = target.backend
    is_operated = target.is_managed or backend is None
    with level.visible():
        if backend and target.is_managed and diagnosis.asked and not diagnosis.problem:
            save_abilities(backend, diagnosis.asked, diagnosis.abilities)
        known = target.server_ids
        served = [
            (model, model.name in known, _query(model), _state(diagnosis, model.name))
            for model in diagnosis.served
            if is_operated or model.name in known
        ]
        context = {
            "target": target,
            "diagnosis": diagnosis,
            "detail": diagnosis.detail if is_operated else "",
            "abilities": [label for ability, label in ABILITIES if ability in diagnosis.abilities],
            "problem": PROBLEMS.get(diagnosis.problem, ""),
            "listing_problem": PROBLEMS.get(diagnosis.listing_problem, ""),
            "served": served,
            "state": _state(diagnosis, diagnosis.asked) if diagnosis.problem else None,
            "warnings": warnings_of(target, diagnosis),
            **_addresses(level, target),
        }
        return page(request, level, "backend_test.html", context)


def _addresses(level: PageLevel, target: ConnectionTarget) -> dict[str, str]:
    """Return where the test leads back to, and where it is repeated."""
    if target.backend is None:
        return {"back_url": level.url("backends"), "test_url": level.url("environment_test")}
    of = "backend" if target.is_managed else "backend_access"
    return {
        "back_url": level.url(of, target.backend.pk),
        "test_url": level.url(f"{of}_test", target.backend.pk),
    }


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
