"""Console of an organisation: its administrators."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.actions import run_and_report
from administration.forms.people import PersonForm
from administration.person_choice import Choice, choose
from instances.access.administration import administered_by, organisation_view
from instances.models import Organisation
from instances.organisations import administrators
from people.requests import logged_in_user
from web.rate_limits import limited_per_person


@require_http_methods(["GET", "POST"])
@limited_per_person("person_search")
@organisation_view
def index(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """List the administrators; add one by user name or address."""
    form = PersonForm(request.POST or None)
    choice = Choice()
    if form.is_valid():
        add = partial(administrators.add_administrator, organisation, by=logged_in_user(request))
        choice = choose(request, form, add, organisation=organisation)
    if choice.added:
        text = _("%(name)s now administers %(organisation)s.")
        named = {"name": choice.added.display_name, "organisation": organisation}
        messages.success(request, text % named)
        return redirect("administration:organisation_administrators", organisation.slug)
    context = {
        "section": "administrators",
        "form": form,
        "choice": choice,
        "administrators": administrators.administrators_of(organisation),
    }
    return render(request, "administration/consoles/administrators.html", context)


@require_POST
@organisation_view
def remove(request: HttpRequest, organisation: Organisation, administrator_id: int) -> HttpResponse:
    """Remove an administrator; only an operator may remove the last one."""
    removed = get_object_or_404(administrators.administrators_of(organisation), pk=administrator_id)
    is_operator = request.user.is_staff
    run_and_report(
        request,
        lambda: administrators.remove_administrator(removed, may_be_last=is_operator),
        _("%s is no longer an administrator.") % removed.user.display_name,
    )
    if is_operator or administered_by(request.user).filter(pk=organisation.pk).exists():
        return redirect("administration:organisation_administrators", organisation.slug)
    return redirect("administration:home")
