"""Text as people type it when they search: no accents, no capitals."""

import unicodedata


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents, spaces made single."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
