"""Settings of an instance: transfer, archive, reactivate, delete, cancel the deletion."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from administration.actions import run_and_report
from administration.forms.lifecycle import DeleteInstanceForm, TransferForm
from administration.lifecycle import disuse, status
from administration.lifecycle.contents import contents_of
from administration.lifecycle.rights import Step, steps_for
from instances.access.gates import instance_view
from instances.models import Membership

# The kinds of rows that the page counts.
COUNTED_KINDS = ("document", "chunk", "conversation", "membership", "apikey")


@require_safe
@instance_view("admin", even_if_closed=True)
def page(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the status, and the steps that are allowed."""
    return _page(request, membership)


@require_POST
@instance_view("admin", even_if_closed=True)
def transfer(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Transfer the instance to another member."""
    _require(membership, Step.TRANSFER)
    form = TransferForm(request.POST, instance=membership.instance)
    if not form.is_valid():
        return _page(request, membership, transfer_form=form)
    person = form.cleaned_data["member"].user
    return _run(
        request,
        membership,
        lambda: status.transfer(membership.instance, to=person),
        _("%s is now the owner.") % person.display_name,
    )


@require_POST
@instance_view("admin", even_if_closed=True)
def archive(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Archive the instance."""
    _require(membership, Step.ARCHIVE)
    return _run(
        request,
        membership,
        lambda: status.archive(membership.instance),
        _("The instance is archived."),
    )


@require_POST
@instance_view("admin", even_if_closed=True)
def reactivate(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Reactivate an archived instance."""
    _require(membership, Step.REACTIVATE)
    return _run(
        request,
        membership,
        lambda: status.reactivate(membership.instance),
        _("The instance is reopened."),
    )


@require_POST
@instance_view("admin", even_if_closed=True)
def delete(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Request the deletion, confirmed by the typed identifier; the instance is closed."""
    _require(membership, Step.DELETE)
    instance = membership.instance
    form = DeleteInstanceForm(request.POST, instance=instance)
    if not form.is_valid():
        return _page(request, membership, delete_form=form)
    if settings.DELETION_GRACE_DAYS:
        text = _("The instance is closed. Until it is deleted you can cancel this.")
        return _run(
            request,
            membership,
            lambda: status.request_deletion(instance, by=membership.user),
            text,
        )
    text = _("%s is being deleted. The proof of it will appear on this page in a moment.")
    _run(
        request,
        membership,
        lambda: status.request_deletion(instance, by=membership.user),
        text % instance,
    )
    return redirect("administration:home")


@require_POST
@instance_view("admin", even_if_closed=True)
def cancel(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Cancel the deletion."""
    _require(membership, Step.CANCEL)
    return _run(
        request,
        membership,
        lambda: status.cancel_deletion(membership.instance),
        _("The deletion was cancelled, and the instance is reopened."),
    )


def _require(membership: Membership, step: Step) -> None:
    if step not in steps_for(membership):
        raise PermissionDenied(
            _("You are not allowed to do this, or the state of the instance does not allow it.")
        )


def _run(
    request: HttpRequest, membership: Membership, action: Callable[[], None], text: str
) -> HttpResponse:
    run_and_report(request, action, text)
    return redirect("administration:lifecycle", slug=membership.instance.slug)


def _page(
    request: HttpRequest,
    membership: Membership,
    *,
    transfer_form: TransferForm | None = None,
    delete_form: DeleteInstanceForm | None = None,
) -> HttpResponse:
    instance = membership.instance
    context: dict[str, Any] = {
        "section": "lifecycle",
        "steps": steps_for(membership),
        "transfer_form": transfer_form or TransferForm(instance=instance),
        "delete_form": delete_form or DeleteInstanceForm(instance=instance),
        "contents": contents_of(instance, COUNTED_KINDS),
        "grace_days": settings.DELETION_GRACE_DAYS,
        "archived_on": disuse.archived_on(instance),
    }
    return render(request, "administration/lifecycle.html", context)
