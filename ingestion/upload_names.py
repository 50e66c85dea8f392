"""Names of uploaded files as Django receives them."""

import html

from django.http.multipartparser import MultiPartParser

# Zero-width non-joiner and joiner: part of Persian words and of emoji.
JOINERS = "\u200c\u200d"


def keep_joiners() -> None:
    """Replace the rule of Django, which removes all characters that are not printable."""
    MultiPartParser.sanitize_file_name = _sanitize  # type: ignore[method-assign, assignment]


def _sanitize(_parser: MultiPartParser, file_name: str) -> str | None:
    """Return the name without its path; None (no file) when nothing is left."""
    base = html.unescape(file_name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in base if c in JOINERS or c.isprintable())
    return None if kept.strip(JOINERS) in {"", ".", ".."} else kept
