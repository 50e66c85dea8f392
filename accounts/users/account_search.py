"""The list of all accounts, for operators."""

from collections.abc import Mapping
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Exists, OuterRef, Q, QuerySet

from instances.models import AccountControl
from people.models import HAS_PASSWORD, User
from people.search import searchable
from web.search_words import search_words

_PERSON = OuterRef("pk")
_CONTROLLED = Exists(AccountControl.objects.filter(account=_PERSON, ended_at=None))
_AT_INSTITUTION = Exists(SocialAccount.objects.filter(user=_PERSON))

# Kinds of accounts, by which the list is filtered.
KINDS: Final[Mapping[str, Q | Exists]] = {
    "active": Q(is_active=True),
    "disabled": Q(is_active=False),
    "unused": Q(last_login=None, is_active=True),
    "password": HAS_PASSWORD,
    "institution": _AT_INSTITUTION,
    "controlled": _CONTROLLED,
    "operators": Q(is_staff=True),
}


def find_accounts(search: str = "", kind: str = "") -> QuerySet[User]:
    """Return the accounts of a kind that match all words of ``search``, by name.

    Each has ``is_controlled``, ``is_at_institution`` and ``has_second_factor``.
    """
    found = User.objects.annotate(
        is_controlled=_CONTROLLED,
        is_at_institution=_AT_INSTITUTION,
        has_second_factor=Exists(Authenticator.objects.filter(user=_PERSON)),
    )
    if kind:
        found = found.filter(KINDS[kind])
    for word in search_words(search.lower()):
        found = found.alias(searched=searchable()).filter(searched__contains=word)
    return found.order_by("last_name", "first_name", "username")
