"""Where a login leads, as the query of its pages says."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.login_rules import LoginRule
from accounts.rules import rules_of, rules_towards

_MAX_NEXT_CHARS = 2000


def offered_rules(request: HttpRequest) -> QuerySet[LoginRule]:
    """The rules of the organisation or instance that is named, else towards the next page."""
    organisation = request.GET.get("organisation", "")
    instance = request.GET.get("instance", "")
    if organisation or instance:
        return rules_of(organisation, instance)
    return rules_towards(safe_next(request))


def safe_next(request: HttpRequest) -> str:
    """Where to go after the login: a page of this site, the first one if none is named."""
    target = request.GET.get("next", "")[:_MAX_NEXT_CHARS]
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts=None, require_https=request.is_secure()
    )
    return target if safe else "/"
