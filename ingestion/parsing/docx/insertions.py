"""Files that Word inserts into a document where it is opened (altChunk; ECMA-376-1, 17.17.2).

Mail merges and report generators leave HTML, web archives (MHT), RTF, text and Word files there.
"""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO
from typing import BinaryIO

from lxml import etree

from ingestion.errors import DocumentError, EmptyDocument
from ingestion.parse_warnings import ParseWarning
from ingestion.parsing.archive import Archive, attribute
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.html.parser import decode_html, html_root, html_text
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.office.flat import FLAT_PACKAGE
from ingestion.parsing.ooxml import Relationship
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.rtf import parser as rtf
from ingestion.parsing.text.encoding import decode

_HEADER = re.compile(rb"[A-Za-z][A-Za-z-]*:[^\n]*\n")
_MIME_HEADER = re.compile(rb"^(?:MIME-Version|Content-Type):", re.I | re.M)
_MARKUP = re.compile(
    rb"<(?:!doctype|html|head|body|p|div|table|h[1-6]|ul|ol|span|b|i|a|br|font)\b", re.I
)
_HEAD_BYTES = 4096


class Insertions:
    """Reads the files inserted into a document, by the names of their parts."""

    def __init__(
        self, archive: Archive, limits: ParseLimits, read_word: Callable[[BinaryIO], ParsedDocument]
    ) -> None:
        self.warnings: list[ParseWarning] = []
        self._archive = archive
        self._limits = limits
        self._read_word = read_word

    def blocks(self, part: str) -> list[Block]:
        """Return the blocks of an inserted file; none, and a warning, if it cannot be read."""
        if part not in self._archive:
            return []
        try:
            return self._blocks(self._archive.read(part))
        except EmptyDocument:
            return []
        except DocumentError:
            self._archive.note_damage(part)
            return []

    def place_texts(self, root: etree._Element, links: list[Relationship]) -> None:
        """Put, in place, paragraphs of text where files are inserted in a part with those links."""
        parts = {link.id: link.part for link in links}
        for item in list(root.iter("{*}altChunk")):
            parent = item.getparent()
            if parent is None:
                continue
            for block in self.blocks(parts.get(attribute(item, "id") or "", "")):
                item.addprevious(_paragraph_beside(item, block.text))
            parent.remove(item)

    def _blocks(self, data: bytes) -> list[Block]:
        head = data[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
        if data.startswith(b"PK\x03\x04") or FLAT_PACKAGE.search(head):
            document = self._read_word(BytesIO(data))
            self.warnings += document.warnings
            return _flat(document)
        if head.startswith(b"{\\rtf"):
            document = rtf.parse(BytesIO(data), self._limits)
            self.warnings += document.warnings
            return _flat(document)
        if _HEADER.match(head) and _MIME_HEADER.search(head):
            return self._web_archive(data)
        if _MARKUP.search(head.replace(b"\x00", b"")):
            return self._html(decode_html(data))
        return text_blocks(decode(data))

    def _html(self, text: str) -> list[Block]:
        found = html_text(html_root(text))
        self.warnings += found.warnings
        return found.blocks

    def _web_archive(self, data: bytes) -> list[Block]:
        """Return the blocks of the page in a web archive (RFC 2557)."""
        message = message_from_bytes(data.lstrip(), EmailMessage, policy=default)
        body = message.get_body(("html", "plain"))
        content = body.get_payload(decode=True) if body else None
        if body is None or not isinstance(content, bytes):
            return []
        charset = body.get_content_charset()
        if body.get_content_subtype() == "html":
            return self._html(decode_html(content, charset))
        return text_blocks(decode(content, charset))


def _flat(document: ParsedDocument) -> list[Block]:
    return [block for page in document.pages for block in page.blocks]


def _paragraph_beside(item: etree._Element, text: str) -> etree._Element:
    """Return a w:p of `text` in the namespace of `item`."""
    space = item.tag.rpartition("}")[0] + "}"
    paragraph = etree.Element(f"{space}p")
    etree.SubElement(etree.SubElement(paragraph, f"{space}r"), f"{space}t").text = text
    return paragraph
