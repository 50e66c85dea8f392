"""Add, refresh, check and remove OpenID Connect providers (``./manage oidc``)."""

from collections.abc import Iterator, Sequence

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.logins.models.identity_providers import SAML_PROVIDER_ID
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.withdrawal import delete_logins_of
from accounts.oidc.allauth_provider import OidcProvider
from accounts.oidc.configuration import (
    CLIENT_SECRET,
    Configuration,
    client_secret_of,
    discover,
    keep,
    keys_of,
)
from accounts.oidc.errors import ProviderUnreachable
from accounts.oidc.tokens import ALGORITHMS
from instances import audit
from web.encryption import encrypt

DEFAULT_SCOPES = ("openid", "profile")
# Names of protocols in the addresses and rows of allauth.
RESERVED_SLUGS = (SAML_PROVIDER_ID, OidcProvider.id)


def providers() -> QuerySet[SocialApp]:
    """Return all OpenID Connect providers, by slug."""
    found: QuerySet[SocialApp] = SocialApp.objects.filter(provider=OidcProvider.id)
    return found.order_by("provider_id")


def login_url(slug: str) -> str:
    """Return the address at which a login through the provider begins."""
    return settings.SITE_URL + reverse("openid_connect_login", args=[slug])


def callback_url(slug: str) -> str:
    """Return the redirect URI to register at the provider."""
    return settings.SITE_URL + reverse("openid_connect_callback", args=[slug])


def after_logout_url() -> str:
    """Return the post-logout redirect URI to register at the provider."""
    return settings.SITE_URL + settings.ACCOUNT_LOGOUT_REDIRECT_URL


def add_provider(
    *,
    slug: str,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    mfa_acr: Sequence[str] = (),
    pkce: bool = True,
) -> SocialApp:
    """Add a provider, or replace its configuration, after reading its discovery document.

    ``mfa_acr`` are the values of ``acr`` that request and assert a second factor; without ``pkce``
    no code challenge is sent. Raises ProviderUnreachable, and ValueError for a reserved slug.
    """
    if slug in RESERVED_SLUGS:
        raise ValueError(f"{slug} is the name of a protocol: choose another")
    configuration = discover(issuer)
    values = {
        "server_url": issuer,
        "scope": list(scopes),
        "mfa_acr": list(mfa_acr),
        "pkce": pkce,
        CLIENT_SECRET: encrypt(client_secret),
    }
    with transaction.atomic():
        app, _created = SocialApp.objects.update_or_create(
            provider=OidcProvider.id,
            provider_id=slug,
            defaults={
                "name": name,
                "client_id": client_id,
                "secret": "",
                "settings": values,
            },
        )
        keep(app, configuration)
        audit.record(audit.Action.LOGIN_SOURCE_CHANGED, target=name, issuer=issuer)
    return app


def remove_provider(app: SocialApp) -> None:
    """Remove a provider with its rules, sessions, logins and their claims."""
    with transaction.atomic():
        delete_logins_of(app)
        audit.record(audit.Action.LOGIN_SOURCE_CHANGED, target=app.name, removed=True)
        app.delete()


def refresh(app: SocialApp) -> Configuration:
    """Read the discovery document again. Raises ProviderUnreachable and keeps the former data."""
    configuration = discover(app.settings["server_url"])
    keep(app, configuration)
    return configuration


def problems(app: SocialApp) -> Iterator[str]:
    """Yield translated sentences about what prevents logins through this provider.

    Reads its discovery document and its keys again.
    """
    if not settings.SITE_URL.startswith("https://"):
        yield _("SITE_URL is %s: set it to the https address of this site.") % settings.SITE_URL
    if not LoginRule.objects.filter(oidc_provider=app, is_enabled=True).exists():
        yield _("No enabled login rule admits its people: allow an organisation to use it.")
    try:
        client_secret_of(app)
        configuration = refresh(app)
        keys = keys_of(configuration, None)
    except ProviderUnreachable as error:
        yield _("It cannot be used: %s.") % error
        return
    if not any(key.get("alg") in (None, *ALGORITHMS) for key in keys):
        accepted = ", ".join(ALGORITHMS)
        yield _("None of its keys is of a kind that is accepted (%s).") % accepted
    if not configuration.userinfo_endpoint:
        yield _("It has no userinfo endpoint: the only claims are those of its id_token.")
    if not configuration.end_session_endpoint:
        yield _("It has no logout endpoint: people who log out here stay logged in there.")
