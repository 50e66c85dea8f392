"""The members of an instance, a page at a time, however many there are.

Up to ``SORTED_AT_MOST`` of them are listed by name, on numbered pages. To sort a hundred thousand
people by their names, or to count them, takes the database longer than a page may: they are listed
the last come first, each page after the former, and found by search.
"""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from instances.members.memberships import members_of
from instances.models import Instance, Membership

PER_PAGE = 50
SORTED_AT_MOST = 2_000
# Of the number of a row.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class MemberList:
    """One page of members; ``page`` where pages are numbered, else the way on (``before``)."""

    members: list[Membership]
    page: Page | None = None
    before: int | None = None

    @property
    def is_long(self) -> bool:
        """Whether there are too many to be sorted by name."""
        return self.page is None


def list_members(
    instance: Instance, *, search: str = "", page: str = "", before: str = ""
) -> MemberList:
    """Return a page of the members whose names hold ``search``.

    ``page`` is a number; ``before`` is what the page before this one ended with. Run it inside
    ``tenant(instance)``, or ``administering`` its organisation.
    """
    found = members_of(instance, search)
    if found.order_by()[: SORTED_AT_MOST + 1].count() <= SORTED_AT_MOST:
        shown = Paginator(found, PER_PAGE).get_page(page)
        return MemberList(list(shown), page=shown)
    newest = found.order_by("-pk")
    if before.isdecimal() and len(before) <= _MAX_DIGITS:
        newest = newest.filter(pk__lt=before)
    # Their numbers first: joined before they are cut, people would be read by the thousand.
    numbers = list(newest.values_list("pk", flat=True)[: PER_PAGE + 1])
    before_next = numbers[PER_PAGE - 1] if len(numbers) > PER_PAGE else None
    shown_rows = members_of(instance).filter(pk__in=numbers[:PER_PAGE]).order_by("-pk")
    return MemberList(list(shown_rows), before=before_next)
