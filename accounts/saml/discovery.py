"""The institutions that are offered, and the search among thousands (one or two queries)."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Collate
from django.http import HttpRequest

from accounts.logins.models.identity_providers import IdentityProvider
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import providers_of, rules_of, rules_towards
from web.next_page import next_page
from web.search_words import MAX_WORDS, search_text, search_words

LIMIT = 30


@dataclass(frozen=True)
class Choice:
    """An offered institution; ``domain`` distinguishes those of the same name."""

    pk: int
    name: str
    domain: str
    last: bool = False


@dataclass(frozen=True)
class Choices:
    """The result of a search; ``more`` if it is not complete."""

    found: list[Choice]
    more: bool


def offered_rules(request: HttpRequest) -> QuerySet[LoginRule]:
    """Return the rules of the organisation or instance in the query, else of the next page."""
    organisation = request.GET.get("organisation", "")
    instance = request.GET.get("instance", "")
    if organisation or instance:
        return rules_of(organisation, instance)
    return rules_towards(next_page(request))


def find_choices(
    rules: QuerySet[LoginRule], search: str, *, language: str, last: int | None = None
) -> Choices:
    """Return the institutions for a search, by name, the last chosen one first."""
    found = find_providers(rules, search)
    more = len(found) > LIMIT
    found = found[:LIMIT]
    if last is not None and not search and all(each.pk != last for each in found):
        found = [*_offered(rules).filter(pk=last), *found]
    choices = [
        Choice(
            pk=provider.pk,
            name=provider.name_in(language),
            domain=next(iter(provider.scopes), ""),
            last=provider.pk == last,
        )
        for provider in found
    ]
    return Choices(sorted(choices, key=lambda each: (not each.last, each.name.casefold())), more)


def find_providers(rules: QuerySet[LoginRule], search: str) -> list[IdentityProvider]:
    """Return the IdPs of ``rules`` that match all words of ``search``.

    Words are searched in names, keywords and domains, in all languages, ignoring case and accents.
    Returns at most ``LIMIT`` + 1 IdPs, without those of the category "hide from discovery". An
    e-mail address finds the IdP of its domain, else that of a parent domain.
    """
    for words in _attempts(search):
        matching = _offered(rules)
        for word in words:
            matching = matching.filter(search_text__contains=word)
        found = list(matching.order_by(Collate("search_text", "C"), "pk")[: LIMIT + 1])
        if found:
            return found
    return []


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, with single spaces, for searches."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def _offered(rules: QuerySet[LoginRule]) -> QuerySet[IdentityProvider]:
    # Without the XML of the metadata, which is large and not needed.
    shown = ("pk", "entity_id", "names", "scopes")
    return providers_of(rules).filter(is_hidden=False).only(*shown)


def _attempts(search: str) -> Iterator[list[str]]:
    """Return the lists of words to search in turn: all words, then parent domains of an address."""
    _local_part, at, domain = search.rpartition("@")
    folded = fold(search_text(domain))
    yield search_words(folded)
    labels = folded.split(".")[-MAX_WORDS - 1 :]
    while at and len(labels) > 2:
        labels = labels[1:]
        yield [".".join(labels)]
