"""Links in the list of documents: states, sort orders, pages."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from ingestion.documents.queries import PAGE_SIZE, DocumentFilter, Listing

_STATE_LABELS = {
    "": pgettext_lazy("documents", "All"),
    "ready": pgettext_lazy("documents", "Ready"),
    "warned": pgettext_lazy("documents", "With a warning"),
    "running": pgettext_lazy("documents", "In progress"),
    "failed": pgettext_lazy("documents", "Failed"),
}
# Column: the sort order after the first click on its heading.
_COLUMNS = {"name": "name", "pages": "-pages", "added": "-added"}


@dataclass(frozen=True)
class StateLink:
    """A tab with the documents of one state and their number."""

    state: str
    label: Promise
    count: int
    query: str
    current: bool


@dataclass(frozen=True)
class HeadingLink:
    """The link of a column's heading, and the current value of aria-sort."""

    query: str
    order: str


def query_string(chosen: DocumentFilter, **changes: Any) -> str:
    """Return the query string of a filter with changes, without default values."""
    values = {
        "q": chosen.query,
        "status": chosen.state,
        "type": chosen.kind,
        "level": chosen.level,
        "tag": chosen.tag,
        "sort": chosen.sort if chosen.sort != DocumentFilter.sort else "",
        "page": "",
    } | changes
    return "?" + urlencode({key: value for key, value in values.items() if value not in ("", 1)})


def state_links(listing: Listing) -> list[StateLink]:
    """Return the tabs, with their counts."""
    chosen = listing.filter
    return [
        StateLink(
            state=state,
            label=label,
            count=listing.counts.of(state),
            query=query_string(chosen, status=state),
            current=chosen.state == state,
        )
        for state, label in _STATE_LABELS.items()
    ]


def heading_links(chosen: DocumentFilter) -> dict[str, HeadingLink]:
    """Return the link of each sortable column; a second click reverses the order."""
    links = {}
    for column, first in _COLUMNS.items():
        current = chosen.sort.lstrip("-") == column
        target = first
        if current:
            target = column if chosen.sort.startswith("-") else f"-{column}"
        descending = "descending" if chosen.sort.startswith("-") else "ascending"
        query = query_string(chosen, sort="" if target == DocumentFilter.sort else target)
        links[column] = HeadingLink(query, descending if current else "none")
    return links


@dataclass(frozen=True)
class PageLink:
    """A number in the pager; pages left out, shown as « … », have no query."""

    number: int | str
    query: str
    current: bool


def number_links(listing: Listing) -> list[PageLink]:
    """Return the first pages, the last, and those around the current one."""
    chosen = listing.filter
    numbers = Paginator(range(listing.total), PAGE_SIZE).get_elided_page_range(
        chosen.page, on_each_side=2, on_ends=1
    )
    return [
        PageLink(
            number=number,
            query=query_string(chosen, page=number) if isinstance(number, int) else "",
            current=number == chosen.page,
        )
        for number in numbers
    ]


def page_links(listing: Listing) -> dict[str, str]:
    """Return the query strings of the neighbouring pages, under ``previous`` and ``next``."""
    chosen, links = listing.filter, {"previous": "", "next": ""}
    if chosen.page > 1:
        links["previous"] = query_string(chosen, page=chosen.page - 1)
    if chosen.page < listing.page_count:
        links["next"] = query_string(chosen, page=chosen.page + 1)
    return links
