"""The pages of a SAML login after the choice of an institution: login → (IdP) → acs → finish."""

import secrets

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.logins.errors import LoginError
from accounts.logins.federated_login import link_to, log_in, require_rule
from accounts.logins.linking import consume_linking
from accounts.logins.models.identity_providers import IdentityProvider
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import rule_for
from accounts.saml.allauth_provider import SamlProvider
from accounts.saml.cookies import browser_of, remember_browser, remember_choice
from accounts.saml.discovery import offered_rules
from accounts.saml.errors import RequestUsed
from accounts.saml.failure_pages import failure_by_code, failure_page
from accounts.saml.messages.authn_request import (
    REQUEST_LIFE,
    begin_login,
    expected_of,
    refuse_replay,
    retrieve_post,
    store_post,
    take_request,
)
from accounts.saml.messages.response import AuthenticatedSubject, read_response
from accounts.saml.metadata.own import our_metadata
from accounts.saml.models import SamlRequest
from accounts.saml.service_provider import KeysMissing, service_provider
from accounts.saml.verified_claims import verified_claims
from instances.models import Organisation
from people.requests import logged_in_user
from web.next_page import next_page
from web.rate_limits import limited


@require_GET
@never_cache
@limited("federated_login_start")
def login(request: HttpRequest, provider_id: int) -> HttpResponseBase:
    """Store a request and redirect the browser with it to the institution."""
    provider = get_object_or_404(IdentityProvider, pk=provider_id)
    rules = offered_rules(request)
    browser = browser_of(request) or secrets.token_urlsafe(32)
    try:
        url = begin_login(
            provider=provider,
            rule=rule_for(provider, rules),
            browser=browser,
            next_url=next_page(request),
            linking_user=logged_in_user(request) if consume_linking(request) else None,
        )
    except LoginError as error:
        return failure_page(request, error, provider, _organisation_of(rules))
    except KeysMissing:
        return failure_by_code(request, "unavailable")
    response = HttpResponseRedirect(url)
    remember_browser(response, browser, int(REQUEST_LIFE.total_seconds()))
    remember_choice(response, provider.pk)
    return response


@csrf_exempt
@require_POST
@never_cache
@limited("federated_login")
def acs(request: HttpRequest) -> HttpResponse:
    """Store the response, which arrives as a cross-site POST without our cookies."""
    try:
        token = store_post(request.POST.get("SAMLResponse", ""))
    except RequestUsed:
        # ``finish`` shows the failure, since it receives the session cookie.
        token = ""
    except LoginError as error:
        return failure_page(request, error)
    return redirect(f"{reverse('saml:finish')}?{urlencode({'token': token})}")


@require_GET
@never_cache
@limited("federated_login")
def finish(request: HttpRequest) -> HttpResponseBase:
    """Verify the stored response, in a request with cookies, and log the person in."""
    provider = organisation = None
    try:
        saml_response = retrieve_post(request.GET.get("token", ""))
        saml_request = take_request(saml_response, browser_of(request))
        provider, organisation = saml_request.identity_provider, saml_request.rule.organisation
        # The IdP may have been disabled or removed since the login began.
        rule_for(provider, LoginRule.objects.filter(pk=saml_request.rule_id))
        subject = read_response(
            saml_response, sp=service_provider(), expected=expected_of(saml_request)
        )
        refuse_replay(subject)
        return _log_in(request, subject, saml_request)
    except LoginError as error:
        return failure_page(request, error, provider, organisation)


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
    login = SamlProvider(request).sociallogin_from_response(request, subject)
    claims = verified_claims(subject, saml_request)
    require_rule(saml_request.rule, subject, login, claims)
    if saml_request.linking_user_id is not None:
        return link_to(request, login, claims, user_id=saml_request.linking_user_id)
    return log_in(request, login, claims, next_url=saml_request.next_url)


def _organisation_of(rules: QuerySet[LoginRule]) -> Organisation | None:
    """Return the organisation of ``rules`` if they belong to only one."""
    found = Organisation.objects.filter(login_rules__in=rules).distinct()[:2]
    return found[0] if len(found) == 1 else None
