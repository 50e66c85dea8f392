"""EPUB: the chapters of a book in reading order."""

import posixpath
import re
from contextlib import suppress
from typing import BinaryIO
from urllib.parse import unquote

from lxml import etree

from ingestion.errors import CorruptDocument, EmptyDocument, EncryptedDocument
from ingestion.parse_warnings import ParseWarning
from ingestion.parsing import media_types
from ingestion.parsing.archive import Archive, local_name
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage
from ingestion.parsing.html.parser import HtmlText, decode_html, html_root, html_text
from ingestion.parsing.html.sheets import MAX_STYLE_CHARS
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ooxml import descendants
from ingestion.parsing.origin import origin_of
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.grid import TextBudget

_CONTENT_TYPES = frozenset(
    {"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"}
)
_CHAPTER_ENDINGS = (".xhtml", ".html", ".htm")
_IMPORT = re.compile(r"@import\s+(?:url\(\s*)?[\"']?([^\"')\s;]+)", re.I)
_MAX_IMPORTS = 20
_MAX_IMPORT_DEPTH = 5
_FONT_KEYS = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read an .epub file: one section a file of the spine, labelled by its first heading."""
    budget = TextBudget(limits.max_text_chars)
    with Archive(file, max_unpacked_bytes=limits.max_unpacked_bytes) as archive:
        _refuse_protected(archive)
        package_part = _package_part(archive)
        package = archive.main_xml(package_part)
        pages: list[ParsedPage] = []
        hidden: list[ParseWarning] = []
        sheets = _StyleSheets(archive)
        for part in _spine(package, posixpath.dirname(package_part)) or _chapter_files(archive):
            chapter = _chapter(archive, part, sheets)
            blocks = chapter.blocks
            hidden += chapter.warnings
            budget.take(sum(len(block.text) for block in blocks))
            if blocks:
                pages.append(ParsedPage(len(pages) + 1, _label(blocks), tuple(blocks)))
        warnings = (*archive.warnings(), *hidden)
    return ParsedDocument(
        media_type=media_types.EPUB,
        title=_metadata(package, "title"),
        language=(_metadata(package, "language") or "")[:2].lower() or None,
        unit="section",
        pages=tuple(pages),
        warnings=warnings,
        origin=origin_of(_metadata(package, "creator"), _metadata(package, "date")),
    )


def _refuse_protected(archive: Archive) -> None:
    """Raise EncryptedDocument for a book under DRM; scrambled fonts alone do not matter."""
    root = archive.find_xml("META-INF/encryption.xml")
    for method in descendants(root, "EncryptionMethod") if root is not None else ():
        algorithm = (method.get("Algorithm") or "").encode()
        if algorithm not in _FONT_KEYS:
            raise EncryptedDocument("EPUB under digital rights management")


def _package_part(archive: Archive) -> str:
    container = archive.find_xml("META-INF/container.xml")
    for root in descendants(container, "rootfile") if container is not None else ():
        part = _path(root.get("full-path") or "")
        if part in archive:
            return part
    for name in archive.names():
        if name.lower().endswith(".opf"):
            return name
    raise CorruptDocument("the book has no package file")


def _spine(package: etree._Element, folder: str) -> list[str]:
    """Return the parts of the book in reading order."""
    items = {
        item.get("id"): _path(unquote((item.get("href") or "").partition("#")[0]))
        for item in descendants(package, "item")
        if item.get("media-type") in _CONTENT_TYPES
        or (item.get("href") or "").lower().endswith(_CHAPTER_ENDINGS)
    }
    links = (entry.get("idref") for entry in descendants(package, "itemref"))
    return [
        posixpath.normpath(posixpath.join(folder, items[link])) for link in links if link in items
    ]


def _chapter_files(archive: Archive) -> list[str]:
    """Return the chapters of a book whose package file no longer lists them."""
    return [name for name in archive.names() if name.lower().endswith(_CHAPTER_ENDINGS)]


def _path(reference: str) -> str:
    return reference.replace("\\", "/").lstrip("/")


class _StyleSheets:
    """The style sheets of a book, each read once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._texts: dict[str, str] = {}

    def linked(self, chapter: etree._Element, part: str) -> list[str]:
        """Return the style sheets that a chapter links to, in order."""
        return [
            self._text(_beside(part, link.get("href") or ""), 0)
            for link in chapter.iter("link")
            if "stylesheet" in (link.get("rel") or "").lower()
        ]

    def _text(self, part: str, depth: int) -> str:
        """Return a style sheet after those that it imports; of a damaged one nothing."""
        if part not in self._texts:
            self._texts[part] = ""
            data = b""
            if part in self._archive and depth < _MAX_IMPORT_DEPTH:
                with suppress(CorruptDocument):
                    data = self._archive.read(part)
            text = decode(data[:MAX_STYLE_CHARS])
            imported = _IMPORT.findall(text)[:_MAX_IMPORTS]
            texts = [self._text(_beside(part, name), depth + 1) for name in imported]
            self._texts[part] = "\n".join([*texts, text])[:MAX_STYLE_CHARS]
        return self._texts[part]


def _beside(part: str, reference: str) -> str:
    """Return the part that a reference in another names."""
    name = _path(unquote(reference.partition("#")[0]))
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), name))


def _chapter(archive: Archive, part: str, sheets: _StyleSheets) -> HtmlText:
    """Return the text of a chapter; none, and a warning, if it is missing or damaged."""
    try:
        # XHTML of books is often no XML: the HTML parser reads both, and no entity is declared.
        root = html_root(decode_html(archive.read(part)))
    except EmptyDocument:
        return HtmlText([])
    except CorruptDocument:
        archive.note_damage(part)
        return HtmlText([])
    # Lists of pages and landmarks are for reading systems, and always hidden.
    for navigation in root.xpath("//nav[@hidden]"):
        navigation.drop_tree()
    return html_text(root, sheets.linked(root, part))


def _label(blocks: list[Block]) -> str:
    return next((block.text for block in blocks if block.kind == "heading"), "")


def _metadata(package: etree._Element, name: str) -> str | None:
    for element in package.iter():
        if local_name(element) == name and element.text and element.text.strip():
            return one_line(element.text)
    return None
