"""Descriptions of people, shown before they are granted a right, to avoid confusion."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from instances.models import Identity, Organisation
from people.models import User


@dataclass(frozen=True)
class FoundPerson:
    """An account: its person's name, organisations, ways to log in, and address.

    ``is_verified``: an operator or an invitation by mail has verified the address.
    """

    pk: int
    name: str
    username: str
    organisations: tuple[str, ...]
    logins: tuple[str, ...]
    address: str
    is_verified: bool


def describe(people: Collection[User], *, to: Organisation | None) -> dict[int, FoundPerson]:
    """Describe each person, by primary key, in three queries.

    ``to``: the organisation whose administrators read it, and to which the description is limited;
    None for operators, who see everything.
    """
    identities = Identity.objects.filter(user__in=people)
    if to is not None:
        identities = identities.filter(organisation_ids__contains=[to.pk])
    numbers: dict[int, set[int]] = defaultdict(set)
    sources = set()
    for identity in identities:
        numbers[identity.user_id] |= set(identity.organisation_ids)
        sources.add((identity.user_id, identity.source))
    shown = Organisation.objects.filter(pk__in=set[int]().union(*numbers.values()))
    if to is not None:
        shown = shown.filter(pk=to.pk)
    names = dict(shown.order_by("name").values_list("pk", "name"))
    logins: dict[int, list[str]] = defaultdict(list)
    for account in SocialAccount.objects.filter(user__in=people).order_by("pk"):
        if to is None or (account.user_id, f"{account.provider}:{account.uid}") in sources:
            logins[account.user_id].append(_login(account))
    return {
        person.pk: FoundPerson(
            pk=person.pk,
            name=person.display_name,
            username=person.username,
            organisations=tuple(name for pk, name in names.items() if pk in numbers[person.pk]),
            logins=(*logins[person.pk], *_local_login(person)),
            address=person.notice_address,
            is_verified=bool(person.email) and person.is_found_by_email,
        )
        for person in people
    }


def _login(account: SocialAccount) -> str:
    """The identifier, and the service that asserts it (entity ID or issuer)."""
    claims = account.extra_data
    return _("%(identifier)s by %(service)s") % {
        "identifier": claims.get("identifier", account.uid),
        "service": claims.get("issuer", account.provider),
    }


def _local_login(person: User) -> tuple[str, ...]:
    return (_("a password of this site"),) if person.has_usable_password() else ()
