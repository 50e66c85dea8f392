"""Pages of operators: the list of organisations, and creating one.

Disabling an organisation also ends sessions: ``accounts.views.organisation_status``.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from administration.console_queries import first_steps, organisations_in_numbers
from administration.forms.consoles.organisations import OrganisationForm
from administration.levels import PageLevel
from administration.model_backends.problems import retired_at
from instances.access.administration import operator_view
from instances.organisations.creation import create_organisation
from web.search_words import search_text

ORGANISATIONS_PER_PAGE = 50


@require_safe
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the organisations; searched, paginated."""
    search = search_text(request.GET.get("q", ""))
    found = organisations_in_numbers(search)
    page = Paginator(found, ORGANISATIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "search": search,
        "section": "organisations",
        "first_steps": first_steps(),
        "retired": retired_at(PageLevel()),
    }
    return render(request, "administration/consoles/organisations.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """Create an organisation."""
    if not request.user.is_staff:
        raise PermissionDenied(_("Only the operators of this site create organisations."))
    form = OrganisationForm(request.POST or None)
    if form.is_valid():
        organisation = create_organisation(name=form.cleaned_data["name"])
        messages.success(request, _("The organisation %s was created.") % organisation)
        return redirect("administration:organisation", organisation.slug)
    return render(request, "administration/consoles/organisations_new.html", {"form": form})
