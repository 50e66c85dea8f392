"""Check what is missing before this site can be registered in a federation."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from accounts.logins.models.login_rules import LoginRule
from accounts.saml.keys import key_pairs
from accounts.saml.signatures.xmlsec import program

_SOON = timedelta(days=2)


def missing() -> list[str]:
    """Return sentences about what to do; an empty list if nothing is missing."""
    return [*_programs(), *_names(), *_contacts(), *_feeds()]


def _programs() -> Iterator[str]:
    try:
        program()
    except FileNotFoundError as error:
        yield str(error)
    if not key_pairs(("current",)):
        yield "No key: run ./manage saml keys."


def _names() -> Iterator[str]:
    host = urlsplit(settings.SITE_URL)
    if host.scheme != "https":
        yield f"SITE_URL is {settings.SITE_URL}: give the https address of this site."
    elif not settings.HTTPS:
        yield "HTTPS is off: browsers would send the session in clear."
    elif "*" not in settings.ALLOWED_HOSTS and host.hostname not in settings.ALLOWED_HOSTS:
        yield f"ALLOWED_HOSTS does not name {host.hostname}."


def _contacts() -> Iterator[str]:
    for name, purpose in (
        ("SAML_TECHNICAL_CONTACT", "federations require a technical contact"),
        ("SAML_SECURITY_CONTACT", "Sirtfi requires a security contact"),
        ("SAML_PRIVACY_URL", "the code of conduct requires a privacy statement"),
        ("SAML_LOGO_URL", "discovery pages show a logo"),
        ("SUPPORT_CONTACT", "failure pages show a contact"),
    ):
        if not getattr(settings, name):
            yield f"{name} is empty: {purpose}."


def _feeds() -> Iterator[str]:
    for feed in MetadataFeed.objects.filter(is_enabled=True):
        if feed.error:
            yield f"Feed {feed.name} was refused: {feed.error}."
        if feed.valid_until is None or feed.valid_until < timezone.now() + _SOON:
            yield f"Feed {feed.name} is valid until {feed.valid_until}: its IdPs are then blocked."
    if not IdentityProvider.objects.usable().exists():
        yield "No identity provider: run ./manage saml feed or ./manage saml idp."
    if not LoginRule.objects.filter(is_enabled=True).exists():
        yield "No login rule: add one in the administration (/admin/, Login rules)."
