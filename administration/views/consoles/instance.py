"""Console of an organisation: the page of one instance, without its content.

Administrators of an organisation manage instances without reading them: only a second person can
grant them access to the content (``instances.account_control``).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from administration.actions import run_and_report
from administration.forms.consoles.instance import OwnerForm, QuotaForm, SuspensionForm
from administration.forms.lifecycle import DeleteInstanceForm
from administration.forms.members import MemberForm, RoleForm
from administration.lifecycle import status
from administration.person_choice import Choice, choose
from administration.settings_changes import save_changes
from instances import quotas
from instances.access.administration import organisation_view
from instances.account_control import require_independent
from instances.members import memberships
from instances.members.listing import list_members
from instances.models import ApiKey, Instance, Membership, Organisation, Role
from people.models import User
from people.requests import logged_in_user
from web.rate_limits import limited_per_person
from web.search_words import search_text


def managed_instance_view(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Make ``view(request, instance, …)`` a page about an instance of the organisation, else 404.

    The instance may have any status: closed instances are reactivated here.
    """

    @organisation_view
    @wraps(view)
    def wrapper(
        request: HttpRequest, organisation: Organisation, instance: str, **kwargs: Any
    ) -> HttpResponseBase:
        known = Instance.objects.select_related("organisation", "owner", "totals")
        found = get_object_or_404(known, organisation=organisation, slug=instance)
        return view(request, found, **kwargs)

    return wrapper


@require_safe
@managed_instance_view
def page(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Show facts, members, quotas and the possible steps."""
    return _page(request, instance)


@require_POST
@limited_per_person("person_search")
@managed_instance_view
def add_member(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Add a person who has an account."""
    form = MemberForm(request.POST)
    choice = Choice()

    def join(person: User) -> None:
        data = form.cleaned_data
        require_independent(actor=logged_in_user(request), person=person)
        memberships.join(instance, person, data["role"], expires_at=data["expires_at"])

    if form.is_valid():
        choice = choose(request, form, join, instance=instance)
    if choice.added:
        messages.success(request, _("%s was added.") % choice.added.display_name)
        return _back(instance)
    return _page(request, instance, member_form=form, choice=choice)


@require_POST
@managed_instance_view
def change_role(request: HttpRequest, instance: Instance, member_id: int) -> HttpResponse:
    """Change the role of a member."""
    member = get_object_or_404(memberships.members_of(instance), pk=member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _back(instance)
    role = form.cleaned_data["role"]

    def action() -> None:
        if Role(role).rank > Role(member.role).rank:
            require_independent(actor=logged_in_user(request), person=member.user)
        memberships.change_role(membership=member, role=role)

    text = _("The role of %s was changed.") % member.user.display_name
    return _run(request, instance, action, text)


@require_POST
@managed_instance_view
def remove_member(request: HttpRequest, instance: Instance, member_id: int) -> HttpResponse:
    """Remove a member."""
    member = get_object_or_404(memberships.members_of(instance), pk=member_id)
    return _run(
        request,
        instance,
        lambda: memberships.remove_member(member),
        _("%s was removed.") % member.user.display_name,
    )


@require_POST
@managed_instance_view
def change_quotas(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Change the quotas of the instance; empty ones follow the organisation."""
    form = QuotaForm(request.POST, instance=instance)
    if form.is_valid():
        save_changes(form)
        messages.success(request, _("Saved."))
        return _back(instance)
    return _page(request, instance, quota_form=form)


@require_POST
@managed_instance_view
def suspend(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Suspend the instance."""
    form = SuspensionForm(request.POST)
    if not form.is_valid():
        return _page(request, instance, suspension_form=form)
    return _run(
        request,
        instance,
        lambda: status.suspend(instance, reason=form.cleaned_data["reason"]),
        _("The instance is suspended."),
    )


@require_POST
@managed_instance_view
def archive(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Archive the instance."""
    return _run(request, instance, lambda: status.archive(instance), _("The instance is archived."))


@require_POST
@managed_instance_view
def reactivate(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Reactivate the instance."""
    return _run(
        request, instance, lambda: status.reactivate(instance), _("The instance is reopened.")
    )


@require_POST
@managed_instance_view
def transfer(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Transfer the instance to a member."""
    form = OwnerForm(request.POST, members=memberships.members_of(instance))
    if not form.is_valid():
        messages.error(request, _("Choose one of the members."))
        return _back(instance)
    member = form.cleaned_data["member"]
    owner = member.user

    def action() -> None:
        if not member.may_administer:
            require_independent(actor=logged_in_user(request), person=owner)
        status.transfer(instance, to=owner)

    return _run(request, instance, action, _("%s now owns the instance.") % owner.display_name)


@require_POST
@managed_instance_view
def delete(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Request the deletion, after the grace days; the instance is closed."""
    form = DeleteInstanceForm(request.POST, instance=instance)
    if not form.is_valid():
        return _page(request, instance, delete_form=form)
    return _run(
        request,
        instance,
        lambda: status.request_deletion(instance, by=logged_in_user(request)),
        _("The instance is closed, and will be deleted."),
    )


@require_POST
@managed_instance_view
def cancel_deletion(request: HttpRequest, instance: Instance) -> HttpResponse:
    """Cancel the deletion."""
    return _run(
        request,
        instance,
        lambda: status.cancel_deletion(instance),
        _("The deletion was cancelled, and the instance is reopened."),
    )


def _run(
    request: HttpRequest, instance: Instance, action: Callable[[], object], text: str
) -> HttpResponse:
    run_and_report(request, action, text)
    return _back(instance)


def _back(instance: Instance) -> HttpResponse:
    return redirect("administration:managed_instance", instance.organisation.slug, instance.slug)


def _page(request: HttpRequest, instance: Instance, **forms: Any) -> HttpResponse:
    """Render the page; ``forms`` are invalid forms that replace fresh ones."""
    if any(form.instance is instance for form in forms.values() if hasattr(form, "instance")):
        # The rest of the page shows the stored values.
        instance.refresh_from_db(fields=["max_documents", "max_stored_bytes", "cost_centre"])
    search = search_text(request.GET.get("q", ""))
    listing = list_members(
        instance,
        search=search,
        page=request.GET.get("page", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "section": "instances",
        "managed": instance,
        "limits": quotas.limits_of(instance),
        "listing": listing,
        "search": search,
        "member_count": Membership.objects.for_instance(instance).current().count(),
        "key_count": ApiKey.objects.for_instance(instance).filter(revoked_at=None).count(),
        "is_member": _is_member(request, instance),
        "roles": Role.choices,
        "grace_days": settings.DELETION_GRACE_DAYS,
        "member_form": MemberForm(),
        "quota_form": QuotaForm(instance=instance),
        "suspension_form": SuspensionForm(),
        "delete_form": DeleteInstanceForm(instance=instance),
    }
    return render(request, "administration/consoles/instance.html", context | forms)


def _is_member(request: HttpRequest, instance: Instance) -> bool:
    mine = Membership.objects.for_instance(instance).current().filter(user=request.user.pk)
    return mine.exists()
