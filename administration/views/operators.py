"""The operators' pages: every organisation in numbers, and who the operators are.

Switching an organisation off ends sessions as well: ``accounts.views.organisations``.
"""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.acts import do
from administration.console import organisations_in_numbers
from administration.forms.organisation import PersonForm, SearchForm
from administration.person_choice import Choice, choose
from instances.access.administration import operator_view
from instances.organisations import operators
from web.person_rate_limits import limited_per_person

ORGANISATIONS_PER_PAGE = 50


@require_safe
@operator_view
def organisations(request: HttpRequest) -> HttpResponse:
    """Every organisation, searched and by page."""
    search = SearchForm(request.GET).words()
    found = organisations_in_numbers(search)
    page = Paginator(found, ORGANISATIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search, "section": "organisations"}
    return render(request, "administration/consoles/organisations.html", context)


@require_http_methods(["GET", "POST"])
@limited_per_person("person_search")
@operator_view
def operators_page(request: HttpRequest) -> HttpResponse:
    """Who operates the site; a person is added by name or address."""
    form = PersonForm(request.POST or None)
    add = partial(operators.add_operator, by=request.user)
    choice = choose(request, form, add) if form.is_valid() else Choice()
    if choice.added:
        messages.success(request, _("%s is now an operator.") % choice.added.display_name)
        return redirect("administration:operators")
    context = {
        "form": form,
        "choice": choice,
        "operators": operators.operators(),
        "section": "operators",
    }
    return render(request, "administration/consoles/operators.html", context)


@require_POST
@operator_view
def remove_operator(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let somebody no longer operate the site."""
    removed = get_object_or_404(operators.operators(), pk=user_id)
    text = _("%s is no longer an operator.") % removed.display_name
    do(request, lambda: operators.remove_operator(removed), text)
    is_oneself = removed.pk == request.user.pk and not removed.is_staff
    return redirect("administration:home" if is_oneself else "administration:operators")
