"""Which parts of a message a mail program shows, in order, and which it offers as files."""

import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from ingestion.parse_warnings import ParseWarning
from ingestion.parsing.document import Block
from ingestion.parsing.eml.bodies import body_text, has_words, payload
from ingestion.parsing.eml.headers import file_name

_MAX_DEPTH = 100
_SIGNATURES = frozenset({"pkcs7-signature", "x-pkcs7-signature", "pgp-signature", "pgp-encrypted"})
_SHOWN_KINDS = frozenset({"application/rtf", "message/delivery-status"})


@dataclass(slots=True)
class MessageContent:
    """What a message shows, the names of its files, those that are not shown (by name and as
    parts), and the messages in it."""

    blocks: list[Block] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    attached: list[Message] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    warnings: list[ParseWarning] = field(default_factory=list)

    def add(self, other: "MessageContent", *, with_text: bool) -> None:
        """Take over what a part holds; of alternatives only one gives its text."""
        if with_text:
            self.blocks += other.blocks
            self.warnings += other.warnings
        self.files += [name for name in other.files if name not in self.files]
        self.unread += [name for name in other.unread if name not in self.unread]
        self.attached += other.attached
        self.messages += other.messages


def message_content(part: Message, depth: int = 0) -> MessageContent:
    """Return what `part`, a message or a part of one, holds, without entering messages in it."""
    content = MessageContent()
    children = list(_children(part))
    if part.get_content_maintype() == "multipart" and children:
        if depth < _MAX_DEPTH:
            _add_children(content, part, children, depth)
        return content
    kind = part.get_content_type()
    inner = inner_message(part)
    if inner is not None:
        content.messages.append(inner)
    elif _is_file(part):
        _add_file(content, part)
    elif part.get_content_maintype() in ("text", "multipart") or kind in _SHOWN_KINDS:
        text = body_text(part)
        content.blocks, content.warnings = text.blocks, list(text.warnings)
    else:
        _add_file(content, part)
    return content


def _add_children(
    content: MessageContent, part: Message, children: list[Message], depth: int
) -> None:
    found = [message_content(child, depth + 1) for child in children]
    shown = range(len(found))
    if part.get_content_subtype() == "alternative":
        # The last is the richest; a calendar entry is one more form of a text that says more.
        order = sorted(shown, key=lambda number: (_richness(children[number]), number))
        worded = [number for number in order if has_words(found[number].blocks)]
        shown = range(worded[-1], worded[-1] + 1) if worded else shown
    for number, item in enumerate(found):
        content.add(item, with_text=number in shown)


def _richness(part: Message) -> int:
    kind = part.get_content_type()
    if kind in ("text/html", "application/xhtml+xml") or part.get_content_maintype() == "multipart":
        return 2
    return 1 if kind in ("text/plain", "text/enriched", "text/rtf", "application/rtf") else 0


def _children(part: Message) -> Iterator[Message]:
    children = part.get_payload()
    if isinstance(children, list):
        yield from (child for child in children if isinstance(child, Message))


def inner_message(part: Message) -> Message | None:
    """Return the message that a part forwards, None if it is none.

    Some programs encode it (which RFC 2046 forbids), or attach it as a file.
    """
    if part.get_content_type() in ("message/rfc822", "message/global", "message/news"):
        inner = next(_children(part), None)
        if inner is not None and inner.keys():
            return inner
        text = inner.get_payload() if inner is not None else None
        data = _decoded(part, text) if isinstance(text, str) else payload(part)
        return _parsed(data)
    if file_name(part).lower().endswith(".eml"):
        return _parsed(payload(part))
    return None


def _decoded(part: Message, text: str) -> bytes:
    carrier = Message()
    carrier["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding", "7bit"))
    carrier.set_payload(text)
    return payload(carrier)


def _parsed(data: bytes) -> Message | None:
    message = email.message_from_bytes(data.lstrip())
    return message if message.keys() else None


def _is_file(part: Message) -> bool:
    """Tell whether a part is offered as a file: text that is shown in place may have a name too."""
    if part.get_content_disposition() == "attachment":
        return True
    is_shown = part.get_content_maintype() == "text" or part.get_content_type() in _SHOWN_KINDS
    return bool(file_name(part)) and not is_shown


def _add_file(content: MessageContent, part: Message) -> None:
    if part.get_content_subtype() in _SIGNATURES:
        return
    name = file_name(part) or part.get_content_type()
    content.files.append(name)
    if not _is_shown_picture(part):
        content.unread.append(name)
        content.attached.append(part)


def _is_shown_picture(part: Message) -> bool:
    """Tell whether a part is a picture that stands in the text, as logos do, or may."""
    is_offered = part.get_content_disposition() == "attachment" and "Content-ID" not in part
    return part.get_content_maintype() == "image" and not is_offered
