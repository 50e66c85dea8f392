"""Check what is missing before this site can be registered in a federation."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from accounts.logins.models.login_rules import LoginRule
from accounts.saml.keys import key_pairs
from accounts.saml.signatures.xmlsec import program

_SOON = timedelta(days=2)


def missing() -> list[str]:
    """Return translated sentences about what to do; an empty list if nothing is missing."""
    return [*_programs(), *_names(), *_contacts(), *_feeds()]


def _programs() -> Iterator[str]:
    try:
        program()
    except FileNotFoundError as error:
        yield str(error)
    if not key_pairs(("current",)):
        yield _("This site has no key: run ./manage saml keys.")


def _names() -> Iterator[str]:
    host = urlsplit(settings.SITE_URL)
    if host.scheme != "https":
        yield _("SITE_URL is %s: set it to the https address of this site.") % settings.SITE_URL
    elif not settings.HTTPS:
        yield _("HTTPS is off: browsers would send the session unencrypted.")
    elif "*" not in settings.ALLOWED_HOSTS and host.hostname not in settings.ALLOWED_HOSTS:
        yield _("ALLOWED_HOSTS does not contain %s.") % host.hostname


def _contacts() -> Iterator[str]:
    for name, purpose in (
        ("SAML_TECHNICAL_CONTACT", _("federations require a technical contact")),
        ("SAML_SECURITY_CONTACT", _("Sirtfi requires a security contact")),
        ("SAML_PRIVACY_URL", _("the code of conduct requires a privacy statement")),
        ("SAML_LOGO_URL", _("discovery pages show a logo")),
        ("SUPPORT_CONTACT", _("failure pages show a contact")),
    ):
        if not getattr(settings, name):
            yield _("%(setting)s is empty: %(purpose)s.") % {"setting": name, "purpose": purpose}


def _feeds() -> Iterator[str]:
    for feed in MetadataFeed.objects.filter(is_enabled=True):
        if feed.error:
            named = {"feed": feed.name, "reason": feed.error}
            yield _("The feed %(feed)s was refused: %(reason)s.") % named
        if feed.valid_until is None:
            yield _("The feed %s was not fetched yet.") % feed.name
        elif feed.valid_until < timezone.now() + _SOON:
            until = {"feed": feed.name, "date": date_format(feed.valid_until, "DATETIME_FORMAT")}
            yield _("The feed %(feed)s ends on %(date)s; its IdPs are then blocked.") % until
    if not IdentityProvider.objects.usable().exists():
        yield _("There is no usable identity provider: add a feed, or one provider.")
    if not LoginRule.objects.filter(is_enabled=True).exists():
        yield _("There is no login rule: without one, nobody can log in through an institution.")
