"""Characters as people expect them: composed accents, plain spaces, no ligatures, no controls."""

import re
import unicodedata

# Latin ligatures and Arabic/Hebrew presentation forms are shapes of letters: NFKC restores the
# letters. It is not applied to the rest, where it would turn "m²" into "m2" and "½" into "1⁄2".
_SHAPES = re.compile("[\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc]+")
_SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# Controls (NUL cannot be stored by PostgreSQL), lone surrogates, non-characters, private-use icons,
# marks that cut words in two. Joiners (U+200C, U+200D) belong to Persian and to emoji.
_REMOVED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\u202a-\u202e\u2066-\u2069\ue000-\uf8ff]"
)
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n[ \n]*\n")


def clean_text(text: str) -> str:
    """Return `text` in NFC, with ordinary spaces and newlines, free of invisible characters."""
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text)
    text = _NEWLINES.sub("\n", text)
    text = _REMOVED.sub("", text)
    text = _SHAPES.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
    text = unicodedata.normalize("NFC", text)
    return _SPACES.sub(" ", text)


def one_line(text: str) -> str:
    """Return cleaned `text` on one line, without spaces around it."""
    return " ".join(clean_text(text).split())


def clean_block(text: str) -> str:
    """Return cleaned `text` with its line breaks, but no blank lines and no spaces around lines."""
    lines = (line.strip() for line in clean_text(text).split("\n"))
    return _BLANK_LINES.sub("\n", "\n".join(lines)).strip("\n")
