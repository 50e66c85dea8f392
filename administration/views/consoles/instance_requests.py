"""Console of an organisation: requests for instances, approved or refused."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from administration import console_queries, instance_requests
from administration.actions import run_and_report
from administration.forms.instance_requests import AnswerForm
from instances.access.administration import organisation_view
from instances.models import InstanceRequest, Organisation
from people.requests import logged_in_user

ROWS_PER_PAGE = 50


@require_safe
@organisation_view
def index(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """List the pending requests, then the answered ones."""
    pending = InstanceRequest.Status.PENDING
    found = console_queries.requests_of(organisation)
    answered = Paginator(found.exclude(status=pending), ROWS_PER_PAGE)
    context = {
        "section": "requests",
        "waiting": list(found.filter(status=pending).order_by("created_at")),
        "page": answered.get_page(request.GET.get("page")),
    }
    return render(request, "administration/consoles/instance_requests.html", context)


@require_POST
@organisation_view
def approve(request: HttpRequest, organisation: Organisation, request_id: int) -> HttpResponse:
    """Approve a request: create its instance."""
    asked = get_object_or_404(console_queries.requests_of(organisation), pk=request_id)
    run_and_report(
        request,
        lambda: instance_requests.approve(asked, by=logged_in_user(request)),
        _("The instance %s was created.") % asked.name,
    )
    return redirect("administration:organisation_requests", organisation.slug)


@require_POST
@organisation_view
def refuse(request: HttpRequest, organisation: Organisation, request_id: int) -> HttpResponse:
    """Refuse a request, with a reason that is shown to the person."""
    asked = get_object_or_404(console_queries.requests_of(organisation), pk=request_id)
    form = AnswerForm(request.POST)
    if form.is_valid():
        run_and_report(
            request,
            lambda: instance_requests.refuse(
                asked, by=logged_in_user(request), answer=form.cleaned_data["answer"]
            ),
            _("The request for %s was refused.") % asked.name,
        )
    else:
        messages.error(request, _("Give the reason, so that the person knows what to do."))
    return redirect("administration:organisation_requests", organisation.slug)
