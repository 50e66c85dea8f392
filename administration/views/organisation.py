"""An organisation's console: its instances, requests, people, administrators, settings, deletions.

For its administrators and the operators, who see names and numbers here and nothing that people
wrote or uploaded (``organisation_view``).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration import console, requests
from administration.acts import do
from administration.changes import save_changes
from administration.forms.organisation import (
    AnswerForm,
    InstancesForm,
    OrganisationSettingsForm,
    PeopleForm,
    PersonForm,
)
from administration.person_choice import Choice, choose
from instances.access.administration import administered_by, organisation_view
from instances.models import DeletionRecord, Instance, InstanceRequest, Organisation
from instances.organisations import administrators as organisations
from web.person_rate_limits import limited_per_person

ROWS_PER_PAGE = 50


@require_safe
@organisation_view
def overview(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Every instance, in a table."""
    form = InstancesForm(request.GET)
    chosen = form.chosen()
    instances = console.instances_of(organisation, **chosen)
    page = Paginator(instances, ROWS_PER_PAGE).get_page(form.cleaned_data.get("page"))
    members = console.count_members(page)
    context = {
        "figures": console.figures_of(organisation),
        "page": page,
        "rows": [(instance, members.get(instance.pk, 0)) for instance in page],
        "chosen": chosen,
        "statuses": Instance.Status.choices,
        "sorts": [
            ("name", _("Name")),
            ("use", _("Last use, latest first")),
            ("disuse", _("Last use, longest ago first")),
            ("documents", _("Most documents")),
            ("storage", _("Most storage")),
        ],
    }
    return _page(request, "instances", context)


@require_safe
@organisation_view
def requests_page(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The requests that wait, then those that were answered."""
    pending = InstanceRequest.Status.PENDING
    found = console.requests_of(organisation)
    answered = Paginator(found.exclude(status=pending), ROWS_PER_PAGE)
    context = {
        "waiting": list(found.filter(status=pending).order_by("created_at")),
        "page": answered.get_page(request.GET.get("page")),
    }
    return _page(request, "requests", context)


@require_POST
@organisation_view
def approve(request: HttpRequest, organisation: Organisation, request_id: int) -> HttpResponse:
    """Create the instance that somebody asked for."""
    asked = get_object_or_404(console.requests_of(organisation), pk=request_id)
    return _do(
        request,
        lambda: requests.approve(asked, by=request.user),
        _("The instance %s was created.") % asked.name,
        redirect("administration:organisation_requests", organisation.slug),
    )


@require_POST
@organisation_view
def refuse(request: HttpRequest, organisation: Organisation, request_id: int) -> HttpResponse:
    """Say no, with a reason that the person reads."""
    asked = get_object_or_404(console.requests_of(organisation), pk=request_id)
    back = redirect("administration:organisation_requests", organisation.slug)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why, so that the person knows what to do."))
        return back
    return _do(
        request,
        lambda: requests.refuse(asked, by=request.user, answer=form.cleaned_data["answer"]),
        _("The request for %s was refused.") % asked.name,
        back,
    )


@require_safe
@organisation_view
def people(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Who belongs to the organisation, and to which of its instances."""
    chosen = PeopleForm(request.GET).chosen()
    context = {"page": console.people_of(organisation, **chosen), "chosen": chosen}
    return _page(request, "people", context)


@require_http_methods(["GET", "POST"])
@limited_per_person("person_search")
@organisation_view
def administrators(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Who manages the organisation; a person is added by name or address."""
    form = PersonForm(request.POST or None)
    choice = Choice()
    if form.is_valid():
        add = partial(organisations.add_administrator, organisation, by=request.user)
        choice = choose(request, form, add, organisation=organisation)
    if choice.added:
        text = _("%(name)s now administers %(organisation)s.")
        named = {"name": choice.added.display_name, "organisation": organisation}
        messages.success(request, text % named)
        return redirect("administration:organisation_administrators", organisation.slug)
    context = {
        "form": form,
        "choice": choice,
        "administrators": organisations.administrators_of(organisation),
    }
    return _page(request, "administrators", context)


@require_POST
@organisation_view
def remove_administrator(
    request: HttpRequest, organisation: Organisation, administrator_id: int
) -> HttpResponse:
    """End somebody's administration."""
    removed = get_object_or_404(organisations.administrators_of(organisation), pk=administrator_id)
    is_operator = request.user.is_staff
    response = _do(
        request,
        lambda: organisations.remove_administrator(removed, may_be_last=is_operator),
        _("%s is no longer an administrator.") % removed.user.display_name,
        redirect("administration:organisation_administrators", organisation.slug),
    )
    if is_operator or administered_by(request.user).filter(pk=organisation.pk).exists():
        return response
    return redirect("administration:home")


@require_http_methods(["GET", "POST"])
@organisation_view
def settings(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Name, contact, how instances come to be, and their limits."""
    form = OrganisationSettingsForm(request.POST or None, instance=organisation)
    if form.is_valid():
        save_changes(form)
        messages.success(request, _("Saved."))
        return redirect("administration:organisation_settings", organisation.slug)
    if form.is_bound:
        # The page around the form shows what is stored, not what was refused.
        organisation.refresh_from_db()
    return _page(request, "settings", {"form": form})


@require_safe
@organisation_view
def deletions(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """What was deleted, each with its proof."""
    records = DeletionRecord.objects.filter(organisation=organisation)
    page = Paginator(records, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return _page(request, "deletions", {"page": page})


def _page(request: HttpRequest, section: str, context: dict[str, Any]) -> HttpResponse:
    return render(
        request, f"administration/consoles/{section}.html", context | {"section": section}
    )


def _do(
    request: HttpRequest, act: Callable[[], object], text: str, back: HttpResponse
) -> HttpResponse:
    do(request, act, text)
    return back
