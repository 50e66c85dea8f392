"""SAML and OpenID Connect providers, login rules, and sessions of both protocols."""

from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.models.sessions import OidcSession, SamlSession
from accounts.saml.models import SamlPost, SamlReplay, SamlRequest

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
