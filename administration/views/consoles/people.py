"""Console of an organisation: the people who log in through it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from administration import console_queries
from administration.forms.people import PeopleForm
from instances.access.administration import organisation_view
from instances.models import Organisation


@require_safe
@organisation_view
def index(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """List the people of the organisation, each with their instances."""
    chosen = PeopleForm(request.GET).chosen()
    context = {
        "section": "people",
        "page": console_queries.people_of(organisation, **chosen),
        "chosen": chosen,
    }
    return render(request, "administration/consoles/people.html", context)
