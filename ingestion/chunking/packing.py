"""Pack the atoms of a group into passages of about equal size."""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from ingestion.chunking.atoms import Atom, row_as_pairs
from ingestion.chunking.grouping import SMALL_SHARE
from ingestion.chunking.tokens import TokenCounter
from ingestion.parsing.text.tables import split_row

# A passage may end at a paragraph once it has this share of the average size.
_PARAGRAPH_SHARE = 0.7
_SOFT_BREAK = re.compile(r"[;:,]\s|\s")


def pack(
    atoms: list[Atom], texts: list[str], room: int, counter: TokenCounter
) -> Iterator[list[Atom]]:
    """Yield runs of atoms of at most `room` tokens each, repeated table headers included.

    `texts` are the texts of the document's pages. Atoms larger than `room` are cut, after a comma
    or a space if possible.
    """
    fitting = [part for atom in atoms for part in _fit(atom, texts, room, counter)]
    left = sum(atom.tokens for atom in fitting)
    run: list[Atom] = []
    tokens = 0
    for atom in fitting:
        if run and _ends_before(run, tokens, atom, room, left):
            kept = _without_trailing_headings(run)
            yield run[:kept]
            left -= sum(item.tokens for item in run[:kept])
            run = run[kept:]
            tokens = sum(item.tokens for item in run)
        if not run:
            tokens = atom.header_tokens
        run.append(atom)
        tokens += atom.tokens
    if run:
        yield run


def _ends_before(run: list[Atom], tokens: int, atom: Atom, room: int, left: int) -> bool:
    """Return whether `run` (of `tokens`) ends before `atom`.

    `left` is the number of tokens from the start of the run to the end of the group; if they fit
    in one passage, the run does not end, except at a new page.
    """
    if tokens + atom.tokens > room:
        return True
    if run[-1].is_heading or atom.continues_page:
        return False
    if atom.page != run[-1].page and tokens >= room * SMALL_SHARE:
        return True
    if left <= room:
        return False
    aim = left / math.ceil(left / room)
    if atom.starts_block and tokens >= aim * _PARAGRAPH_SHARE:
        return True
    return tokens + atom.tokens / 2 > aim


def _without_trailing_headings(run: list[Atom]) -> int:
    """Return the length of `run` without the headings at its end, which belong to the next run."""
    kept = len(run)
    while kept and run[kept - 1].is_heading:
        kept -= 1
    return kept or len(run)


def _fit(atom: Atom, texts: list[str], room: int, counter: TokenCounter) -> Iterator[Atom]:
    """Yield `atom`, or its pieces if it is larger than `room`."""
    if atom.tokens + atom.header_tokens <= room:
        yield atom
        return
    source = atom.text if atom.text is not None else texts[atom.page][atom.start : atom.end]
    is_own_text = atom.text is None
    if atom.header:
        source = row_as_pairs(split_row(atom.header.split("\n")[0]), split_row(source))
        is_own_text = False
    first = True
    for start, end, tokens in hard_spans(source, room, counter):
        piece = replace(
            atom,
            tokens=tokens,
            header="",
            header_tokens=0,
            starts_block=atom.starts_block and first,
            continues_page=atom.continues_page and first,
        )
        if is_own_text:
            yield replace(piece, start=atom.start + start, end=atom.start + end)
        else:
            yield replace(piece, text=source[start:end])
        first = False


def hard_spans(text: str, room: int, counter: TokenCounter) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, tokens) of pieces of `text` of at most `room` tokens.

    A piece ends after a comma or a space in its last third; without one, between two tokens.
    """
    starts = counter.token_starts([text])[0]
    first = 0
    while first < len(starts):
        begin = starts[first]
        last = first + room
        if last >= len(starts):
            yield begin, len(text.rstrip()), len(starts) - first
            return
        cut = _soft_cut(text, begin, starts[last])
        # Several tokens may begin at one character (byte fallback); a piece must not be empty.
        after = max(first + 1, min(bisect_left(starts, cut), last))
        stop = max(starts[after], begin + 1)
        yield begin, begin + max(1, len(text[begin:stop].rstrip())), after - first
        first = after
        while first < len(starts) and starts[first] < stop:
            first += 1


def _soft_cut(text: str, begin: int, limit: int) -> int:
    floor = begin + (limit - begin) * 2 // 3
    best = limit
    strength = 0
    for match in _SOFT_BREAK.finditer(text, floor, limit):
        found = 2 if len(match.group()) == 2 else 1
        if found >= strength:
            best, strength = match.end(), found
    return best
