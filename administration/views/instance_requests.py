"""Request an instance or create a personal one; withdraw a request."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration import instance_requests
from administration.actions import run_and_report
from administration.forms.instance_requests import PersonalForm, RequestForm
from administration.offers import offers_for
from instances.errors import InstanceError, user_message
from instances.models import InstanceRequest
from people.requests import logged_in_user


@require_http_methods(["GET", "POST"])
@login_required
def new_instance(request: HttpRequest) -> HttpResponse:
    """Request an instance; it is created at once where no approval is needed."""
    user = logged_in_user(request)
    offers = [offer for offer in offers_for(user) if offer.instance]
    if not offers and user.is_staff:
        return redirect("administration:new_organisation")
    if not offers:
        raise PermissionDenied(
            _(
                "You cannot request an instance here. Log in through your institution, or ask an "
                "administrator of your organisation."
            )
        )
    form = RequestForm(
        request.POST or None,
        organisations=[offer.organisation for offer in offers],
        initial={"language": (get_language() or "")[:2]},
    )
    if form.is_valid():
        try:
            asked = instance_requests.request_instance(user=user, **form.cleaned_data)
        except InstanceError as error:
            form.add_error(None, user_message(error))
        else:
            return _answered(request, asked)
    at_once = {offer.at_once for offer in offers}
    context = {"form": form, "is_at_once": at_once == {True}, "is_mixed": len(at_once) > 1}
    return render(request, "administration/instance_requests_new.html", context)


@require_POST
@login_required
def new_personal(request: HttpRequest) -> HttpResponse:
    """Create the person's personal instance."""
    user = logged_in_user(request)
    offered = [one.organisation for one in offers_for(user) if one.personal]
    form = PersonalForm(request.POST, organisations=offered)
    if not form.is_valid():
        raise Http404
    try:
        instance = instance_requests.create_personal_instance(
            user=user,
            organisation=form.cleaned_data["organisation"],
            language=(get_language() or "fr")[:2],
        )
    except InstanceError as error:
        messages.error(request, user_message(error))
        return redirect("administration:home")
    return redirect("documents:list", slug=instance.slug)


@require_POST
@login_required
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Withdraw an own request."""
    user = logged_in_user(request)
    asked = get_object_or_404(InstanceRequest, pk=request_id, requested_by=user)
    text = _("The request was withdrawn.")
    run_and_report(request, lambda: instance_requests.withdraw(asked, by=user), text)
    return redirect("administration:home")


def _answered(request: HttpRequest, asked: InstanceRequest) -> HttpResponse:
    if asked.instance is None:
        text = _("Your request was sent to the administrators of %s. Its state is shown here.")
        messages.success(request, text % asked.organisation)
        return redirect("administration:home")
    messages.success(request, _("The instance %s was created.") % asked.instance)
    return redirect("administration:first_steps", slug=asked.instance.slug)
