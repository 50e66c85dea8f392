"""The two pages of an OpenID Connect login: login → (the provider) → callback."""

import hmac
from typing import Any

import requests
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.logins.errors import LoginError
from accounts.logins.federated_login import link_to, log_in, require_rule
from accounts.logins.linking import consume_linking
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import rule_for_oidc, rules_of
from accounts.logins.sessions import shorten_anonymous_session
from accounts.oidc.allauth_provider import OidcAdapter, OidcProvider
from accounts.oidc.errors import (
    AnswerRefused,
    LoginCancelled,
    ProviderError,
    ProviderUnreachable,
    StateLost,
)
from accounts.oidc.failure_pages import failure_page
from accounts.oidc.verified_claims import verified_claims
from web.next_page import next_page
from web.rate_limits import limited


@limited("federated_login_start")
@require_GET
@never_cache
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Redirect to the provider; the session stores what the response is checked against."""
    app = _app(provider_id)
    shorten_anonymous_session(request)
    rules = rules_of(request.GET.get("organisation", ""), request.GET.get("instance", ""))
    try:
        url = OidcProvider(request, app=app).begin(
            request,
            rule=rule_for_oidc(app, rules),
            process=AuthProcess.CONNECT if consume_linking(request) else AuthProcess.LOGIN,
            next_url=next_page(request),
        )
    except LoginError as error:
        return failure_page(request, error, app)
    return HttpResponseRedirect(url)


@limited("federated_login")
@require_GET
@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Verify the provider's response and log the person in."""
    app = _app(provider_id)
    try:
        return _complete(request, app)
    except LoginError as error:
        return failure_page(request, error, app)


def _complete(request: HttpRequest, app: SocialApp) -> HttpResponseBase:
    provider = OidcProvider(request, app=app)
    adapter = provider.get_oauth2_adapter(request)
    state = _state(request, provider)
    _check_answer(request, adapter)
    # The provider may have been disabled or removed since the login began.
    rule = rule_for_oidc(app, LoginRule.objects.filter(pk=state["data"]["rule"], is_enabled=True))
    tokens = _tokens(request, adapter, state)
    subject = adapter.read(tokens, nonce=state["data"]["nonce"], rule=rule)
    login = provider.sociallogin_from_response(request, subject)
    claims = verified_claims(subject, app=app, rule=rule, id_token=tokens["id_token"])
    require_rule(rule, subject, login, claims)
    if state["process"] == AuthProcess.CONNECT:
        return link_to(request, login, claims, user_id=state["data"]["user"])
    return log_in(request, login, claims, next_url=state.get("next", "/"))


def _app(provider_id: str) -> SocialApp:
    return get_object_or_404(SocialApp, provider=OidcProvider.id, provider_id=provider_id)


def _state(request: HttpRequest, provider: OidcProvider) -> dict[str, Any]:
    """Return and delete the state of this browser's login at this provider. Raises StateLost."""
    try:
        state: dict[str, Any] = provider.unstash_redirect_state(
            request, request.GET.get("state", "")
        )
    except PermissionDenied as error:
        raise StateLost(f"state {request.GET.get('state', '')[:20]}") from error
    return state


def _check_answer(request: HttpRequest, adapter: OidcAdapter) -> None:
    """Raise for an error response, and for one of another issuer (RFC 9207)."""
    known = adapter.configuration
    issuer = request.GET.get("iss", known.issuer if not known.names_issuer else "")
    if not hmac.compare_digest(issuer.encode(), known.issuer.encode()):
        raise AnswerRefused(f"a response of {issuer or 'no issuer'}")
    error = request.GET.get("error", "")
    if error == OidcAdapter.login_cancelled_error:
        raise LoginCancelled(error)
    if error or not request.GET.get("code"):
        raise ProviderError(f"{error} {request.GET.get('error_description', '')}"[:300])


def _tokens(request: HttpRequest, adapter: OidcAdapter, state: dict[str, Any]) -> dict[str, Any]:
    """Exchange the code for tokens. Raises ProviderError or ProviderUnreachable."""
    client = adapter.get_client(request, adapter.get_provider().app)
    try:
        tokens: dict[str, Any] = adapter.get_access_token_data(
            request, adapter.get_provider().app, client, state["pkce_code_verifier"]
        )
    except OAuth2Error as error:
        raise ProviderError(str(error)[:300]) from error
    except (requests.RequestException, KeyError) as error:
        # KeyError: a response without Content-Type.
        raise ProviderUnreachable(str(error)) from error
    return tokens
