"""E-mail: headers that people read, what mail programs show, the names of attachments, forwarded
messages wherever they are."""

import email
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import BinaryIO

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, Origin, ParsedDocument, ParsedPage
from ingestion.parsing.eml.headers import header
from ingestion.parsing.eml.parts import MessageContent, message_content
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.origin import origin_of
from ingestion.parsing.text.encoding import decode, detect_encoding

_FIELDS = ("From", "To", "Cc", "Date", "Subject")
_MAX_DEPTH = 30


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a message; each message in it (itself first, then forwarded ones) is a page."""
    return parse_message(read_message(file), media_types.EML)


def read_message(file: BinaryIO) -> Message:
    """Return the message in a file."""
    data = file.read()
    if detect_encoding(data).startswith(("utf-16", "utf-32")):
        data = decode(data).encode()
    return email.message_from_bytes(data.lstrip())


def parse_message(message: Message, media_type: str) -> ParsedDocument:
    """Return what a mail program shows of a message, which was in a file of this type."""
    contents = list(message_contents(message))
    pages = tuple(
        ParsedPage(number, header(found, "Subject"), tuple(_blocks(found, content)))
        for number, (found, content) in enumerate(contents, start=1)
    )
    return ParsedDocument(
        media_type=media_type,
        title=header(message, "Subject") or None,
        language=None,
        unit="message",
        pages=pages,
        warnings=tuple(_warnings(content for _, content in contents)),
        origin=_origin(message),
    )


def _origin(message: Message) -> Origin:
    """Return the sender's name, or address, and the day of sending where the message was sent."""
    name, address = parseaddr(header(message, "From"))
    with suppress(ValueError):
        sent = parsedate_to_datetime(header(message, "Date"))
        return origin_of(name or address, sent.date().isoformat())
    return origin_of(name or address, None)


def _warnings(contents: Iterable[MessageContent]) -> Iterator[ParseWarning]:
    for content in contents:
        if content.unread:
            yield ParseWarning(WarningCode.UNREAD_FILES, tuple(content.unread))
        yield from content.warnings


def message_contents(message: Message, depth: int = 0) -> Iterator[tuple[Message, MessageContent]]:
    """Yield a message with what it holds, then those in it."""
    content = message_content(message)
    yield message, content
    if depth < _MAX_DEPTH:
        for inner in content.messages:
            yield from message_contents(inner, depth + 1)


def _blocks(message: Message, content: MessageContent) -> Iterator[Block]:
    fields = [f"{name}: {value}" for name in _FIELDS if (value := header(message, name))]
    if fields:
        yield Block("paragraph", "\n".join(fields))
    yield from content.blocks
    for name in content.files:
        yield Block("list_item", f"- {name}", 1)
