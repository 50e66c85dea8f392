"""Identity providers as operators see them: the list, and what prevents logins through one.

``discovery`` is the list of the login page.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Collate
from django.utils.translation import gettext as _

from accounts.logins.models.identity_providers import IdentityProvider, IdentityProviderQuerySet
from accounts.logins.models.login_rules import LoginRule, LoginRuleQuerySet
from accounts.saml.certificates import Certificate
from accounts.saml.discovery import fold
from accounts.saml.keys import key_pairs
from web.search_words import search_text, search_words

# Kinds of IdPs, by which the list is filtered.
KINDS: Final[Mapping[str, Callable[[IdentityProviderQuerySet], IdentityProviderQuerySet]]] = {
    "allowed": lambda found: found.filter(has_rule=True),
    "usable": lambda found: found.usable(),
    "unusable": lambda found: found.exclude(pk__in=IdentityProvider.objects.usable().values("pk")),
}


def find_all(search: str = "", *, kind: str = "", feed_id: int = 0) -> IdentityProviderQuerySet:
    """Return the IdPs that match all words of ``search``, each with its feed and ``has_rule``.

    Names, keywords, domains and entity IDs are searched, ignoring case and accents. ``kind`` is a
    key of ``KINDS``; "" and 0 do not filter.
    """
    rules = _rules_naming(OuterRef("pk"), feed=OuterRef("feed"))
    found = IdentityProvider.objects.annotate(has_rule=Exists(rules))
    if feed_id:
        found = found.filter(feed=feed_id)
    if kind:
        found = KINDS[kind](found)
    for word in search_words(fold(search_text(search))):
        found = found.filter(search_text__contains=word)
    # The XML of the metadata is large.
    shown = found.select_related("feed").defer("xml", "search_text", "feed__certificates")
    return shown.order_by(Collate("search_text", "C"), "pk")


def rules_through(provider: IdentityProvider) -> LoginRuleQuerySet:
    """Return the login rules that name the IdP or its feed."""
    return _rules_naming(provider.pk, feed=provider.feed_id)


def problems(provider: IdentityProvider, certificates: Collection[Certificate]) -> Iterator[str]:
    """Yield translated sentences about what prevents or limits logins through the IdP.

    ``certificates`` are those of its metadata.
    """
    if not key_pairs(("current",)):
        yield _("This site has no SAML key: see “This site”.")
    state = provider.state
    if state == provider.State.DISABLED:
        yield _("It is disabled.")
    elif state == provider.State.GONE:
        yield _("Its feed no longer contains it.")
    elif state == provider.State.BLOCKED:
        yield _("Its feed is disabled, or was not refreshed in time.")
    if not rules_through(provider).filter(is_enabled=True).exists():
        yield _("No enabled login rule admits its people: allow an organisation to use it.")
    if all(certificate.is_weak for certificate in certificates):
        yield _("Its metadata contain no key that is accepted: its answers are refused.")
    if not provider.scopes:
        yield _("Its metadata declare no domain: identifiers with a domain are not accepted.")


def _rules_naming(provider: OuterRef | int, *, feed: OuterRef | int | None) -> LoginRuleQuerySet:
    """The login rules that name an IdP, or its feed if it has one."""
    return LoginRule.objects.filter(
        Q(identity_provider=provider) | Q(feed__isnull=False, feed=feed)
    )
