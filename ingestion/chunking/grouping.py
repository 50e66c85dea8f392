"""Group atoms by heading."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingestion.chunking.atoms import Atom, page_atoms
from ingestion.chunking.tokens import TokenCounter
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage

# Units through which text continues. Slides, sheets and messages are separate texts.
FLOWING_UNITS = frozenset({"page", "section"})
# A group smaller than this share of a passage (a title page, a line under a heading) is merged with
# the next one. The share is larger on one page: merging across pages loses the exact page.
SMALL_SHARE = 1 / 3
_SMALL_SHARE_ON_A_PAGE = 1 / 2


@dataclass(slots=True)
class Group:
    """Atoms under one path of headings (outermost first)."""

    path: tuple[str, ...]
    atoms: list[Atom] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Tokens of all atoms."""
        return sum(atom.tokens for atom in self.atoms)

    @property
    def has_body(self) -> bool:
        """Whether the group contains more than headings."""
        return any(not atom.is_heading for atom in self.atoms)


def heading_groups(
    document: ParsedDocument, counter: TokenCounter, chunk_tokens: int
) -> Iterator[Group]:
    """Yield the groups of `document` in order.

    A group begins at each slide or sheet, and at each heading that follows other text.
    """
    flows = document.unit in FLOWING_UNITS
    headings: list[tuple[int, str]] = []
    previous: Block | None = None
    group = Group(())
    for index, page in enumerate(document.pages):
        if not flows or _is_named(page, document.unit):
            if group.atoms:
                yield group
            headings = [(0, page.label)] if _is_named(page, document.unit) else []
            group = Group(_path(headings))
        for entry in page_atoms(page, index, previous, counter, chunk_tokens):
            if entry.block.kind == "heading":
                headings = [item for item in headings if item[0] < entry.block.level]
                headings.append((entry.block.level, entry.block.text))
                if group.has_body:
                    yield group
                    group = Group(_path(headings))
                group.path = _path(headings)
            group.atoms.extend(entry.atoms)
        previous = page.blocks[-1] if flows and page.blocks else None
    if group.atoms:
        yield group


def merge_small(groups: Iterable[Group], *, flows: bool, chunk_tokens: int) -> Iterator[Group]:
    """Merge small groups with the next one while both fit in one passage.

    The path of a merged group is the common part of both paths. Groups of different pages are
    merged only if the text `flows` from page to page.
    """
    pending: Group | None = None
    for group in groups:
        if pending is None:
            pending = group
        elif _joins(pending, group, flows=flows, chunk_tokens=chunk_tokens):
            pending.path = _common(pending.path, group.path)
            pending.atoms.extend(group.atoms)
        else:
            yield pending
            pending = group
    if pending is not None:
        yield pending


def _joins(pending: Group, group: Group, *, flows: bool, chunk_tokens: int) -> bool:
    on_a_page = pending.atoms[-1].page == group.atoms[0].page
    share = _SMALL_SHARE_ON_A_PAGE if on_a_page else SMALL_SHARE
    return (
        (flows or on_a_page)
        and pending.tokens < chunk_tokens * share
        and pending.tokens + group.tokens <= chunk_tokens
    )


def _is_named(page: ParsedPage, unit: str) -> bool:
    """Whether the page has a label that none of its headings repeats."""
    if not page.label or unit == "page":
        return False
    label = page.label.casefold()
    return all(block.text.casefold() != label for block in page.blocks if block.kind == "heading")


def _path(headings: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(text for _, text in headings)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return one[:shared]
