"""The provider classes of this application; allauth looks for them in this module."""

from accounts.oidc.allauth_provider import OidcProvider
from accounts.saml.allauth_provider import SamlProvider

provider_classes = [SamlProvider, OidcProvider]
