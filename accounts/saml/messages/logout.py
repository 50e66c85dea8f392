"""Single logout by HTTP-Redirect (SAML profiles 2.0, section 4.4), in both directions.

A LogoutRequest of an IdP ends only the sessions that began with its logins of that subject. Our own
logout ends the session here first, then sends a LogoutRequest; the response has no effect.
"""

import secrets
from typing import Any

from django.utils import timezone
from lxml import etree

from accounts.logins.errors import IdentityProviderBlocked
from accounts.logins.models.identity_providers import IdentityProvider
from accounts.logins.models.sessions import SamlSession
from accounts.logins.sessions import end_sessions
from accounts.saml.client import client_for
from accounts.saml.errors import NotOurs, ResponseRefused
from accounts.saml.messages.authn_request import metadata_of
from accounts.saml.messages.redirect_binding import RedirectMessage, read_redirect
from accounts.saml.messages.times import check_fresh, check_window
from accounts.saml.service_provider import service_provider
from accounts.saml.signatures.algorithms import SIGNATURE_METHODS
from accounts.saml.xml import HTTP_REDIRECT, MD, SAML, SAMLP, tag, text_of


def read_logout_message(query: str) -> tuple[RedirectMessage, IdentityProvider]:
    """Verify the LogoutRequest or LogoutResponse in a query string; return it and its issuer.

    Raises LoginError.
    """
    message = read_redirect(query)
    provider = _issuer(message)
    message.verify(provider.xml)
    _check_envelope(message.root)
    return message, provider


def is_logout_response(message: RedirectMessage) -> bool:
    """Return whether the message is a response to our LogoutRequest."""
    return bool(message.root.tag == tag(SAMLP, "LogoutResponse"))


def end_named_sessions(message: RedirectMessage, provider: IdentityProvider) -> int:
    """End the sessions of a LogoutRequest's subject that began with logins at ``provider``.

    Returns their number. Raises ResponseRefused.
    """
    root = message.root
    value = text_of(root.find(tag(SAML, "NameID")))
    if not value:
        raise ResponseRefused("a logout without a subject")
    sessions = SamlSession.objects.filter(identity_provider=provider, name_id__value=value)
    indexes = [text_of(each) for each in root.findall(tag(SAMLP, "SessionIndex"))]
    if indexes:
        sessions = sessions.filter(session_index__in=indexes)
    return end_sessions(sessions)


def logout_request_url(session: SamlSession) -> str:
    """Delete the row of an ended session; return the URL of our LogoutRequest to its IdP, or ""."""
    session.delete()
    if not session.name_id or not session.identity_provider.slo_url:
        return ""
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


def logout_response_url(message: RedirectMessage, provider: IdentityProvider) -> str:
    """Return the URL of our response to an IdP's LogoutRequest; "" if the IdP has none."""
    if not provider.slo_url:
        return ""
    destination = _response_location(provider)
    client = client_for(service_provider(), metadata_of(provider))
    return _signed_url(
        client,
        _logout_response(message.root.get("ID", ""), destination),
        destination,
        message.relay_state,
        response=True,
    )


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
