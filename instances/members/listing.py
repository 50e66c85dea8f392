"""Pages of the members of an instance.

Up to ``SORTED_AT_MOST`` members are sorted by name, on numbered pages. More are listed newest
first, by keyset pagination: sorting or counting a hundred thousand people is too slow.
"""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from instances.members.memberships import members_of
from instances.models import Instance, Membership

PER_PAGE = 50
SORTED_AT_MOST = 2_000
# Digits of a primary key.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class MemberList:
    """One page of members; ``page`` if pages are numbered, else ``before`` for the next page."""

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
    """Return a page of the members whose names contain ``search``.

    ``page`` is a page number; ``before`` the value of the previous ``MemberList``. Run it inside
    ``tenant(instance)``, or ``administering`` its organisation.
    """
    found = members_of(instance, search)
    if found.order_by()[: SORTED_AT_MOST + 1].count() <= SORTED_AT_MOST:
        shown = Paginator(found, PER_PAGE).get_page(page)
        return MemberList(list(shown), page=shown)
    newest = found.order_by("-pk")
    if before.isdecimal() and len(before) <= _MAX_DIGITS:
        newest = newest.filter(pk__lt=before)
    # Primary keys first: joining before the limit would read people by the thousand.
    numbers = list(newest.values_list("pk", flat=True)[: PER_PAGE + 1])
    before_next = numbers[PER_PAGE - 1] if len(numbers) > PER_PAGE else None
    shown_rows = members_of(instance).filter(pk__in=numbers[:PER_PAGE]).order_by("-pk")
    return MemberList(list(shown_rows), before=before_next)
