"""Settings of an instance: members imported from a list."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from administration.forms.member_import import MemberImportForm
from administration.found_people import describe
from instances.access.gates import instance_view
from instances.members.importing import ImportedLine, Outcome, add_members, look_up
from instances.members.lookup import search_scope
from instances.models import Membership, Organisation
from web.rate_limits import limited_per_person


@require_http_methods(["GET", "POST"])
@limited_per_person("member_import")
@instance_view("admin")
def import_list(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the accounts of a list; then add the confirmed ones, and report on each line."""
    instance = membership.instance
    form = MemberImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "section": "members"}
    if form.is_valid():
        among = search_scope(membership.user, instance.organisation)
        report = look_up(instance, form.cleaned_data["lines"], among=among)
        confirmed = form.confirmed()
        if confirmed is None:
            context |= _preview(report, among)
        else:
            context |= _result(add_members(instance, report, confirmed=confirmed))
    return render(request, "administration/member_import.html", context)


def _preview(report: Collection[ImportedLine], among: Organisation | None) -> dict[str, Any]:
    found = [
        (line, line.person)
        for line in report
        if line.outcome == Outcome.FOUND and line.person is not None
    ]
    shown = describe([person for _line, person in found], to=among)
    return {
        "found": [(line, shown[person.pk]) for line, person in found],
        "left_out": [line for line in report if line.outcome != Outcome.FOUND],
        "is_asked": True,
    }


def _result(report: Collection[ImportedLine]) -> dict[str, Any]:
    left_out = [line for line in report if line.outcome != Outcome.ADDED]
    return {
        "left_out": left_out,
        "added_count": len(report) - len(left_out),
        "is_done": True,
    }
