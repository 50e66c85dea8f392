"""Imports golden questions from CSV: all lines, or none and what is wrong with each.

The columns are named in the first line, in English or in French; only that of the question is
needed. Runs inside ``tenant(instance)``.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from evaluation.golden.collection import MAX_QUESTIONS, find_documents, has_room
from evaluation.models import GoldenQuestion, question_digest
from instances.models import Instance

MAX_CHARS: Final = 1 << 20
_COLUMNS: Final[Mapping[str, str]] = {
    "question": "question",
    "document": "document",
    "page": "page",
    "words": "words",
    "mots": "words",
    "refuse": "refuse",
    "refus": "refuse",
}
_YES: Final = frozenset({"x", "1", "yes", "oui", "true", "vrai"})
_NO: Final = frozenset({"", "0", "no", "non", "false", "faux"})
# Added by our own export, so that no spreadsheet computes the cell.
_DISARMED: Final = re.compile(r"^'(?=[=+\-@])")


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with a line, numbered from 1 as a spreadsheet does."""

    number: int
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many questions were added, how many the instance had already, and what is wrong."""

    added: int = 0
    known: int = 0
    errors: list[LineError] = field(default_factory=list)


class InvalidLine(ValueError):
    """A line that cannot be imported; its message is translated."""


def import_questions(instance: Instance, text: str) -> ImportReport:
    """Add the questions of a CSV; none is added when a line is wrong."""
    if len(text) > MAX_CHARS:
        return ImportReport(errors=[LineError(1, _("The file is too large."))])
    rows = list(_rows(text))
    columns = _columns(rows[0][1]) if rows else []
    if "question" not in columns:
        message = _(
            "The first line must name the columns: question, document, page, words, refuse."
        )
        return ImportReport(errors=[LineError(1, message)])
    questions: dict[str, GoldenQuestion] = {}
    errors: list[LineError] = []
    for number, cells in rows[1:]:
        try:
            golden = _question(instance, dict(zip(columns, cells, strict=False)))
        except InvalidLine as error:
            errors.append(LineError(number, str(error)))
            continue
        if golden.digest in questions:
            errors.append(LineError(number, _("The same question is in an earlier line.")))
        questions[golden.digest] = golden
    return ImportReport(errors=errors) if errors else _add(instance, questions)


def _add(instance: Instance, questions: dict[str, GoldenQuestion]) -> ImportReport:
    stored = GoldenQuestion.objects.for_instance(instance)
    known = set(stored.filter(digest__in=questions).values_list("digest", flat=True))
    new = [golden for digest, golden in questions.items() if digest not in known]
    if not has_room(instance, len(new)):
        message = _("An instance has %(n)s golden questions at most.") % {"n": MAX_QUESTIONS}
        return ImportReport(errors=[LineError(1, message)])
    GoldenQuestion.objects.bulk_create(new, ignore_conflicts=True)
    return ImportReport(added=len(new), known=len(known))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, each with the number of its last line in the file."""
    text = text.removeprefix("\ufeff").replace("\0", "")
    heading = text.partition("\n")[0]
    dialect = csv.excel()
    dialect.delimiter = max(";,\t", key=heading.count)
    reader = csv.reader(text.splitlines(keepends=True), dialect)
    for cells in reader:
        stripped = [_DISARMED.sub("", cell.strip()) for cell in cells]
        if any(stripped):
            yield reader.line_num, stripped


def _columns(heading: list[str]) -> list[str]:
    """Return the names of the columns, "" for unknown ones."""
    return [_COLUMNS.get(_folded(cell), "") for cell in heading]


def _question(instance: Instance, cells: dict[str, str]) -> GoldenQuestion:
    """Return the question of a line, not saved; raises InvalidLine."""
    text = cells.get("question", "")
    if not text:
        raise InvalidLine(_("The question is missing."))
    if len(text) > 2000:
        raise InvalidLine(_("The question is longer than 2,000 characters."))
    refuse = _folded(cells.get("refuse", ""))
    if refuse not in _YES | _NO:
        raise InvalidLine(_("The column “refuse” must be empty or x."))
    document, words = cells.get("document", ""), cells.get("words", "")
    if (refuse in _YES) == bool(document or words):
        raise InvalidLine(
            _("Give the expected document or words, or say that the question is to be refused.")
        )
    golden = GoldenQuestion(
        instance=instance,
        question=text,
        digest=question_digest(text),
        must_be_refused=refuse in _YES,
        words="\n".join(part.strip() for part in words.split("|") if part.strip())[:2000],
    )
    if document:
        set_document(golden, document, cells.get("page", ""))
    elif cells.get("page"):
        raise InvalidLine(_("A page is expected, but no document."))
    return golden


def set_document(golden: GoldenQuestion, name: str, page: str) -> None:
    """Set the expected document by its name, and the page; raises InvalidLine."""
    found = find_documents(golden.instance, name)
    if len(found) != 1:
        message = (
            _("Several documents are called “%(name)s”.")
            if found
            else _("No document is called “%(name)s”.")
        )
        raise InvalidLine(message % {"name": name[:100]})
    golden.document, golden.document_name = found[0], found[0].name
    if not page:
        return
    if not page.isdecimal() or not 1 <= int(page[:9]) <= max(found[0].pages, 1):
        raise InvalidLine(
            _("“%(page)s” is not a page of this document, which has %(pages)s.")
            % {"page": page[:20], "pages": found[0].pages}
        )
    golden.page = int(page)


def _folded(text: str) -> str:
    """Return a text without accents and capitals."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().strip())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
