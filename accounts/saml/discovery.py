"""Finding one's institution among thousands: one indexed query."""

from django.db.models import Q, QuerySet

from accounts.login_rules import LoginRule
from accounts.rules import providers_of
from accounts.saml.folding import fold
from accounts.saml.models import IdentityProvider

LIMIT = 30


def find_providers(rules: QuerySet[LoginRule], search: str) -> list[IdentityProvider]:
    """The IdPs that ``rules`` offer whose names, keywords or domains have every word of ``search``.

    In any language, without accents or capitals; at most ``LIMIT`` + 1. Those who ask to be hidden
    are.
    """
    matching = Q()
    # An address of mail names its domain.
    for word in fold(search.rpartition("@")[2])[:100].split()[:6]:
        matching &= Q(search_text__contains=word)
    # Which columns: the metadata's XML is large, and not shown.
    found = providers_of(rules).filter(matching, is_hidden=False).defer("xml")
    return sorted(found.order_by("pk")[: LIMIT + 1], key=lambda provider: provider.entity_id)
