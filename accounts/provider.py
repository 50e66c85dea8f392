"""Where allauth looks for the providers of an application."""

from accounts.saml.provider import SamlProvider

provider_classes = [SamlProvider]
