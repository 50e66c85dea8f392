"""An Outlook message as the e-mail that it is: fields, bodies, attachments.

What is shown of an e-mail is decided in one place, `ingestion.parsing.eml`.
"""

import base64
import io
from email.message import Message
from email.utils import format_datetime, formataddr
from typing import BinaryIO

import olefile

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.detection import ole2
from ingestion.parsing.msg.properties import Storage
from ingestion.parsing.msg.rtf_compression import decompressed

_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER_NAME, _SENDER_ADDRESS = (0x0042, 0x0C1A), (0x5D02, 0x5D01, 0x0065, 0x0C1F)
_SENT, _DELIVERED = 0x0039, 0x0E06
_SHOWN_TO, _SHOWN_CC = 0x0E04, 0x0E03
_RECIPIENT_NAME, _RECIPIENT_ADDRESS, _RECIPIENT_KIND = 0x3001, (0x39FE, 0x3003), 0x0C15
_FIELD_OF_KIND = {1: "To", 2: "Cc"}
_FILE_NAME, _FILE_KIND, _FILE_DATA = (0x3707, 0x3704, 0x3001), 0x370E, 0x3701
_METHOD, _EMBEDDED_MESSAGE = 0x3705, 5
_MAX_DEPTH = 20
_MAX_ATTACHMENTS = 1_000
_MAX_RTF_BYTES = 64 * 1024 * 1024
# RTF that Outlook made from another form of the same message: that form says it better.
_DERIVED = (b"\\fromtext", b"\\fromhtml")
_RTF_HEAD_BYTES = 1024


def outlook_message(file: BinaryIO, depth: int = 0, *, with_files: bool = False) -> Message:
    """Return the message that an .msg file holds, attached files without their bytes unless
    `with_files`; raises CorruptDocument."""
    try:
        ole = olefile.OleFileIO(file)
    except OSError as error:
        raise CorruptDocument(f"not a readable OLE2 file: {error}") from error
    with ole:
        return _message(Storage(ole, ()), depth, with_files=with_files)


def _message(storage: Storage, depth: int, *, with_files: bool) -> Message:
    message = Message()
    for name, value in _fields(storage):
        if value:
            message[name] = value
    message["Content-Type"] = "multipart/mixed"
    message["MIME-Version"] = "1.0"
    parts: list[Message | str] = [body] if (body := _body(storage)) is not None else []
    attached = storage.inside("__attach_version1.0_")
    for _, attachment in zip(range(_MAX_ATTACHMENTS), attached, strict=False):
        parts.append(_attachment(attachment, depth, with_files=with_files))
    message.set_payload(parts)
    return message


def _fields(storage: Storage) -> list[tuple[str, str]]:
    sent = storage.time(_SENT, _DELIVERED)
    fields = [
        ("From", _address(storage.text(*_SENDER_NAME), storage.text(*_SENDER_ADDRESS))),
        *_recipients(storage),
        ("Date", format_datetime(sent) if sent else ""),
        ("Subject", storage.text(_SUBJECT)),
    ]
    return [(name, " ".join(value.split())) for name, value in fields]


def _recipients(storage: Storage) -> list[tuple[str, str]]:
    """Return the fields of recipients: the list that is shown where a recipient is not stored."""
    found: dict[str, list[str]] = {"To": [], "Cc": []}
    for recipient in storage.inside("__recip_version1.0_"):
        field = _FIELD_OF_KIND.get(recipient.number(_RECIPIENT_KIND) or 0)
        if field:
            name, address = recipient.text(_RECIPIENT_NAME), recipient.text(*_RECIPIENT_ADDRESS)
            found[field].append(_address(name, address))
    shown = {"To": storage.text(_SHOWN_TO), "Cc": storage.text(_SHOWN_CC)}
    return [(name, ", ".join(filter(None, each)) or shown[name]) for name, each in found.items()]


def _address(name: str, address: str) -> str:
    """Return a person as e-mails write it; an address inside Exchange says nothing to readers."""
    if "@" not in address or name == address:
        return name or address
    return formataddr((name, address)) if name.isascii() else f"{name} <{address}>"


def _body(storage: Storage) -> Message | None:
    """Return the richest form of the text."""
    html, html_text = storage.data(_HTML), storage.text(_HTML).encode()
    plain = storage.text(_BODY).encode()
    rtf = b""
    if not (html or html_text) and (packed := storage.data(_RTF)):
        try:
            rtf = decompressed(packed, _MAX_RTF_BYTES)
        except CorruptDocument:
            if not plain:
                raise
    is_derived = any(mark in rtf[:_RTF_HEAD_BYTES] for mark in _DERIVED)
    if html:
        return _part("text/html", html)
    if html_text:
        return _part('text/html; charset="utf-8"', html_text)
    if rtf and not (is_derived and plain.strip()):
        return _part("application/rtf", rtf)
    return _part('text/plain; charset="utf-8"', plain) if plain else None


def _part(kind: str, data: bytes) -> Message:
    part = Message()
    part["Content-Type"] = kind
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(data).decode("ascii"))
    return part


def _attachment(storage: Storage, depth: int, *, with_files: bool) -> Message:
    name = storage.text(*_FILE_NAME)
    is_read = with_files or name.lower().endswith((".msg", ".eml"))
    data = storage.data(_FILE_DATA) if is_read else b""
    if depth < _MAX_DEPTH:
        if storage.number(_METHOD) == _EMBEDDED_MESSAGE:
            for inner in storage.inside("__substg1.0_3701000D"):
                return _forwarded(_message(inner, depth + 1, with_files=with_files))
        if data.startswith(ole2.MAGIC) and ole2.detect_ole2(io.BytesIO(data)) == media_types.MSG:
            inner_file = io.BytesIO(data)
            return _forwarded(outlook_message(inner_file, depth + 1, with_files=with_files))
    part = _part(storage.text(_FILE_KIND) or "application/octet-stream", data)
    part.add_header("Content-Disposition", "attachment", filename=name or "?")
    return part


def _forwarded(message: Message) -> Message:
    part = Message()
    part["Content-Type"] = "message/rfc822"
    part.set_payload([message])
    return part
