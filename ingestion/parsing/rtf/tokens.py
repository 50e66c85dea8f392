"""RTF (specification 1.9.1) cut into its tokens: braces, control words, characters."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from ingestion.parsing.rtf.words import KNOWN

Word = tuple[str, int | None]
TokenKind = Literal["bytes", "words", "{", "}", "binary", "symbol"]
Token = tuple[TokenKind, bytes]

_TOKEN = re.compile(
    rb"((?:[^\\{}]++|\\'[0-9A-Fa-f]{2}|\\[\\{}])++)"
    rb"|((?:\\(?!bin(?![A-Za-z]))[A-Za-z]{1,64}+(?:-?\d{1,10}+)? ?[\r\n]*+)++)"
    rb"|(\{)"
    rb"|(\})"
    rb"|\\([^A-Za-z'])"
    rb"|\\bin(-?\d{1,10})? ?",
    re.DOTALL,
)
_KINDS: tuple[TokenKind, ...] = ("bytes", "words", "{", "}", "symbol")
_WORD = re.compile(rb"\\([A-Za-z]+)(-?\d+)?")
_ESCAPE = re.compile(rb"\\(?:'(..)|([\\{}]))")
_OTHER_ESCAPE = re.compile(rb"\\[^']")
_LINE_BREAKS = b"\r\n"
_KNOWN_NAMES = {name.encode(): name for name in KNOWN}
_MAX_CACHED_BYTES = 512


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens of `data`; what breaks the syntax is passed over.

    "bytes" are characters as they are written (see `characters`), "words" control words that follow
    one another (see `words`), "symbol" a control symbol.
    """
    at: int | None = 0
    while at is not None:
        start, at = at, None
        for match in _TOKEN.finditer(data, start):
            group = match.lastindex
            if group is not None and group <= len(_KINDS):
                yield _KINDS[group - 1], match[group]
            else:
                yield "binary", b""
                at = match.end() + max(int(match[6] or 0), 0)
                break


def words(text: bytes) -> tuple[Word, ...]:
    """Return the control words in `text`, with their numbers: the first one, and those that the
    reader knows. Writers repeat the same ones again and again."""
    return _cached_words(text) if len(text) <= _MAX_CACHED_BYTES else _words(text)


def _words(text: bytes) -> tuple[Word, ...]:
    found: list[Word] = []
    for name, digits in _WORD.findall(text):
        word = _KNOWN_NAMES.get(name)
        # An unknown word ends the fallback of the character (\\u) before it.
        if word is None and (not found or found[-1][0] == "u"):
            word = name.decode()
        if word is not None:
            found.append((word, int(digits) if digits else None))
    return tuple(found)


_cached_words = lru_cache(maxsize=4096)(_words)


def characters(text: bytes) -> bytes:
    """Return the bytes that stand for characters in the code page of their font."""
    text = text.translate(None, _LINE_BREAKS)
    if b"\\" not in text:
        return text
    if _OTHER_ESCAPE.search(text):
        return _ESCAPE.sub(_meant, text)
    head, *rest = text.split(b"\\'")
    return head + b"".join([bytes.fromhex(part[:2].decode()) + part[2:] for part in rest])


def _meant(match: re.Match[bytes]) -> bytes:
    """Return the byte that an escape stands for."""
    code, character = match.groups()
    return bytes.fromhex(code.decode()) if code else bytes(character)
