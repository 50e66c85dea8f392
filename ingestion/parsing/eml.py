"""E-mail: headers that people read, the body, the names of attachments, forwarded messages."""

import email
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.policy import default
from typing import BinaryIO

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.html.parser import decode_html, html_blocks, html_root
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line

_FIELDS = ("From", "To", "Cc", "Date", "Subject")
_MAX_DEPTH = 10


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a message; each message in it (itself first, then forwarded ones) is a page."""
    message = email.message_from_bytes(file.read(), policy=default)
    if not isinstance(message, EmailMessage):
        raise CorruptDocument("not a message")
    pages = tuple(
        ParsedPage(number, _header(found, "Subject"), tuple(_blocks(found)))
        for number, found in enumerate(_messages(message, 0), start=1)
    )
    return ParsedDocument(
        media_type=media_types.EML,
        title=_header(message, "Subject") or None,
        language=None,
        unit="message",
        pages=pages,
    )


def _messages(message: Message, depth: int) -> Iterator[Message]:
    yield message
    if depth < _MAX_DEPTH:
        for part in _parts(message):
            if part.get_content_type() == "message/rfc822" and part.is_multipart():
                for inner in part.get_payload():
                    if isinstance(inner, Message):
                        yield from _messages(inner, depth + 1)


def _parts(message: Message) -> Iterator[Message]:
    """Yield the parts of a message, without entering messages inside it."""
    if message.get_content_maintype() != "multipart":
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _parts(part)


def _header(message: Message, name: str) -> str:
    try:
        return one_line(str(message.get(name, "")))
    except (ValueError, TypeError, AttributeError, IndexError, LookupError):
        # The standard library stumbles over some malformed addresses and charsets.
        return one_line(dict(message.raw_items()).get(name, ""))


def _blocks(message: Message) -> Iterator[Block]:
    fields = [f"{name}: {value}" for name in _FIELDS if (value := _header(message, name))]
    if fields:
        yield Block("paragraph", "\n".join(fields))
    plain: list[Block] = []
    rich: list[Block] = []
    names: list[str] = []
    for part in _parts(message):
        name = one_line(part.get_filename() or "")
        kind = part.get_content_type()
        if name or part.get_content_disposition() == "attachment":
            names.append(name or kind)
        elif kind == "text/html":
            rich += html_blocks(html_root(_text(part, decode_html(_payload(part)))))
        elif part.get_content_maintype() == "text":
            plain += text_blocks(_text(part, decode(_payload(part))))
    yield from plain if _length(plain) >= _length(rich) / 2 else rich
    for name in names:
        yield Block("list_item", f"- {name}", 1)


def _length(blocks: list[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message, guessed: str) -> str:
    charset = part.get_content_charset()
    if charset is None:
        return guessed
    try:
        return _payload(part).decode(charset, errors="replace")
    except LookupError:
        return guessed
