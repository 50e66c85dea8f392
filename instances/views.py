"""Home, and what operators create from it."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from instances.contents import contents_of
from instances.creation import create_instance, create_organisation
from instances.forms import InstanceForm, OrganisationForm
from instances.members import memberships_of
from instances.models import Membership, Organisation


@dataclass(frozen=True)
class Card:
    """One of my instances, as home shows it."""

    membership: Membership
    documents: int


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """My instances, the last used first."""
    memberships = memberships_of(request.user)
    memberships.sort(key=lambda mine: mine.last_used_at or mine.created_at, reverse=True)
    cards = [
        Card(mine, contents_of(mine.instance, ["document"])["document"]) for mine in memberships
    ]
    context = {"cards": cards, "has_organisation": Organisation.objects.exists()}
    return render(request, "instances/home.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new_organisation(request: HttpRequest) -> HttpResponse:
    """Operators create an organisation."""
    _require_operator(request)
    form = OrganisationForm(request.POST or None)
    if form.is_valid():
        organisation = create_organisation(name=form.cleaned_data["name"])
        messages.success(request, _("The organisation %s was created.") % organisation)
        return redirect("instances:new_instance")
    return render(request, "instances/new_organisation.html", {"form": form})


@require_http_methods(["GET", "POST"])
@login_required
def new_instance(request: HttpRequest) -> HttpResponse:
    """Operators create an instance, and become its first administrator."""
    _require_operator(request)
    organisations = list(Organisation.objects.all()[:2])
    if not organisations:
        return redirect("instances:new_organisation")
    form = InstanceForm(
        request.POST or None,
        initial={"organisation": organisations[0] if len(organisations) == 1 else None},
    )
    if form.is_valid():
        instance = create_instance(administrator=request.user, **form.cleaned_data)
        messages.success(request, _("The instance %s was created.") % instance)
        return redirect("instances:general", slug=instance.slug)
    return render(request, "instances/new_instance.html", {"form": form})


def _require_operator(request: HttpRequest) -> None:
    if not request.user.is_staff:
        raise PermissionDenied(_("Only the operators of this site create instances."))
