"""Where allauth looks for the providers of an application."""

from accounts.oidc.provider import OidcProvider
from accounts.saml.provider import SamlProvider

provider_classes = [SamlProvider, OidcProvider]
