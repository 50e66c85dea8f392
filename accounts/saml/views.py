"""The pages of a SAML login: discovery → login → (the IdP) → acs → finish."""

import secrets
from typing import Any

from allauth.socialaccount.helpers import complete_social_login
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.errors import LoginError
from accounts.login_rules import LoginRule
from accounts.rules import check_rule, rule_for, rules_of
from accounts.saml.discovery import LIMIT, find_providers
from accounts.saml.failures import failure_by_code, failure_page
from accounts.saml.keys import KeysMissing, service_provider
from accounts.saml.models import IdentityProvider, SamlRequest
from accounts.saml.our_metadata import our_metadata
from accounts.saml.provider import SamlProvider
from accounts.saml.requests import (
    REQUEST_LIFE,
    begin_login,
    expected_of,
    keep_post,
    refuse_replay,
    take_post,
    take_request,
)
from accounts.saml.responses import AuthenticatedSubject, read_response
from accounts.saml.sessions import remember_session

BROWSER_COOKIE = "saml_browser"
CHOICE_COOKIE = "saml_idp"
_CHOICE_SECONDS = 365 * 24 * 3600


@require_GET
@never_cache
def discovery(request: HttpRequest) -> HttpResponse:
    """Choose an institution; the last choice comes first."""
    search = request.GET.get("q", "")[:200]
    rules = rules_of(request.GET.get("organisation", ""), request.GET.get("instance", ""))
    found = find_providers(rules, search)
    last = _last_choice(request)
    language = get_language() or settings.LANGUAGE_CODE
    choices = [
        {"pk": provider.pk, "name": provider.name_in(language), "last": provider.pk == last}
        for provider in found[:LIMIT]
    ]
    choices.sort(key=lambda choice: (not choice["last"], str(choice["name"]).casefold()))
    where = {
        name: request.GET[name]
        for name in ("organisation", "instance", "next")
        if request.GET.get(name)
    }
    context = {
        "choices": choices,
        "more": len(found) > LIMIT,
        "search": search,
        "where": where,
        "query": urlencode(where),
    }
    return render(request, "accounts/saml/discovery.html", context)


@require_GET
@never_cache
def login(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Send the browser to the institution, and remember which request it took along."""
    provider = get_object_or_404(IdentityProvider, pk=provider_id)
    rules = rules_of(request.GET.get("organisation", ""), request.GET.get("instance", ""))
    browser = request.COOKIES.get(BROWSER_COOKIE, "") or secrets.token_urlsafe(32)
    try:
        url = begin_login(
            provider=provider,
            rule=rule_for(provider, rules),
            browser=browser,
            next_url=_safe_next(request),
        )
    except LoginError as error:
        return failure_page(request, error, provider)
    except KeysMissing:
        return failure_by_code(request, "unavailable")
    response = HttpResponseRedirect(url)
    _set_cookie(response, BROWSER_COOKIE, browser, int(REQUEST_LIFE.total_seconds()))
    _set_cookie(response, CHOICE_COOKIE, str(provider.pk), _CHOICE_SECONDS)
    return response


@csrf_exempt
@require_POST
@never_cache
def acs(request: HttpRequest) -> HttpResponse:
    """Take the answer. The browser posts it from another site, without our cookies: keep it."""
    try:
        token = keep_post(request.POST.get("SAMLResponse", ""))
    except LoginError as error:
        return failure_page(request, error)
    return redirect(f"{reverse('saml:finish')}?{urlencode({'token': token})}")


@require_GET
@never_cache
def finish(request: HttpRequest) -> HttpResponseBase:
    """Read the answer, now that the browser's cookies are back, and log the person in."""
    provider = None
    try:
        saml_response = take_post(request.GET.get("token", ""))
        saml_request = take_request(saml_response, request.COOKIES.get(BROWSER_COOKIE, ""))
        provider = saml_request.identity_provider
        # Switched off, or gone, since the login began?
        rule_for(provider, LoginRule.objects.filter(pk=saml_request.rule_id))
        subject = read_response(
            saml_response, sp=service_provider(), expected=expected_of(saml_request)
        )
        refuse_replay(subject)
        check_rule(saml_request.rule, subject)
    except LoginError as error:
        return failure_page(request, error, provider)
    return _log_in(request, subject, saml_request)


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """Our own metadata, for federations and IdPs."""
    try:
        xml = our_metadata()
    except KeysMissing:
        return failure_by_code(request, "unavailable")
    return HttpResponse(xml, content_type="application/samlmetadata+xml")


def _log_in(
    request: HttpRequest, subject: AuthenticatedSubject, saml_request: SamlRequest
) -> HttpResponseBase:
    login: Any = SamlProvider(request).sociallogin_from_response(request, subject)
    login.state = {"process": "login", "next": saml_request.next_url}
    with transaction.atomic():
        # Two first logins of one person at once make one account.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject.uid])
        response: HttpResponseBase = complete_social_login(request, login)
        if request.user.is_authenticated:
            remember_session(request, request.user, subject, saml_request)
    return response


def _safe_next(request: HttpRequest) -> str:
    target = request.GET.get("next", "")[:2000]
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts=None, require_https=request.is_secure()
    )
    return target if safe else "/"


def _last_choice(request: HttpRequest) -> int | None:
    value = request.COOKIES.get(CHOICE_COOKIE, "")
    return int(value) if value.isdecimal() and len(value) < 19 else None


def _set_cookie(response: HttpResponse, name: str, value: str, max_age: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path=reverse("saml:discovery"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
