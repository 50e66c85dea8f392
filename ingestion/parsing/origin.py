"""Who wrote a file, and when, as its format says; people may correct both."""

import re
from datetime import date

from ingestion.parsing.document import Origin
from ingestion.parsing.text.normalise import one_line

_MAX_CHARS = 200
# Names that programs write by themselves.
_NOBODY = frozenset(
    {"", "python-docx", "openpyxl", "microsoft office user", "utilisateur windows", "unknown"}
    | {"windows user", "administrator", "administrateur", "admin", "user", "owner", "anonymous"}
)
# ISO 8601, and the dates of PDF (ISO 32000-2, 7.9.4) without their "D:".
_DATE = re.compile(r"(?:D:)?(\d{4})-?(\d{2})-?(\d{2})")
_EARLIEST_YEAR = 1900


def origin_of(author: str | None, dated: str | None) -> Origin:
    """Return what the texts in a file say; what cannot be meant is left out."""
    return Origin(_author(author or ""), read_date(dated or ""))


def read_date(text: str) -> date | None:
    """Return the date at the beginning of a text, or None."""
    found = _DATE.match(text.strip())
    if found is None:
        return None
    try:
        read = date(*map(int, found.groups()))
    except ValueError:
        return None
    return read if read.year >= _EARLIEST_YEAR else None


def _author(text: str) -> str | None:
    name = one_line(text)[:_MAX_CHARS].strip()
    return None if name.casefold() in _NOBODY else name
