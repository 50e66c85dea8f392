"""Example questions: those of the administrator, else made from headings of documents, no model.

A heading is used if it names a subject (at least two words of some length, no code, no number, no
name of a sheet or of a part that every document has), and if it is certain which question it
answers: ``french_headings``, ``english_headings``.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from uuid import UUID

from django.db.models import F
from django.utils.translation import get_language

from chat.example_questions.english_headings import english_question
from chat.example_questions.french_headings import french_question
from ingestion.chunking.context import PATH_SEPARATOR
from ingestion.models import Chunk, Document
from instances.models import Instance, Membership

EXAMPLES = 4
_DOCUMENTS_LOOKED_AT = 12
_CHUNKS_LOOKED_AT = 40
_MAX_HEADING_CHARS = 90
_MAX_TITLE_CHARS = 80
_LETTERS_AT_LEAST = 0.7
# "Chapter 3.", "Annexe II :", "Article L1234-5", "5.1", "a)", "•": the number before a subject.
_NUMBERING = re.compile(
    r"""\A (?: (?:chapter|chapitre|section|article|art\.|part|partie|title|titre|annexe?|appendix
                |figure|fig\.|table|tableau|slide|diapositive)
               \s+ (?: (?:[lrd]\.?\s*)?\d+(?:[.-]\d+)* | (?-i:[IVXLC]+|[A-Z]) ) \b \s* [.:)–—-]*
             | \d{1,2}(?:\.\d{1,2})* [.:)–—-]* (?=\s)
             | (?:[ivxlc]+|[a-z]) \s? [.:)–—-] (?=\s)
             | [•–—*-]
           ) \s*""",
    re.IGNORECASE | re.VERBOSE,
)
# Characters of codes, addresses, markup, quotations, titles in two parts, and tables of contents.
_ODD = re.compile(r"[_|\\<>{}=@…:\"“”«»]|\.{2,}|\blorem ipsum\b", re.IGNORECASE)
# Parts that do not name a subject; single words are left out anyway.
_PARTS = re.compile(
    r"(?:table des mati[eè]res|table of contents|(?:liste|list) (?:des|of)\b.*|mots[ -]cl[eé]s"
    r"|r[eé]f[eé]rences bibliographiques|notes et r[eé]f[eé]rences|.*reference format"
    r"|voir aussi|see also|further reading|liens externes|external links|next steps"
    r"|prochaines [eé]tapes|cette page|this (?:page|slide)\b.*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_MIN_LETTERS = 4
_MIN_LETTERS_IN_QUESTION = 5
_WORDS_OF_A_QUESTION = 3
# "": too short to be told.
_LANGUAGES_OF_PATTERNS = ("fr", "en", "")
_BEGINNING_CHARS = 4


def example_questions(membership: Membership) -> list[str]:
    """Return the questions that an administrator wrote, else some on headings of documents.

    Guests are shown no headings, as they may not open documents.
    """
    if membership.instance.example_questions:
        return membership.instance.example_questions
    return questions_on_headings(membership.instance) if membership.may_read_documents else []


def questions_on_headings(instance: Instance) -> list[str]:
    """Return up to four questions on headings of the latest documents, first one for each.

    Documents in the reader's language are first: a question is in the language of its document.
    Questions that begin differently go before those that begin alike.
    """
    ready = Document.objects.for_instance(instance).filter(status=Document.Status.READY)
    # The headings of a spreadsheet are the names of its sheets.
    documents = list(
        ready.exclude(unit=Document.Unit.SHEET).order_by("-created_at")[:_DOCUMENTS_LOOKED_AT]
    )
    documents.sort(key=lambda document: document.language != get_language())
    headings = _headings(instance, documents)
    questions: list[str] = []
    spare: list[str] = []
    for document in documents:
        named = subjects(headings[document.pk], document)
        own = [asked for asked in (_question(each, document) for each in named) if asked]
        questions += own[:1]
        spare += own[1:]
    return _varied(list(dict.fromkeys(questions + spare)))[:EXAMPLES]


def subjects(headings: Iterable[str], document: Document) -> list[str]:
    """Return the subjects named by the headings of a document, the best first."""
    title = _without_number(_title(document)).casefold()
    found = dict.fromkeys(map(_without_number, headings))
    usable = [each for each in found if is_subject(each) and each.casefold() not in title]
    # The first heading is often the title or the table of contents.
    return usable[1:] + usable[:1]


def is_subject(heading: str) -> bool:
    """Whether a heading, without its number, names a subject."""
    if not heading or len(heading) > _MAX_HEADING_CHARS or heading.isupper():
        return False
    if _ODD.search(heading) or _PARTS.fullmatch(heading) or heading[-1] in ".!;,":
        return False
    if sum(char.isalpha() or char.isspace() for char in heading) < _LETTERS_AT_LEAST * len(heading):
        return False
    words = [word for word in _WORD.findall(heading) if not word.isupper() or len(word) == 1]
    if heading.endswith("?"):
        longest = max(map(len, words), default=0)
        return len(words) >= _WORDS_OF_A_QUESTION and longest >= _MIN_LETTERS_IN_QUESTION
    return sum(len(word) >= _MIN_LETTERS for word in words) > 1


def question_on(heading: str, document: Document) -> str | None:
    """Return the question that a heading of the document answers, None if that is uncertain."""
    subject = _without_number(heading)
    return _question(subject, document) if is_subject(subject) else None


def _headings(instance: Instance, documents: Sequence[Document]) -> dict[UUID, list[str]]:
    """Return the innermost headings at the beginning of each document, in order."""
    headings: dict[UUID, list[str]] = {document.pk: [] for document in documents}
    paths = (
        Chunk.objects.for_instance(instance)
        .filter(document__in=documents, position__lt=_CHUNKS_LOOKED_AT)
        .filter(generation=F("document__index_generation"))
        .exclude(heading="")
        .order_by("document", "position")
        .values_list("document", "heading")
    )
    for pk, path in paths:
        headings[pk].append(path.split(PATH_SEPARATOR)[-1].strip())
    return headings


def _without_number(heading: str) -> str:
    return _NUMBERING.sub("", heading).strip(" \t\u00a0:–—-")


def _question(subject: str, document: Document) -> str | None:
    """Return the question that a heading of the document answers, None if that is uncertain."""
    if document.language not in _LANGUAGES_OF_PATTERNS:
        return subject if subject.endswith("?") else None
    return french_question(subject) or english_question(subject)


def _varied(questions: list[str]) -> list[str]:
    """Put the first question of each beginning before the others."""
    first_of = {question[:_BEGINNING_CHARS]: question for question in reversed(questions)}
    return sorted(questions, key=lambda question: first_of[question[:_BEGINNING_CHARS]] != question)


def _title(document: Document) -> str:
    """Return the title, else the file name; "" if neither is readable."""
    title = document.proper_title or PurePath(document.name).stem.replace("_", " ").strip()
    is_readable = any(len(word) >= _MIN_LETTERS for word in _WORD.findall(title))
    return title if is_readable and len(title) <= _MAX_TITLE_CHARS else ""
