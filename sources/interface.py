"""The interface of a kind of source (docs/sources.md).

A ``SourceKind`` describes the kind: its form, and ``open``, which returns a ``Reader`` for one
source. The reader lists items page by page and fetches them one by one. It keeps nothing between
two calls that it could not do without: a run is done in parts, each by another reader, perhaps in
another process. All that it must remember is in cursors, items and marks, which are JSON or text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, ClassVar, Final, Protocol

from django import forms
from django.utils.functional import Promise

from web.outbound.client import OutboundClient

# How robots.txt may name this program.
ROBOT_NAME: Final = "ragapp"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that becomes a document; ``key`` is always the same for the same thing.

    ``mark`` is its version as the list tells it (a date, an ETag); an item whose mark is not empty
    and has not changed is not fetched. ``data`` is JSON for ``Reader.fetch``.
    """

    key: str
    name: str
    folder: str = ""
    url: str = ""
    mark: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A part of the list; ``cursor`` (JSON) is where it continues, None at its end.

    ``is_truncated``: items were left out, so that those which are not listed are not gone.
    """

    items: tuple[Item, ...]
    cursor: Any = None
    is_truncated: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file of an item. Without ``content`` it is not a document, or has not changed.

    ``mark`` is given to the next ``Reader.fetch`` of the item. ``found`` are items that were found
    in it; they are fetched in the same run. A name given here replaces that of the item.
    """

    content: IO[bytes] | None = None
    is_unchanged: bool = False
    name: str = ""
    mark: str = ""
    found: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What a reader is opened with: what people filled in, and the client for its requests.

    Requests go through ``client`` only: it closes the ways into the deployment's own network.
    """

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    client: OutboundClient
    max_items: int
    max_bytes: int


class Reader(Protocol):
    """Reads one source. Errors are those of ``sources.errors``; any other fails what is done."""

    # Seconds between two fetches, and how many items are taken at most.
    delay_s: float
    max_items: int

    def list_items(self, cursor: Any) -> ItemPage:
        """Return the part of the list at ``cursor``, None for the first."""
        ...

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch an item; ``mark`` is that of the last ``Fetched`` of it, or empty."""
        ...

    def close(self) -> None:
        """Give back what was opened, except the client."""
        ...


class KindForm(forms.Form):
    """What a kind asks for. Values are stored as they are cleaned, so they must be JSON.

    ``secret_fields`` are stored encrypted and never shown. Where one of ``place_fields`` changes,
    they must be given again, so that nobody sends them elsewhere.
    """

    secret_fields: ClassVar[tuple[str, ...]] = ()
    place_fields: ClassVar[tuple[str, ...]] = ()


class SourceKind(Protocol):
    """A kind of source; found by the entry points ``ragapp.sources``."""

    @property
    def name(self) -> str:
        """In lower case; stored with each source, so it never changes."""
        ...

    @property
    def label(self) -> str | Promise:
        """What people choose it by."""
        ...

    @property
    def description(self) -> str | Promise:
        """What it reads, in a sentence or two."""
        ...

    @property
    def form(self) -> type[KindForm]:
        """What it asks for."""
        ...

    def open(self, opening: Opening) -> Reader:
        """Return a reader. Requests are not made here."""
        ...
