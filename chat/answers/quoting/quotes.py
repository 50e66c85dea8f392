"""Verbatim quotes: the words of a passage that support the statements citing it.

A quote is always a part of the text of the passage, never text of a model.
"""

import re
from collections.abc import Iterator, Sequence

from ingestion.chunking.sentences import sentence_spans
from ingestion.indexing.lexical import analyse

# [1], [2, 3], [4; 5]; not a Markdown link's text, nor an escaped bracket.
CITATION = re.compile(r"(?<!\\)\[(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\](?!\()")
# A neighbouring sentence is added to the quote when it has this share of the statement's terms.
_NEIGHBOUR_GAIN = 0.2


def cited_numbers(text: str, n_chunks: int) -> list[int]:
    """Return the numbers that an answer cites and that exist, each once, in order."""
    return list(dict.fromkeys(number for _place, number in cited_places(text, n_chunks)))


def cited_places(text: str, n_chunks: int) -> Iterator[tuple[int, int]]:
    """Yield where an answer cites (the character at which a mark begins) and which number."""
    for mark in CITATION.finditer(text):
        for number in numbers_of(mark):
            if 1 <= number <= n_chunks:
                yield mark.start(), number


def quotes(answer: str, passages: Sequence[str]) -> dict[int, str]:
    """Return, for each passage cited as [n], the words in it that support the statement citing it.

    The quote is empty when the passage shares no term with the statement.
    """
    statements: dict[int, list[str]] = {}
    for statement, numbers in _statements(answer):
        for number in numbers:
            if 1 <= number <= len(passages):
                statements.setdefault(number, []).append(statement)
    return {
        number: supporting_words(" ".join(said), passages[number - 1])
        for number, said in statements.items()
    }


def supporting_words(statement: str, passage: str) -> str:
    """Return the consecutive sentences of ``passage`` that share most terms with ``statement``."""
    wanted = set(analyse(statement))
    spans = list(units(passage))
    if not wanted or not spans:
        return ""
    shared = [wanted & set(analyse(passage[start:end])) for start, end in spans]
    best = max(range(len(spans)), key=lambda i: (len(shared[i]), -i))
    if not shared[best]:
        return ""
    first = last = best
    found = set(shared[best])
    for i in (best - 1, best + 1):
        if 0 <= i < len(spans) and len(shared[i] - found) >= _NEIGHBOUR_GAIN * len(wanted):
            found |= shared[i]
            first, last = min(first, i), max(last, i)
    return passage[spans[first][0] : spans[last][1]]


def units(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each quotable unit: a row of a table, else a sentence."""
    start = 0
    for line in text.splitlines(keepends=True):
        if line.startswith("|"):
            yield start, start + len(line.rstrip())
        else:
            for begin, end in sentence_spans(line):
                yield start + begin, start + end
        start += len(line)


def _statements(answer: str) -> Iterator[tuple[str, list[int]]]:
    """Yield each sentence of an answer with the numbers that it cites."""
    for start, end in units(answer):
        sentence = answer[start:end]
        numbers = [number for mark in CITATION.finditer(sentence) for number in numbers_of(mark)]
        statement = CITATION.sub("", sentence).strip()
        if numbers and statement:
            yield statement, numbers
        elif numbers:
            # "… a statement. [1]": the mark belongs to what comes before it.
            before = CITATION.sub("", answer[:start]).strip()
            last = list(units(before))[-1:] or [(0, 0)]
            yield before[last[0][0] : last[0][1]], numbers


def numbers_of(mark: re.Match[str]) -> list[int]:
    """Return the numbers of a match of ``CITATION``."""
    return [int(number) for number in re.split(r"\s*[,;]\s*", mark[1])]
