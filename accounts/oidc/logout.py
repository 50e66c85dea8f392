"""Logout at the provider (OpenID Connect RP-Initiated Logout 1.0)."""

import logging
import secrets

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.http import urlencode

from accounts.logins.models.sessions import OidcSession
from accounts.oidc.configuration import configuration_of
from accounts.oidc.errors import ProviderUnreachable
from web.encryption import decrypt

logger = logging.getLogger(__name__)


def take_logout_url(session_key: str) -> str:
    """Return the URL of the provider's logout for a session, "" if it has none; delete its row."""
    session = (
        OidcSession.objects.select_related("rule__oidc_provider")
        .filter(session_key=session_key)
        .first()
    )
    if session is None or session.rule.oidc_provider is None:
        return ""
    session.delete()
    app = session.rule.oidc_provider
    try:
        endpoint = configuration_of(app).end_session_endpoint
        id_token = decrypt(session.id_token)
    except (ProviderUnreachable, ImproperlyConfigured) as error:
        logger.warning("%s: no logout at the provider: %s", app.provider_id, error)
        return ""
    query = {
        "id_token_hint": id_token,
        "client_id": app.client_id,
        # Not used here, but required by ProConnect.
        "state": secrets.token_urlsafe(32),
        "post_logout_redirect_uri": settings.SITE_URL + settings.ACCOUNT_LOGOUT_REDIRECT_URL,
    }
    return f"{endpoint}?{urlencode(query)}" if endpoint else ""
