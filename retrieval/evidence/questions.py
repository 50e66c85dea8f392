"""What kind of answer a question asks for: a definition, a number, a list…

The rules are for French and English (``question_patterns``); a question in another language is of
the kind OTHER, and the decision then rests on its words and its meaning alone.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from ingestion.indexing import lexical
from ingestion.parsing.text.language import likely_language
from retrieval.evidence import question_patterns as patterns


class AnswerKind(StrEnum):
    """The kind of answer that a question asks for."""

    DEFINITION = "definition"
    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    LIST = "list"
    YES_NO = "yes_no"
    MANNER = "manner"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, by what its answer must hold.

    ``terms`` are its stems (``lexical.analyse``), without those of words that only ask: "signifie".
    ``defined`` is the term of which a definition is asked, "" otherwise. ``specifics`` are the
    terms of its acronyms, numbers and names. ``asks_name``: a name of a person answers it.
    ``language`` is an ISO 639-1 code, None when the words do not tell it.
    """

    text: str
    kind: AnswerKind
    terms: frozenset[int]
    defined: str = ""
    specifics: frozenset[int] = frozenset()
    asks_name: bool = False
    language: str | None = None


# In the order in which they are tried.
_KINDS = (
    (AnswerKind.DATE, patterns.WHEN),
    (AnswerKind.NUMBER, patterns.HOW_MUCH),
    (AnswerKind.PERSON, patterns.WHO),
    (AnswerKind.PLACE, patterns.WHERE),
    (AnswerKind.LIST, patterns.WHICH_ONES),
    (AnswerKind.MANNER, patterns.HOW),
    (AnswerKind.YES_NO, patterns.WHETHER),
)
_APOSTROPHES = str.maketrans("’ʼ‘", "'''")


def read_question(text: str) -> AskedQuestion:
    """Return what a question asks for."""
    text = " ".join(text.translate(_APOSTROPHES).split())
    defined = _defined_term(text)
    terms = frozenset(lexical.analyse(defined or text))
    if not defined:
        terms = (terms - _asking_terms()) or terms
    is_shouted = text.upper() == text
    found = [] if is_shouted else [*_found(patterns.ACRONYM, text), *_found(patterns.NAME, text)]
    found += _found(patterns.NUMBER, text)
    return AskedQuestion(
        text=text,
        kind=AnswerKind.DEFINITION if defined else _kind(text),
        terms=terms,
        defined=defined,
        specifics=frozenset(term for word in found for term in lexical.analyse(word)),
        asks_name=patterns.WHO_IS.search(text) is not None,
        language=likely_language(text),
    )


def holds_answer(question: AskedQuestion, text: str) -> bool:
    """Whether a text holds words of the kind that answers: a numeral, a date, a name."""
    if question.asks_name:
        return patterns.PERSON_NAME.search(text) is not None
    match question.kind:
        case AnswerKind.NUMBER:
            return patterns.NUMERAL.search(text) is not None
        case AnswerKind.DATE:
            return patterns.TIME.search(text) is not None
    return True


def _defined_term(text: str) -> str:
    for pattern in patterns.DEFINITIONS:
        found = pattern.search(text)
        if found:
            return found["term"].strip(" .,;")
    return ""


def _kind(text: str) -> AnswerKind:
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), AnswerKind.OTHER)


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return [match.group() for match in pattern.finditer(text)]


@cache
def _asking_terms() -> frozenset[int]:
    return frozenset(lexical.analyse(patterns.ASKING_WORDS))
