"""Settings of an instance: its members."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.members import EndForm, LocalMemberForm, MemberForm, RoleForm
from administration.person_choice import Choice, choose
from instances.access.gates import instance_view
from instances.errors import (
    AddressTaken,
    LastAdministrator,
    OwnersOwn,
    UsernameTaken,
    user_message,
)
from instances.members import memberships
from instances.members.listing import list_members
from instances.models import Instance, Membership
from people.models import User
from web.rate_limits import limited_per_person
from web.search_words import search_text


@require_safe
@instance_view("admin")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the members; searched, paginated."""
    search = search_text(request.GET.get("q", ""))
    listing = list_members(
        membership.instance,
        search=search,
        page=request.GET.get("page", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "listing": listing,
        "page": listing.page,
        "search": search,
        "roles": Membership.Role.choices,
        "section": "members",
    }
    return render(request, "administration/members.html", context)


@require_http_methods(["GET", "POST"])
@limited_per_person("person_search")
@instance_view("admin")
def add(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Add a person who has an account."""
    form = MemberForm(request.POST or None)
    choice = Choice()

    def join(person: User) -> None:
        data = form.cleaned_data
        memberships.join(membership.instance, person, data["role"], expires_at=data["expires_at"])

    if form.is_valid():
        choice = choose(request, form, join, instance=membership.instance)
    if choice.added:
        messages.success(request, _("%s was added.") % choice.added.display_name)
        return redirect("administration:members", slug=membership.instance.slug)
    context = {"form": form, "choice": choice, "section": "members"}
    return render(request, "administration/members_add.html", context)


@require_http_methods(["GET", "POST"])
@limited_per_person("person_search")
@instance_view("admin")
def create(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Create a local account, except from a personal instance.

    Its one-time password is shown only in this response.
    """
    if membership.instance.kind == Instance.Kind.PERSONAL:
        raise Http404
    form = LocalMemberForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "section": "members"}
    if form.is_valid():
        try:
            added, password = memberships.create_local_member(
                instance=membership.instance, created_by=membership.user, **form.cleaned_data
            )
        except UsernameTaken:
            form.add_error("username", _("This user name is taken. Choose another."))
        except AddressTaken as error:
            form.add_error("email", user_message(error))
        else:
            context |= {"added": added, "password": password}
    response = render(request, "administration/members_create.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "POST"])
@instance_view("admin")
def change_end(request: HttpRequest, membership: Membership, member_id: int) -> HttpResponse:
    """Change the end of a membership."""
    member = _member_or_404(membership.instance, member_id)
    form = EndForm(request.POST or None, membership=member)
    if form.is_valid():
        try:
            _refuse_owner(membership, member)
            memberships.change_end(membership=member, **form.cleaned_data)
        except (LastAdministrator, OwnersOwn) as error:
            form.add_error("expires_at", user_message(error))
        else:
            messages.success(
                request, _("The end of %s's access was changed.") % member.user.display_name
            )
            return _back(membership)
    context = {"form": form, "member": member, "section": "members"}
    return render(request, "administration/members_end.html", context)


@require_POST
@instance_view("admin")
def change_role(request: HttpRequest, membership: Membership, member_id: int) -> HttpResponse:
    """Change the role of a member."""
    member = _member_or_404(membership.instance, member_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            _refuse_owner(membership, member)
            memberships.change_role(membership=member, role=form.cleaned_data["role"])
        except (LastAdministrator, OwnersOwn) as error:
            messages.error(request, user_message(error))
        else:
            messages.success(request, _("The role of %s was changed.") % member.user.display_name)
    return _back(membership)


@require_POST
@instance_view("admin")
def remove(request: HttpRequest, membership: Membership, member_id: int) -> HttpResponse:
    """Remove a member."""
    member = _member_or_404(membership.instance, member_id)
    try:
        _refuse_owner(membership, member)
        memberships.remove_member(member)
    except (LastAdministrator, OwnersOwn) as error:
        messages.error(request, user_message(error))
    else:
        messages.success(request, _("%s was removed.") % member.user.display_name)
    return _back(membership)


def _member_or_404(instance: Instance, member_id: int) -> Membership:
    found: Membership = get_object_or_404(memberships.members_of(instance), pk=member_id)
    return found


def _refuse_owner(membership: Membership, member: Membership) -> None:
    """Raise OwnersOwn when an administrator would change the owner's membership.

    By removing the owner they could take over the instance, even a personal one.
    """
    is_owner = member.user_id == membership.instance.owner_id
    if is_owner and member.user_id != membership.user_id and member.user.is_active:
        raise OwnersOwn(member.user.username)


def _back(membership: Membership) -> HttpResponse:
    """Redirect to the list, or home if the person no longer administers the instance."""
    mine = Membership.objects.for_instance(membership.instance).filter(user_id=membership.user_id)
    if mine.filter(role=Membership.Role.ADMIN).exists():
        return redirect("administration:members", slug=membership.instance.slug)
    return redirect("administration:home")
