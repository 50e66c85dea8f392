"""Home, and what operators create from it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from instances.creation import create_organisation
from instances.forms import OrganisationForm
from instances.forms_requests import HomeForm
from instances.home import home_of


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """My instances, those open to me, and my requests."""
    shown = HomeForm(request.GET).chosen()
    context = {"home": home_of(request.user, shown), "shown": shown}
    return render(request, "instances/home.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new_organisation(request: HttpRequest) -> HttpResponse:
    """Operators create an organisation."""
    if not request.user.is_staff:
        raise PermissionDenied(_("Only the operators of this site create organisations."))
    form = OrganisationForm(request.POST or None)
    if form.is_valid():
        organisation = create_organisation(name=form.cleaned_data["name"])
        messages.success(request, _("The organisation %s was created.") % organisation)
        return redirect("instances:organisation", organisation.slug)
    return render(request, "instances/new_organisation.html", {"form": form})
