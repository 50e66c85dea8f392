"""The text of one part of a message, in its many forms."""

import io
import re
from email.message import Message

from ingestion.parsing.document import Block
from ingestion.parsing.eml.headers import readable
from ingestion.parsing.html.parser import HtmlText, decode_html, html_root, html_text
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.rtf import parser as rtf
from ingestion.parsing.text.encoding import decode

_HTML_START = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.I)
_ENRICHED_COMMAND = re.compile(r"<(?:param>.*?</param|/?[a-z-]+)>", re.I | re.S)
_FOLD = re.compile(r"\r?\n[ \t]")
_CALENDAR_FIELD = re.compile(
    r"^(SUMMARY|DTSTART|DTEND|LOCATION|ORGANIZER|DESCRIPTION)(?:;[^:\n]*)?:(.+)$", re.M
)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S.*)\n(?:[!-`].*\n)*?(?:`\n)?end[ \t]*$", re.M)
_SIGNATURE = "-- "


def body_text(part: Message) -> HtmlText:
    """Return the text of a part that is shown, whatever its form."""
    kind = part.get_content_type()
    charset = part.get_content_charset()
    data = payload(part)
    if kind == "message/delivery-status":
        return HtmlText(_status_blocks(part))
    if kind in ("text/rtf", "application/rtf"):
        document = rtf.parse(io.BytesIO(data), ParseLimits())
        blocks = [block for page in document.pages for block in page.blocks]
        return HtmlText(blocks, document.warnings)
    if kind in ("text/html", "application/xhtml+xml"):
        text = decode_html(data, charset)
    else:
        text = decode(data, charset)
    if kind == "text/html" or _HTML_START.match(text):
        return html_text(html_root(text)) if text.strip() else HtmlText([])
    if kind == "text/enriched":
        text = _ENRICHED_COMMAND.sub("", re.sub(r"(?<!\n)\r?\n(?!\r?\n)", " ", text))
    elif kind == "text/calendar":
        text = _calendar_text(text)
    elif str(part.get_param("format", "")).lower() == "flowed":
        text = _unflowed(text, str(part.get_param("delsp", "")).lower() == "yes")
    return HtmlText(text_blocks(_UUENCODED.sub(r"- \1", text.replace("\r\n", "\n"))))


def has_words(blocks: list[Block]) -> bool:
    """Tell whether blocks say something."""
    return any(character.isalnum() for block in blocks for character in block.text)


def payload(part: Message) -> bytes:
    """Return the bytes of a part, its transfer encoding undone."""
    found = part.get_payload(decode=True)
    if isinstance(found, bytes):
        return found
    text = part.get_payload()
    return text.encode("ascii", "surrogateescape") if isinstance(text, str) else b""


def _status_blocks(part: Message) -> list[Block]:
    """Return what a bounce says of each address (RFC 3464)."""
    groups = part.get_payload()
    if not isinstance(groups, list):
        return text_blocks(decode(payload(part)))
    texts = (
        "\n".join(f"{name}: {readable(str(value))}" for name, value in group.raw_items())
        for group in groups
        if isinstance(group, Message)
    )
    return [Block("paragraph", text) for text in texts if text]


def _calendar_text(text: str) -> str:
    """Return what an invitation says (RFC 5545)."""
    lines = [
        f"{name.capitalize()}: {value.strip()}"
        for name, value in _CALENDAR_FIELD.findall(_FOLD.sub("", text).replace("\r\n", "\n"))
    ]
    shown = "\n".join(lines).replace("\\n", "\n").replace("\\N", "\n")
    return re.sub(r"\\([,;\\])", r"\1", shown)


def _unflowed(text: str, deletes_space: bool) -> str:
    """Return paragraphs whose lines a mail program has broken at spaces (RFC 3676)."""
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        line = line.rstrip("\r")
        is_flowed = line.endswith(" ") and line != _SIGNATURE
        kept = line[:-1] if is_flowed and deletes_space else line
        if is_open and line != _SIGNATURE:
            lines[-1] += kept
        else:
            lines.append(kept)
        is_open = is_flowed
    return "\n".join(lines)
