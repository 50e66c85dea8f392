"""Pages of operators: who the operators are."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.actions import run_and_report
from administration.forms.people import PersonForm
from administration.person_choice import Choice, choose
from instances.access.administration import operator_view
from instances.organisations import operators
from people.requests import logged_in_user
from web.rate_limits import limited_per_person


@require_http_methods(["GET", "POST"])
@limited_per_person("person_search")
@operator_view
def index(request: HttpRequest) -> HttpResponse:
    """List the operators; add one by user name or address."""
    form = PersonForm(request.POST or None)
    add = partial(operators.add_operator, by=logged_in_user(request))
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
def remove(request: HttpRequest, user_id: int) -> HttpResponse:
    """Remove an operator."""
    removed = get_object_or_404(operators.operators(), pk=user_id)
    text = _("%s is no longer an operator.") % removed.display_name
    run_and_report(request, lambda: operators.remove_operator(removed), text)
    is_oneself = removed.pk == request.user.pk and not removed.is_staff
    return redirect("administration:home" if is_oneself else "administration:operators")
