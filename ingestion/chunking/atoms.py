"""Split blocks into atoms, the pieces of passages: sentences, table rows, lines of code."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.chunking.sentences import sentence_spans
from ingestion.chunking.tokens import TokenCounter
from ingestion.parsing.document import Block, ParsedPage, block_starts
from ingestion.parsing.text.tables import is_rule, split_row

# A table header larger than this share of a passage is not repeated above the rows: each cell is
# then written with the name of its column.
_MAX_HEADER_SHARE = 1 / 3
_END_OF_PARAGRAPH = frozenset('.!?…:;»”")]')


@dataclass(frozen=True, slots=True)
class Atom:
    """A span of a page's text. `page` indexes the document's pages; `start` and `end` are offsets
    in the page's text; `tokens` counts the span's tokens.

    `text` replaces the span's own text where that could not be understood alone. `header` is the
    header of the table, repeated at the top of a passage that begins with this atom.
    `continues_page`: the atom continues the last paragraph of the previous page.
    """

    page: int
    start: int
    end: int
    tokens: int
    is_heading: bool = False
    starts_block: bool = False
    continues_page: bool = False
    text: str | None = None
    header: str = ""
    header_tokens: int = 0


@dataclass(frozen=True, slots=True)
class BlockAtoms:
    """A block and its atoms."""

    block: Block
    atoms: tuple[Atom, ...]


def page_atoms(
    page: ParsedPage, index: int, previous: Block | None, counter: TokenCounter, chunk_tokens: int
) -> Iterator[BlockAtoms]:
    """Yield the atoms of each block of the page at `index`.

    `previous` is the last block of the previous page, None if text cannot continue from there.
    """
    token_starts = counter.token_starts([block.text for block in page.blocks])
    for block, offset, starts in zip(page.blocks, block_starts(page), token_starts, strict=True):
        if block.kind == "heading":
            end = offset + len(block.text)
            atoms = [Atom(index, offset, end, len(starts), is_heading=True, starts_block=True)]
        elif block.kind == "table":
            atoms = _table_atoms(block.text, index, offset, starts, counter, chunk_tokens)
        else:
            spans = _line_spans(block.text) if block.kind == "code" else sentence_spans(block.text)
            continues_page = previous is not None and continues_paragraph(previous, block)
            atoms = [
                Atom(
                    index,
                    offset + start,
                    offset + end,
                    _tokens_between(starts, start, end),
                    starts_block=number == 0 and not continues_page,
                    continues_page=number == 0 and continues_page,
                )
                for number, (start, end) in enumerate(spans)
            ]
        previous = None
        yield BlockAtoms(block, tuple(atoms))


def continues_paragraph(before: Block, after: Block) -> bool:
    """Return whether `after`, the first block of its page, continues `before`, the last block of
    the previous page."""
    return (
        before.kind in ("paragraph", "list_item")
        and after.kind == "paragraph"
        and before.text[-1:] not in _END_OF_PARAGRAPH
        and after.text[:1].islower()
    )


def _tokens_between(starts: list[int], start: int, end: int) -> int:
    return bisect_left(starts, end) - bisect_left(starts, start)


def _line_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1


def _table_atoms(
    text: str, page: int, offset: int, starts: list[int], counter: TokenCounter, chunk_tokens: int
) -> list[Atom]:
    spans = list(_line_spans(text))
    lines = [text[start:end] for start, end in spans]
    counts = [_tokens_between(starts, start, end) for start, end in spans]
    places = [(page, offset + start, offset + end) for start, end in spans]
    if len(lines) < 3 or not is_rule(lines[1]):
        return [
            Atom(*place, count, starts_block=number == 0)
            for number, (place, count) in enumerate(zip(places, counts, strict=True))
        ]
    header_tokens = counts[0] + counts[1]
    if header_tokens > chunk_tokens * _MAX_HEADER_SHARE:
        header = split_row(lines[0])
        pairs = [row_as_pairs(header, split_row(line)) for line in lines[2:]]
        tokens = [len(found) for found in counter.token_starts(pairs)]
        rows = zip(places[2:], tokens, pairs, strict=True)
        return [
            Atom(*place, count, starts_block=number == 0, text=pair)
            for number, (place, count, pair) in enumerate(rows)
        ]
    first = Atom(page, places[0][1], places[2][2], header_tokens + counts[2], starts_block=True)
    header_text = f"{lines[0]}\n{lines[1]}"
    return [first] + [
        Atom(*place, count, header=header_text, header_tokens=header_tokens)
        for place, count in zip(places[3:], counts[3:], strict=True)
    ]


def row_as_pairs(header: list[str], row: list[str]) -> str:
    """Return a table row as "header: value; header: value", without its empty cells."""
    named = zip(header + [""] * (len(row) - len(header)), row, strict=False)
    return "; ".join(f"{name}: {value}" if name else value for name, value in named if value)
