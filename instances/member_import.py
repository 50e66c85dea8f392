"""Many members at once, from lines such as ``jeanne.martin, editor``.

Runs inside ``tenant(instance)``, or ``administering`` its organisation.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models.functions import Lower

from instances import audit
from instances.models import Instance, Membership, Role

MAX_LINES = 5_000
ADDED, ALREADY, NOT_FOUND, NO_SUCH_ROLE, REPEATED, TOO_MANY = (
    "added",
    "already",
    "not_found",
    "no_such_role",
    "repeated",
    "too_many",
)


@dataclass(frozen=True)
class ImportedLine:
    """What became of a line; ``number`` counts from 1, ``outcome`` is one of the words above."""

    number: int
    identifier: str
    role: str
    outcome: str


def import_members(instance: Instance, text: str) -> list[ImportedLine]:
    """Add the people of ``text`` as members, and tell of each line; nobody's role is changed.

    A handful of queries, however many lines there are.
    """
    wanted = list(_lines(text))
    people = _find([identifier for _number, identifier, _role in wanted])
    with transaction.atomic():
        members = set(
            Membership.objects.for_instance(instance)
            .filter(user__in={person.pk for person in people.values()})
            .values_list("user_id", flat=True)
        )
        added: dict[int, tuple[Any, str]] = {}
        report = []
        for number, identifier, role in wanted:
            person = people.get(identifier)
            outcome = _outcome(number, person, role, members, added)
            if outcome == ADDED and person is not None:
                added[person.pk] = (person, role)
            report.append(ImportedLine(number, identifier, role, outcome))
        _add(instance, list(added.values()))
    return report


def _lines(text: str) -> Iterable[tuple[int, str, str]]:
    """Number, identifier and role of each line that says something, the heading left out."""
    dialect = csv.excel()
    dialect.delimiter = ";" if text.count(";") > text.count(",") else ","
    dialect.skipinitialspace = True
    reader = csv.reader(text.splitlines(), dialect)
    for number, cells in enumerate(reader, start=1):
        identifier, role, *_rest = [*(cell.strip() for cell in cells), "", ""]
        if identifier and not (number == 1 and identifier.lower() == "identifier"):
            yield number, identifier[:254], (role or Role.MEMBER).lower()


def _outcome(
    number: int, person: Any, role: str, members: set[int], added: dict[int, tuple[Any, str]]
) -> str:
    if len(added) >= MAX_LINES:
        return TOO_MANY
    if role not in Role.values:
        return NO_SUCH_ROLE
    if person is None:
        return NOT_FOUND
    if person.pk in added:
        return REPEATED
    return ALREADY if person.pk in members else ADDED


def _find(identifiers: list[str]) -> dict[str, Any]:
    """People by their user name, else by an e-mail address that nobody shares."""
    people = get_user_model()._default_manager.filter(is_active=True)
    lowered = {identifier.lower() for identifier in identifiers}
    by_address: dict[str, list[Any]] = defaultdict(list)
    known = people.filter(is_found_by_email=True).alias(lowered=Lower("email"))
    for person in known.filter(lowered__in=lowered - {""}):
        by_address[person.email.lower()].append(person)
    found = {}
    for identifier in identifiers:
        bearers = by_address[identifier.lower()]
        if len(bearers) == 1:
            found[identifier] = bearers[0]
    return found | {one.username: one for one in people.filter(username__in=identifiers)}


def _add(instance: Instance, added: list[tuple[Any, str]]) -> None:
    Membership.objects.bulk_create(
        [Membership(instance=instance, user=person, role=role) for person, role in added],
        batch_size=1000,
        ignore_conflicts=True,
    )
    for wanted in Role.values:
        people = [person for person, role in added if role == wanted]
        audit.record_all(audit.Action.MEMBER_ADDED, people, instance=instance, role=wanted)
