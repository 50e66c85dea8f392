"""Read and accept the usage charters of an instance."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from instances.access.charters import accept, charters_of, pending_charters
from instances.access.gates import closed_reason, get_membership
from web.next_page import next_page


@require_http_methods(["GET", "POST"])
@login_required
def charter(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the charters to accept, or the accepted ones; accept them by POST."""
    membership = get_membership(request.user, slug)
    instance = membership.instance
    if reason := closed_reason(instance):
        raise PermissionDenied(reason)
    onwards = next_page(request, reverse("chat:new", args=[slug]))
    pending = pending_charters(membership.user_id, instance)
    if request.method == "POST":
        # Only the displayed versions: one published meanwhile has not been read.
        read = set(request.POST.getlist("charter"))
        accept(
            user_id=membership.user_id,
            charters=[charter for charter in pending if str(charter.pk) in read],
        )
        return redirect(onwards)
    language = get_language() or ""
    shown = pending or charters_of(instance)
    context = {
        "instance": instance,
        "texts": [(charter, charter.text_in(language)) for charter in shown],
        "is_pending": bool(pending),
        "next": onwards,
    }
    return render(request, "administration/charter_acceptance.html", context)
