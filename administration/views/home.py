"""Home, and what operators create from it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from administration.forms.requests import HomeForm
from administration.forms.settings import OrganisationForm
from administration.home import home_of
from instances.organisations.creation import create_organisation


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """My instances, those open to me, and my requests."""
    shown = HomeForm(request.GET).chosen()
    context = {"home": home_of(request.user, shown), "shown": shown}
    return render(request, "administration/home.html", context)


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
        return redirect("administration:organisation", organisation.slug)
    return render(request, "administration/new_organisation.html", {"form": form})
