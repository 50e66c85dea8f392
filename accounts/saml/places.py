"""Where a login leads, as the query of its pages says."""

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.logins.models import LoginRule
from accounts.logins.policy import rules_of, rules_towards
from web.next_page import next_page


def offered_rules(request: HttpRequest) -> QuerySet[LoginRule]:
    """The rules of the organisation or instance that is named, else towards the next page."""
    organisation = request.GET.get("organisation", "")
    instance = request.GET.get("instance", "")
    if organisation or instance:
        return rules_of(organisation, instance)
    return rules_towards(next_page(request))
