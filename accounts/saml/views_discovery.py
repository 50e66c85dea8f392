"""The page where people choose their institution, and what it finds while they type."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.rules import rules_of
from accounts.saml.cookies import last_choice
from accounts.saml.discovery import find_choices

_MAX_SEARCH_CHARS = 200


@require_GET
@never_cache
def discovery(request: HttpRequest) -> HttpResponse:
    """Choose an institution; the last choice comes first."""
    return render(request, "accounts/saml/discovery.html", _context(request))


@require_GET
@never_cache
def institutions(request: HttpRequest) -> HttpResponse:
    """What a search finds, as a part of that page."""
    return render(request, "accounts/saml/includes/institutions.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    search = request.GET.get("q", "")[:_MAX_SEARCH_CHARS].strip()
    where = {
        name: request.GET[name]
        for name in ("organisation", "instance", "next")
        if request.GET.get(name)
    }
    choices = find_choices(
        rules_of(where.get("organisation", ""), where.get("instance", "")),
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
