"""This site as a service provider: its entity ID, its endpoints, its keys."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from accounts.saml.keys import KeyPair, key_pairs


class KeysMissing(RuntimeError):
    """The service provider has no key yet; ``./manage saml keys`` generates one."""


@dataclass(frozen=True)
class ServiceProvider:
    """Names, endpoints and keys. The first key signs; all of them decrypt."""

    entity_id: str
    acs_url: str
    slo_url: str
    keys: tuple[KeyPair, ...]


def entity_id() -> str:
    """The entity ID under which federations register this site."""
    return settings.SAML_ENTITY_ID or settings.SITE_URL + reverse("saml:metadata")


def service_provider() -> ServiceProvider:
    """Return this site's data from the settings, never from a Host header. Raises KeysMissing."""
    keys = key_pairs()
    if not keys:
        raise KeysMissing("./manage saml keys")
    site: str = settings.SITE_URL
    return ServiceProvider(
        entity_id=entity_id(),
        acs_url=site + reverse("saml:acs"),
        slo_url=site + reverse("saml:slo"),
        keys=keys,
    )
