"""The pages of an invitation link."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.users.guests import GuestAccountForm, create_guest
from instances.access.gates import closed_reason
from instances.errors import AlreadyMember, InvitationClosed
from instances.members.invitations import accept, extends_rights_of, find_invitation
from instances.models import Invitation
from web.rate_limits import limited

InvitationView = Callable[[HttpRequest, Invitation, str], HttpResponse]


def invitation_view(view: InvitationView) -> Callable[..., HttpResponseBase]:
    """Make ``view(request, invitation, token)`` a Django view of ``<str:token>/…``.

    Invitations that are not open get a page with their state. Caching and the Referer header are
    disabled to protect the token.
    """

    @require_http_methods(["GET", "POST"])
    @limited("invitation")
    @wraps(view)
    def wrapper(request: HttpRequest, token: str) -> HttpResponse:
        invitation = find_invitation(token)
        if invitation is None:
            response = _state(request, "unknown", status=HTTPStatus.NOT_FOUND)
        elif invitation.state != "open":
            response = _closed(request, invitation, invitation.state)
        elif reason := closed_reason(invitation.instance):
            response = _closed(request, invitation, "instance_closed", reason=reason)
        else:
            try:
                response = view(request, invitation, token)
            except InvitationClosed as error:
                response = _closed(request, invitation, error.state)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "strict-origin"
        return response

    return wrapper


@invitation_view
def open_invitation(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Show an invitation; once logged in, accept it."""
    here = reverse("invitation", args=[token])
    login_url = f"{reverse('account_login')}?{urlencode({'next': here})}"
    if not request.user.is_authenticated:
        if request.method == "POST":
            return redirect(login_url)
        context = {
            "invitation": invitation,
            "login_url": login_url,
            "account_url": reverse("invitation_account", args=[token]),
        }
        return render(request, "accounts/invitation.html", context)
    if not extends_rights_of(invitation, request.user):
        return _already(request, invitation)
    if request.method == "POST":
        try:
            accept(invitation, user=request.user)
        except AlreadyMember:
            return _already(request, invitation)
        return redirect("chat:new", slug=invitation.instance.slug)
    return render(request, "accounts/invitation.html", {"invitation": invitation})


@invitation_view
def create_account(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Create a local account with the invitation, which is thereby accepted."""
    if request.user.is_authenticated or not invitation.makes_accounts:
        return redirect("invitation", token)
    form = GuestAccountForm(request.POST or None, address=invitation.email)
    if form.is_valid():
        user = create_guest(form, invitation)
        target = reverse("chat:new", args=[invitation.instance.slug])
        response: HttpResponse = perform_login(
            request, user, email_verification="none", redirect_url=target
        )
        return response
    context = {"form": form, "invitation": invitation, "token": token}
    return render(request, "accounts/invitation_account.html", context)


def _already(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    return _state(request, "already", invitation=invitation)


def _closed(
    request: HttpRequest, invitation: Invitation, state: str, **context: Any
) -> HttpResponse:
    is_theirs = request.user.is_authenticated and invitation.accepted_by_id == request.user.pk
    if state == "accepted" and is_theirs:
        state = "accepted_by_you"
    return _state(request, state, status=HTTPStatus.GONE, invitation=invitation, **context)


def _state(request: HttpRequest, state: str, *, status: int = 200, **context: Any) -> HttpResponse:
    template = "accounts/invitation_state.html"
    return render(request, template, context | {"state": state}, status=status)
