"""The page where people choose their institution, and its search."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.saml.cookies import browser_of, last_choice
from accounts.saml.discovery import find_choices, offered_rules
from accounts.saml.failure_pages import FAILURES
from accounts.saml.messages.authn_request import unanswered
from accounts.saml.models import SamlRequest
from accounts.saml.service_provider import entity_id
from web.rate_limits import limited
from web.search_words import search_text


@require_GET
@never_cache
@limited("discovery")
def discovery(request: HttpRequest) -> HttpResponse:
    """Choose an institution; the last choice comes first.

    After a request without a response, the page explains the possible reason: an IdP that lacks our
    metadata shows an error page of its own and sends no response.
    """
    context = _context(request) | _help_with(unanswered(browser_of(request)))
    return render(request, "accounts/saml/discovery.html", context)


@require_GET
@never_cache
@limited("discovery")
def institutions(request: HttpRequest) -> HttpResponse:
    """The results of a search, as an HTML fragment."""
    return render(request, "accounts/saml/includes/institutions.html", _context(request))


def _help_with(login: SamlRequest | None) -> dict[str, Any]:
    if login is None:
        return {}
    organisation = login.rule.organisation
    return {
        "failure": FAILURES["unknown_to_idp"],
        "provider": login.identity_provider,
        "provider_name": login.identity_provider.name_in(get_language() or ""),
        "contact": organisation.support_contact or settings.SUPPORT_CONTACT,
        "entity_id": entity_id(),
    }


def _context(request: HttpRequest) -> dict[str, Any]:
    search = search_text(request.GET.get("q", ""))
    where = {
        name: request.GET[name]
        for name in ("organisation", "instance", "next")
        if request.GET.get(name)
    }
    choices = find_choices(
        offered_rules(request),
        search,
        language=get_language() or settings.LANGUAGE_CODE,
        last=last_choice(request),
    )
    return {
        "choices": choices.found,
        "more": choices.more,
        "search": search,
        "where": where,
        "query": urlencode(where),
    }
