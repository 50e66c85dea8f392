"""Single logout by HTTP-Redirect, both ways.

An IdP's LogoutRequest ends the sessions that it opened for that subject, and no other. Our own
logout ends the session here first, then tells the IdP: its answer changes nothing any more.
"""

import logging
import secrets
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from lxml import etree

from accounts.errors import IdentityProviderBlocked, LoginError
from accounts.oidc.logout import take_logout_url
from accounts.saml.clock import check_fresh, check_window
from accounts.saml.errors import NotOurs, ResponseRefused
from accounts.saml.failures import failure_page
from accounts.saml.keys import service_provider
from accounts.saml.models import IdentityProvider, SamlSession
from accounts.saml.redirect_binding import RedirectMessage, read_redirect
from accounts.saml.requests import metadata_of
from accounts.saml.service_provider import client_for
from accounts.saml.sessions import end_sessions
from accounts.saml.xml import HTTP_REDIRECT, MD, SAML, SAMLP, tag, text_of
from accounts.saml.xmlsec import SIGNATURE_METHODS

logger = logging.getLogger(__name__)


@require_GET
@never_cache
def slo(request: HttpRequest) -> HttpResponse:
    """Where IdPs send logout requests, and answers to ours."""
    try:
        message = read_redirect(request.META.get("QUERY_STRING", ""))
        provider = _issuer(message)
        message.verify(provider.xml)
        _check_envelope(message.root)
        if message.root.tag == tag(SAMLP, "LogoutResponse"):
            return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)
        ended = _end_named_sessions(message.root, provider)
    except LoginError as error:
        return failure_page(request, error)
    logger.info("%s ended %s sessions", provider.entity_id, ended)
    return _answer(message, provider)


@require_POST
@never_cache
def logout(request: HttpRequest) -> HttpResponse:
    """Log out here, then at the institution or the provider if it offers that."""
    elsewhere = take_logout_url(request.session.session_key or "")
    session = (
        SamlSession.objects.select_related("identity_provider")
        .filter(session_key=request.session.session_key or "")
        .first()
    )
    get_adapter(request).logout(request)
    if elsewhere:
        return render(request, "accounts/saml/leaving.html", {"url": elsewhere})
    if session is None:
        return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)
    session.delete()
    if not session.name_id or not session.identity_provider.slo_url:
        return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)
    # No redirection: the policy of content security lets no form lead to another site.
    return render(request, "accounts/saml/leaving.html", {"url": _logout_url(session)})


def _logout_url(session: SamlSession) -> str:
    from saml2.saml import NameID

    provider = session.identity_provider
    client = client_for(service_provider(), metadata_of(provider))
    name_id = session.name_id
    _identifier, message = client.create_logout_request(
        provider.slo_url,
        provider.entity_id,
        name_id=NameID(
            text=name_id["value"],
            format=name_id["format"] or None,
            name_qualifier=name_id["name_qualifier"] or None,
            sp_name_qualifier=name_id["sp_name_qualifier"] or None,
        ),
        session_indexes=[session.session_index] if session.session_index else None,
        sign=False,
    )
    return _signed_url(client, str(message), provider.slo_url)


def _issuer(message: RedirectMessage) -> IdentityProvider:
    names = {
        tag(SAMLP, "LogoutRequest"): "SAMLRequest",
        tag(SAMLP, "LogoutResponse"): "SAMLResponse",
    }
    if names.get(message.root.tag) != message.name:
        raise ResponseRefused(f"not about logout: {message.root.tag}")
    entity_id = text_of(message.root.find(tag(SAML, "Issuer")))
    provider = IdentityProvider.objects.usable().filter(entity_id=entity_id).first()
    if provider is None:
        raise IdentityProviderBlocked(entity_id)
    return provider


def _check_envelope(root: etree._Element) -> None:
    if root.get("Destination") != service_provider().slo_url:
        raise NotOurs(f"destination {root.get('Destination')}")
    check_fresh(root.get("IssueInstant"))
    check_window(None, root.get("NotOnOrAfter"))


def _end_named_sessions(root: etree._Element, provider: IdentityProvider) -> int:
    """End the sessions of the subject whom ``provider`` itself logged in."""
    value = text_of(root.find(tag(SAML, "NameID")))
    if not value:
        raise ResponseRefused("a logout of nobody")
    which: dict[str, Any] = {"identity_provider": provider, "name_id__value": value}
    indexes = [text_of(each) for each in root.findall(tag(SAMLP, "SessionIndex"))]
    if indexes:
        which["session_index__in"] = indexes
    return end_sessions(**which)


def _answer(message: RedirectMessage, provider: IdentityProvider) -> HttpResponse:
    """Tell the IdP that it is done; one without an address for that sees our login page."""
    if not provider.slo_url:
        return redirect(settings.ACCOUNT_LOGOUT_REDIRECT_URL)
    destination = _response_location(provider)
    client = client_for(service_provider(), metadata_of(provider))
    url = _signed_url(
        client,
        _logout_response(message.root.get("ID", ""), destination),
        destination,
        message.relay_state,
        response=True,
    )
    return HttpResponseRedirect(url)


def _logout_response(request_id: str, destination: str) -> str:
    from saml2.saml import Issuer
    from saml2.samlp import STATUS_SUCCESS, LogoutResponse, Status, StatusCode

    response = LogoutResponse(
        id=f"_{secrets.token_hex(20)}",
        version="2.0",
        issue_instant=f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        destination=destination,
        in_response_to=request_id,
        issuer=Issuer(text=service_provider().entity_id),
        status=Status(status_code=StatusCode(value=STATUS_SUCCESS)),
    )
    return str(response)


def _signed_url(
    client: Any, message: str, destination: str, relay_state: str = "", **options: bool
) -> str:
    bound = client.apply_binding(
        HTTP_REDIRECT,
        message,
        destination=destination,
        relay_state=relay_state,
        sign=True,
        sigalg=SIGNATURE_METHODS[0],
        **options,
    )
    return str(dict(bound["headers"])["Location"])


def _response_location(provider: IdentityProvider) -> str:
    for endpoint in etree.fromstring(provider.xml).iter(tag(MD, "SingleLogoutService")):
        if endpoint.get("Binding") == HTTP_REDIRECT and endpoint.get("ResponseLocation"):
            return str(endpoint.get("ResponseLocation"))
    return provider.slo_url
