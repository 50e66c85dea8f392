"""Header fields as people read them (RFC 2047, RFC 2231), in whatever charset they really are.

The standard library stumbles over malformed addresses, and neither mends wrong charsets nor joins a
character that a mail program cut in two.
"""

import base64
import binascii
import quopri
import re
from email.message import Message

from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line

_WORD = r"=\?([^?*\s]+)(?:\*[^?]*)?\?([bBqQ])\?([^?]*)\?="
_ENCODED_WORD = re.compile(_WORD)
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")
_QUOTED_WORD = re.compile(r'"((?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=\s*)+)"')


def header(message: Message, name: str) -> str:
    """Return a field on one line, "" if the message has none."""
    wanted = name.lower()
    for found, value in message.raw_items():
        if found.lower() == wanted:
            return readable(str(value))
    return ""


def readable(value: str) -> str:
    """Return the text of a field that came from the standard library's parser."""
    text = _plain(value)
    if "=?" in text:
        text = _QUOTED_WORD.sub(r"\1", text)
        text = _decoded_words(_BETWEEN_WORDS.sub("", text))
    return one_line(text)


def file_name(part: Message) -> str:
    """Return the name of the file that a part holds, "" if it has none."""
    carrier = Message()
    for name, value in part.raw_items():
        if name.lower() in ("content-disposition", "content-type"):
            carrier[name] = _plain(str(value))
    return readable(carrier.get_filename() or "")


def _plain(value: str) -> str:
    """Return a value whose bytes beyond ASCII the parser has left as surrogates."""
    try:
        return decode(value.encode("ascii", "surrogateescape"))
    except UnicodeEncodeError:
        return value


def _decoded_words(text: str) -> str:
    parts: list[str] = []
    pending, charset, at = b"", "", 0
    for match in _ENCODED_WORD.finditer(text):
        is_adjacent = match.start() == at
        if not is_adjacent or match.group(1).lower() != charset:
            parts.append(decode(pending, charset or None))
            pending = b""
        parts.append(text[at : match.start()])
        charset = match.group(1).lower()
        pending += _bytes(match.group(2), match.group(3))
        at = match.end()
    return "".join([*parts, decode(pending, charset or None), text[at:]])


def _bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b" "), header=False)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return data
