"""The sentences of an answer in Markdown, each with the passages that it cites."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chat.answers.quoting.quotes import CITATION
from ingestion.chunking.sentences import sentence_spans
from retrieval.verification.passages import with_columns

# Of code, and of formulas on lines of their own.
_FENCE = re.compile(r"\s*(?:```|~~~|\$\$\s*$|\\[\[\]]\s*$)")
_FORMULA = re.compile(r"\$|\\[(\[]")
_HEADING = re.compile(r"\s*#{1,6}\s")
_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*$|\s*(?:[-*_]\s*){3,}$")
# What comes before the words of a line: quotes, marks of lists, boxes of tasks.
_BEFORE = re.compile(r"[\s>]*(?:(?:[-*+•]|\d{1,3}[.)])\s+)?(?:\[[ xX]\]\s+)?")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_OPENING = re.compile(r"(?:(?<=\s)|^)[*_]{1,3}(?=[^\s*_])")
_CLOSING = re.compile(r"(?<=[.!?…])[*_]{1,3}(?=\s|$)")
_EMPHASIS = re.compile(r"[*`~]+|(?<!\w)_+|_+(?!\w)")


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """The sentence ``answer[start:end]`` with its citations.

    ``text`` is without Markdown and citations; ``lead`` introduces the list of which it is an item.
    ``cited`` are the numbers of its passages, as they are written. ``is_statement`` is false for
    what only introduces or asks, for formulas, and for rows of a table that cite nothing.
    """

    start: int
    end: int
    text: str
    lead: str
    cited: tuple[int, ...]
    is_statement: bool


def answer_sentences(answer: str) -> Iterator[AnswerSentence]:
    """Yield the sentences of an answer, in order; headings and code are left out."""
    start, is_code, lead, header = 0, False, "", ""
    for line in answer.splitlines(keepends=True):
        if _FENCE.match(line):
            is_code = not is_code
        elif is_code or not line.strip() or _RULE.fullmatch(line.rstrip()):
            pass
        elif _HEADING.match(line):
            lead = header = ""
        elif line.lstrip().startswith("|"):
            # The first row names the columns.
            if header:
                yield _row(line, start, header)
            header = header or line
        else:
            header = ""
            is_item = _BEFORE.match(line) is not None and line.lstrip()[:1] in "-*+•0123456789"
            found = list(_of_line(line, start, lead if is_item else ""))
            yield from found
            if not is_item:
                lead = found[-1].text if found and found[-1].text.endswith(":") else ""
        start += len(line)


def plain(text: str) -> str:
    """Return Markdown as the reader sees it, without citations."""
    text = CITATION.sub("", _LINK.sub(r"\1", text))
    return " ".join(_EMPHASIS.sub("", text).replace("\\", "").split())


def _of_line(line: str, offset: int, lead: str) -> Iterator[AnswerSentence]:
    before = _BEFORE.match(line)
    first = before.end() if before else 0
    masked = _masked(line[first:])
    spans = [(first + start, first + end) for start, end in sentence_spans(masked)]
    whole: list[tuple[int, int]] = []
    for start, end in spans:
        # "A statement. [1]": the citation belongs to what comes before it.
        if whole and not plain(line[start:end]).strip(" .,;"):
            whole[-1] = (whole[-1][0], end)
        else:
            whole.append(_without_citation_before(line, start, end, whole))
    for start, end in whole:
        yield _sentence(line[start:end], offset + start, lead)


def _masked(line: str) -> str:
    """Return a line in which emphasis does not hide where sentences end, of the same length."""
    line = _OPENING.sub(lambda marks: " " * len(marks[0]), line)
    return _CLOSING.sub(lambda marks: '"' * len(marks[0]), line)


def _without_citation_before(
    line: str, start: int, end: int, whole: list[tuple[int, int]]
) -> tuple[int, int]:
    """Return a span without the citations that it begins with, which the one before takes."""
    found = re.match(r"(?:\[[\d\s,;]+\]\s*)+", line[start:end])
    if not found or not whole:
        return start, end
    whole[-1] = (whole[-1][0], start + len(found[0].rstrip()))
    return start + found.end(), end


def _sentence(text: str, start: int, lead: str) -> AnswerSentence:
    said = plain(text)
    is_statement = bool(said) and said[-1] not in ":?" and not _FORMULA.search(text)
    return AnswerSentence(start, start + len(text), said, lead, _cited(text), is_statement)


def _row(line: str, offset: int, header: str) -> AnswerSentence:
    """Return a row of a table as a sentence, without its outer bars."""
    start = len(line) - len(line.lstrip(" |"))
    end = len(line.rstrip(" |\n\r"))
    said, cited = with_columns(plain(line), plain(header)), _cited(line)
    is_statement = bool(cited) and not _FORMULA.search(line)
    return AnswerSentence(offset + start, offset + max(start, end), said, "", cited, is_statement)


def _cited(text: str) -> tuple[int, ...]:
    numbers = (n for mark in CITATION.finditer(text) for n in re.findall(r"\d+", mark[1]))
    return tuple(dict.fromkeys(map(int, numbers)))
