"""The first steps in a new instance: add documents, add members, ask."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ingestion.models import Document
from instances.access.gates import instance_view
from instances.models import Membership


@require_safe
@instance_view("admin")
def page(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the steps, and which are done."""
    instance = membership.instance
    others = Membership.objects.for_instance(instance).exclude(pk=membership.pk)
    context = {
        "has_documents": Document.objects.for_instance(instance).exists(),
        "has_members": others.exists(),
    }
    return render(request, "administration/first_steps.html", context)
