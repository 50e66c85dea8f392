"""Which account a user name or an address means: asked wherever somebody is given a right.

A name means the account whose user name it is, or one whose address it is and that may be found by
it. Where it fits two accounts nobody is found: the right would go to the wrong person.

Operators find every account. Whoever administers an organisation or an instance finds the people of
that organisation alone (``people_of``); for everybody else the answer is that of a name which
nobody has, so that guessing tells nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from instances.errors import AmbiguousName, MemberNotFound
from instances.models import Identity, Membership, Organisation, Role
from instances.tenancy import administering
from people.usernames import normalise_username


def find_person(name: str, *, among: Organisation | None) -> Any:
    """The active account that ``name`` means; ``among`` None: of all accounts, for operators.

    Raises MemberNotFound or AmbiguousName.
    """
    people = find_people([name], among=among).get(name, [])
    if not people:
        raise MemberNotFound(name)
    if len(people) > 1:
        raise AmbiguousName(name)
    return people[0]


def find_people(names: Iterable[str], *, among: Organisation | None) -> dict[str, list[Any]]:
    """The accounts that each of ``names`` fits, by name; two queries, however many there are."""
    wanted = {name: (normalise_username(name), name.lower()) for name in names}
    if among is None:
        return _fitting(wanted, get_user_model()._default_manager.all())
    with administering(among):
        return _fitting(wanted, people_of(among))


def people_of(organisation: Organisation) -> QuerySet[Any]:
    """The accounts of an organisation; to be read inside ``administering(organisation)``.

    Those whose institution said so at their last login, its administrators, and the members of its
    instances. Guests are not: they come from elsewhere, for one instance.
    """
    person = OuterRef("pk")
    said = Identity.objects.filter(user=person, organisation_ids__contains=[organisation.pk])
    administrators = organisation.administrators.filter(user=person)
    members = (
        Membership.objects.current()
        .filter(user=person, instance__organisation=organisation)
        .exclude(role=Role.GUEST)
    )
    return get_user_model()._default_manager.filter(
        Exists(said) | Exists(administrators) | Exists(members)
    )


def searched_by(user: Any, organisation: Organisation | None) -> Organisation | None:
    """Among whom ``user`` finds people: operators among all accounts (None), others in theirs.

    Raises ValueError for somebody who is no operator and acts for no organisation.
    """
    if user.is_staff:
        return None
    if organisation is None:
        raise ValueError("only operators search among all accounts")
    return organisation


def _fitting(wanted: dict[str, tuple[str, str]], people: QuerySet[Any]) -> dict[str, list[Any]]:
    usernames = {username for username, _address in wanted.values()} - {""}
    addresses = {address for _username, address in wanted.values()} - {""}
    by_address = Q(is_found_by_email=True, lower_email__in=addresses)
    candidates = (
        people.filter(is_active=True)
        .alias(lower_email=Lower("email"))
        .filter(Q(username__in=usernames) | by_address)
        .order_by("pk")
    )
    named, addressed = {}, defaultdict(list)
    for person in candidates:
        named[person.username] = person
        if person.is_found_by_email:
            addressed[person.email.lower()].append(person)
    found = {}
    for name, (username, address) in wanted.items():
        fitting = {one.pk: one for one in (named.get(username), *addressed[address]) if one}
        found[name] = list(fitting.values())
    return found
