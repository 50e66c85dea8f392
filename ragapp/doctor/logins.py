"""Logins through institutions: keys of SAML, metadata of identity providers, feeds."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.utils import timezone

from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from accounts.saml.certificates import Certificate, read_metadata, readable_pem
from accounts.saml.keys import key_pairs
from ragapp.doctor.findings import Finding, failed, ok, warning

# Feeds are fetched every hour, and end after some days.
_OLD_FEED = timedelta(days=1)


def keys() -> Iterator[Finding]:
    """Examine our certificates, which identity providers have in their copy of our metadata."""
    advice = "Roll the key over: docs/sso.md, ./manage saml keys."
    for pair in key_pairs():
        name = pair.certificate.stem
        yield from _certificates(
            f"SAML key {name}", readable_pem(pair.certificate.read_text()), advice
        )


def single_providers() -> Iterator[Finding]:
    """Examine certificates of identity providers that operators added one by one.

    Those of a federation are its own affair: their keys are trusted as long as the feed is.
    """
    for provider in IdentityProvider.objects.usable().filter(feed=None):
        yield from _certificates(
            f"identity provider {provider.name_in('en')}",
            read_metadata(provider.xml),
            "Ask it for its new metadata, and add them: ./manage saml idp.",
        )


def feeds() -> Iterator[Finding]:
    """Examine age, end and certificates of each feed."""
    now = timezone.now()
    for feed in MetadataFeed.objects.filter(is_enabled=True):
        part = f"feed {feed.name}"
        yield from _certificates(part, readable_pem(feed.certificates), "Pin the new certificate.")
        if not feed.is_usable:
            text = f"its IdPs are blocked ({feed.error or 'not fetched, or past its end'})"
            yield failed(part, text, "Fetch it on the page of feeds, and read what it says.")
        elif feed.error or feed.refreshed_at is None or feed.refreshed_at < now - _OLD_FEED:
            text = f"last fetched {_ago(feed)}, valid until {feed.valid_until:%Y-%m-%d %H:%M}"
            yield warning(part, f"{text} ({feed.error or 'too long ago'})", "Fetch it by hand.")
        else:
            yield ok(part, f"fetched {_ago(feed)}, valid until {feed.valid_until:%Y-%m-%d %H:%M}")


def _ago(feed: MetadataFeed) -> str:
    if feed.refreshed_at is None:
        return "never"
    return f"{(timezone.now() - feed.refreshed_at).total_seconds() / 3600:.1f} h ago"


def _certificates(part: str, found: Iterable[Certificate], advice: str) -> Iterator[Finding]:
    """Yield one finding: of the certificate that ends first."""
    first = min(found, key=lambda certificate: certificate.not_after, default=None)
    if first is None:
        return
    text = f"its certificate ends on {first.not_after:%Y-%m-%d}"
    if first.is_expired or first.expires_soon:
        yield warning(part, text, advice)
    else:
        yield ok(part, text)
