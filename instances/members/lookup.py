"""Find accounts by user name or e-mail address, to grant them rights.

A name matches the account with this user name, and accounts with this address that may be found by
it. A name that matches two accounts finds neither: the right could go to the wrong person.

Operators find every account. Administrators of an organisation or an instance find only people of
that organisation (``people_of``); for all others the answer is the same as for an unknown name, so
that guessing reveals nothing.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from instances.errors import AmbiguousName, MemberNotFound
from instances.models import Identity, Membership, Organisation, Role
from instances.tenancy import administering
from people.models import User
from people.usernames import normalise_username


def find_person(name: str, *, among: Organisation | None) -> User:
    """The active account that matches ``name``; ``among`` None: of all accounts, for operators.

    Raises MemberNotFound or AmbiguousName.
    """
    people = find_people([name], among=among).get(name, [])
    if not people:
        raise MemberNotFound(name)
    if len(people) > 1:
        raise AmbiguousName(name)
    return people[0]


def find_people(names: Iterable[str], *, among: Organisation | None) -> dict[str, list[User]]:
    """The accounts that match each of ``names``, by name, in two queries."""
    wanted = {name: (normalise_username(name), name.lower()) for name in names}
    if among is None:
        return _fitting(wanted, User.objects.all())
    with administering(among):
        return _fitting(wanted, people_of(among))


def people_of(organisation: Organisation) -> QuerySet[User]:
    """The accounts of an organisation. Evaluate inside ``administering(organisation)``.

    People whose identities name the organisation, its administrators, and the members of its
    instances; not guests, who come from elsewhere for one instance.
    """
    person = OuterRef("pk")
    identified = Identity.objects.filter(user=person, organisation_ids__contains=[organisation.pk])
    administrators = organisation.administrators.filter(user=person)
    members = (
        Membership.objects.current()
        .filter(user=person, instance__organisation=organisation)
        .exclude(role=Role.GUEST)
    )
    return User.objects.filter(Exists(identified) | Exists(administrators) | Exists(members))


def search_scope(user: User, organisation: Organisation | None) -> Organisation | None:
    """The organisation to which searches of ``user`` are limited; None for operators.

    Raises ValueError for a person who is not an operator and acts for no organisation.
    """
    if user.is_staff:
        return None
    if organisation is None:
        raise ValueError("only operators search among all accounts")
    return organisation


def _fitting(wanted: dict[str, tuple[str, str]], people: QuerySet[User]) -> dict[str, list[User]]:
    usernames = {username for username, _address in wanted.values()} - {""}
    addresses = {address for _username, address in wanted.values()} - {""}
    by_address = Q(is_found_by_email=True, lower_email__in=addresses)
    candidates = (
        people.filter(is_active=True)
        .alias(lower_email=Lower("email"))
        .filter(Q(username__in=usernames) | by_address)
        .order_by("pk")
    )
    named: dict[str, User] = {}
    addressed: dict[str, list[User]] = defaultdict(list)
    for person in candidates:
        named[person.username] = person
        if person.is_found_by_email:
            addressed[person.email.lower()].append(person)
    found = {}
    for name, (username, address) in wanted.items():
        fitting = {one.pk: one for one in (named.get(username), *addressed[address]) if one}
        found[name] = list(fitting.values())
    return found
