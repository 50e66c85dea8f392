"""Logging in: SAML and OpenID Connect providers, their rules, and the sessions they opened."""

from accounts.logins.models import LoginRule
from accounts.oidc.models import OidcSession
from accounts.saml.models import (
    IdentityProvider,
    MetadataFeed,
    SamlPost,
    SamlReplay,
    SamlRequest,
    SamlSession,
)

__all__ = [
    "IdentityProvider",
    "LoginRule",
    "MetadataFeed",
    "OidcSession",
    "SamlPost",
    "SamlReplay",
    "SamlRequest",
    "SamlSession",
]
