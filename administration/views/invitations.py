"""Settings of an instance: invitations; ``accounts.views.invitations`` accepts them."""

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.invitations import InvitationForm
from instances.access.gates import enter, instance_view
from instances.members import invitations
from instances.models import Invitation, Membership, Role
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

INVITATIONS_PER_PAGE = 50


@require_safe
@instance_view("admin")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List all invitations with their state, newest first."""
    of_instance = Invitation.objects.for_instance(membership.instance).select_related(
        "created_by", "accepted_by"
    )
    page = Paginator(of_instance, INVITATIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "section": "members"}
    return render(request, "administration/invitations.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def create(request: HttpRequest, slug: str) -> HttpResponse:
    """Create an invitation; its link is mailed, or shown only in this response."""
    membership = enter(request, request.user, slug, role=Role.ADMIN)
    form = InvitationForm(request.POST or None, initial=_asked_for(request))
    context: dict[str, Any] = {"form": form, "section": "members"}
    if form.is_valid():
        with tenant(membership.instance):
            invitation, token = invitations.create_invitation(
                instance=membership.instance,
                role=form.cleaned_data["role"],
                email=form.cleaned_data.get("email", ""),
                note=form.cleaned_data["note"],
                expires_at=form.expires_at(),
                membership_expires_at=form.cleaned_data["access_until"],
                created_by=membership.user,
            )
        link = settings.SITE_URL + reverse("invitation", args=[token])
        # Outside the transaction: a mail server may be slow.
        if _sent(invitation, link):
            messages.success(request, _("The invitation was sent to %s.") % invitation.email)
            return redirect("administration:invitations", slug=slug)
        context |= {"invitation": invitation, "link": link}
    with tenant(membership.instance):
        response = render(request, "administration/invitations_create.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@instance_view("admin")
def revoke(request: HttpRequest, membership: Membership, invitation_id: int) -> HttpResponse:
    """Revoke an invitation that was not accepted."""
    of_instance = Invitation.objects.for_instance(membership.instance)
    invitation = get_object_or_404(
        of_instance.select_related("instance__organisation"), pk=invitation_id
    )
    invitations.revoke(invitation)
    messages.success(request, _("The invitation was revoked."))
    return redirect("administration:invitations", slug=membership.instance.slug)


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """Initial values: the address that a search for people did not find."""
    address = request.GET.get("email", "")[:254]
    chosen = {"email": address, "note": address[:200], "role": request.GET.get("role", "")}
    return {name: value for name, value in chosen.items() if value}


def _sent(invitation: Invitation, link: str) -> bool:
    if not invitation.email:
        return False
    try:
        invitations.send_invitation(invitation, link)
    except (SMTPException, OSError) as error:
        logger.warning("invitation could not be sent: %s", error)
        invitations.forget_address(invitation)
        return False
    return True
