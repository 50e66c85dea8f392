"""RTF (specification 1.9.1) cut into its tokens: braces, control words, characters."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    rb"((?:[^\\{}]++|\\'[0-9A-Fa-f]{2}|\\[\\{}])++)"
    rb"|\\([A-Za-z]{1,64})(-?\d{1,10})? ?"
    rb"|([{}])"
    rb"|\\([^A-Za-z'])",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:'(..)|([\\{}]))|[\r\n]+", re.DOTALL)


class Token(NamedTuple):
    """`kind` is "{", "}", "word", "symbol" (a control symbol), "bytes" or "binary".

    `name` is a control word or symbol; `data` are characters in the code page of their font, and
    `is_raw` tells that one beyond ASCII was not escaped.
    """

    kind: str
    name: str = ""
    value: int | None = None
    data: bytes = b""
    is_raw: bool = False


def tokens(data: bytes) -> Iterator[Token]:
    """Yield the tokens of `data`; what breaks the syntax is passed over."""
    at: int | None = 0
    while at is not None:
        start, at = at, None
        for match in _TOKEN.finditer(data, start):
            text, word, digits, brace, symbol = match.groups()
            if word is not None:
                value = None if digits is None else int(digits)
                if word == b"bin":
                    yield Token("binary")
                    at = match.end() + max(value or 0, 0)
                    break
                yield Token("word", word.decode(), value)
            elif text is not None:
                yield Token("bytes", data=_ESCAPE.sub(_meant, text), is_raw=not text.isascii())
            elif brace is not None:
                yield Token(brace.decode())
            else:
                yield Token("symbol", symbol.decode("latin-1"))


def _meant(match: re.Match[bytes]) -> bytes:
    """Return the byte that an escape stands for; line breaks stand for nothing."""
    code, character = match.groups()
    return bytes.fromhex(code.decode()) if code else character or b""
