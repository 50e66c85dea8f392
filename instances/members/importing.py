"""Import members from lines such as ``jeanne.martin, editor``.

    text → read_lines → look_up (shown, to confirm) → add_members

Each function runs inside ``tenant(instance)``, or ``administering`` its organisation. People are
found by ``lookup``: an unknown name and a person of another organisation have the same outcome.
"""

import csv
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import translation

from instances import audit
from instances.errors import TooManyLines
from instances.members.lookup import find_people
from instances.models import Instance, Membership, Organisation, Role
from people.models import User

MAX_LINES: Final = 300
MAX_CHARS: Final = 1 << 16
_HEADINGS: Final = ("identifier", "identifiant")
# The French labels of roles are masculine.
_FEMININE_NAMES: Final = {
    "invitee": str(Role.GUEST),
    "editrice": str(Role.EDITOR),
    "administratrice": str(Role.ADMIN),
}


class Outcome(StrEnum):
    """The outcome of a line."""

    FOUND = "found"
    ADDED = "added"
    ALREADY = "already"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    NO_SUCH_ROLE = "no_such_role"
    REPEATED = "repeated"
    NOT_CONFIRMED = "not_confirmed"


@dataclass(frozen=True)
class ImportedLine:
    """A line, numbered from 1; ``person`` is the account that its name matches, if any."""

    number: int
    identifier: str
    role: str
    outcome: Outcome = Outcome.NOT_FOUND
    person: User | None = None

    @property
    def role_label(self) -> str:
        """The label of the role; an unknown role as it was written."""
        return str(dict(Role.choices).get(self.role, self.role))


def read_lines(text: str) -> list[ImportedLine]:
    """Parse the non-empty lines, without the heading.

    Raises TooManyLines before any look-up.
    """
    rows = text[: MAX_CHARS + 1].splitlines()
    if len(text) > MAX_CHARS or sum(bool(row.strip()) for row in rows) > MAX_LINES + 1:
        raise TooManyLines(f"{len(text)} characters, {len(rows)} lines")
    dialect = csv.excel()
    dialect.delimiter = ";" if text.count(";") > text.count(",") else ","
    dialect.skipinitialspace = True
    roles, lines = _role_names(), []
    for number, cells in enumerate(csv.reader(rows, dialect), start=1):
        identifier, role, *_rest = [*(cell.strip() for cell in cells), "", ""]
        if identifier and not (number == 1 and _folded(identifier) in _HEADINGS):
            wanted = roles.get(_folded(role or Role.MEMBER), role)
            lines.append(ImportedLine(number, identifier[:254], wanted))
    if len(lines) > MAX_LINES:
        raise TooManyLines(f"{len(lines)} lines")
    return lines


def _role_names() -> dict[str, str]:
    """Every name of a role, its value and its label in each language, with the value."""
    names = {_folded(role): str(role) for role in Role} | _FEMININE_NAMES
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names |= {_folded(str(role.label)): str(role) for role in Role}
    return names


def _folded(text: str) -> str:
    """``text`` without accents and capitals, as people write it in a list."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def look_up(
    instance: Instance, lines: Collection[ImportedLine], *, among: Organisation | None
) -> list[ImportedLine]:
    """Find the account of each line and whether it can be added; audited as a search.

    In a constant number of queries.
    """
    people = find_people({line.identifier for line in lines}, among=among)
    fitting = {one.pk for found in people.values() for one in found}
    members = set(
        Membership.objects.for_instance(instance)
        .filter(user__in=fitting)
        .values_list("user_id", flat=True)
    )
    seen: set[int] = set()
    report = []
    for line in lines:
        outcome, person = _outcome_of(line, people[line.identifier], members, seen)
        if person is not None and outcome == Outcome.FOUND:
            seen.add(person.pk)
        report.append(replace(line, outcome=outcome, person=person))
    audit.record(
        audit.Action.PEOPLE_SEARCHED, instance=instance, asked=len(report), found=len(fitting)
    )
    return report


def add_members(
    instance: Instance, report: Collection[ImportedLine], *, confirmed: Collection[int]
) -> list[ImportedLine]:
    """Add the found people whose primary key is in ``confirmed``; existing roles are kept."""
    outcomes = [
        replace(line, outcome=_decide(line, confirmed)) if line.outcome == Outcome.FOUND else line
        for line in report
    ]
    added = [
        (line.person, line.role)
        for line in outcomes
        if line.person is not None and line.outcome == Outcome.ADDED
    ]
    with transaction.atomic():
        Membership.objects.bulk_create(
            [Membership(instance=instance, user=person, role=role) for person, role in added],
            ignore_conflicts=True,
        )
        for wanted in Role.values:
            people = [person for person, role in added if role == wanted]
            audit.record_all(audit.Action.MEMBER_ADDED, people, instance=instance, role=wanted)
    return outcomes


def _decide(line: ImportedLine, confirmed: Collection[int]) -> Outcome:
    is_confirmed = line.person is not None and line.person.pk in confirmed
    return Outcome.ADDED if is_confirmed else Outcome.NOT_CONFIRMED


def _outcome_of(
    line: ImportedLine, people: list[User], members: set[int], seen: set[int]
) -> tuple[Outcome, User | None]:
    if line.role not in Role.values:
        return Outcome.NO_SUCH_ROLE, None
    if len(people) != 1:
        return (Outcome.AMBIGUOUS if people else Outcome.NOT_FOUND), None
    (person,) = people
    if person.pk in seen:
        return Outcome.REPEATED, person
    return (Outcome.ALREADY if person.pk in members else Outcome.FOUND), person
