"""The media type of a file, told by its content; the name only settles between kinds of text."""

import codecs
import csv
import os
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import BinaryIO

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsupportedMediaType
from ingestion.parsing.archive import Archive
from ingestion.parsing.text.encoding import decode, detect_encoding

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"
RTF = "application/rtf"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
CSV = "text/csv"
EML = "message/rfc822"

# What each format is called by the people who upload it, and the usual ends of file names.
EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    DOCX: (".docx", ".docm", ".dotx"),
    PPTX: (".pptx", ".pptm", ".ppsx", ".potx"),
    XLSX: (".xlsx", ".xlsm", ".xltx"),
    ODT: (".odt", ".ott", ".fodt"),
    ODS: (".ods", ".ots", ".fods"),
    ODP: (".odp", ".otp", ".fodp"),
    EPUB: (".epub",),
    RTF: (".rtf",),
    HTML: (".html", ".htm", ".xhtml"),
    MARKDOWN: (".md", ".markdown"),
    TEXT: (".txt", ".text", ".log"),
    CSV: (".csv", ".tsv"),
    EML: (".eml",),
}

_KNOWN_EXTENSIONS = frozenset().union(*EXTENSIONS.values())
_HEAD_BYTES = 16 * 1024
# Text in UTF-16 has no more; in UTF-32 it has three in four.
_MAX_NULS = 0.6
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Fewer lines, and prose with as many commas in each would be taken for a table.
_MIN_TABLE_LINES = 3
_MAX_TYPE_BYTES = 4 * 1024 * 1024
# Main parts of Office Open XML, by what stands between "application/" and "+xml" in
# [Content_Types].xml: vnd.openxmlformats-officedocument.* and vnd.ms-* (macros).
_OOXML_MAIN = re.compile(
    rb"(wordprocessingml\.(?:document|template)|word\.(?:document|template)\.macroEnabled(?:Template)?"
    rb"|presentationml\.(?:presentation|template|slideshow)"
    rb"|powerpoint\.(?:presentation|template|slideshow)\.macroEnabled"
    rb"|spreadsheetml\.(?:sheet|template)|excel\.(?:sheet|template)\.macroEnabled)\.main\+xml",
    re.IGNORECASE,
)
_OOXML_FAMILY = {b"word": DOCX, b"powe": PPTX, b"pres": PPTX, b"spre": XLSX, b"exce": XLSX}
_ODF_MANIFEST = "META-INF/manifest.xml"
_ODF_ROOT = re.compile(
    rb"media-type=[\"'](application/vnd\.oasis\.opendocument\.[a-z-]{1,40})[\"']"
)
_ODF_MIME = {ODT: ODT, ODS: ODS, ODP: ODP, EPUB: EPUB}
_HTML_START = re.compile(
    r"\s*+(?:<\?xml[^>]*>\s*+)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html\b)", re.I | re.S
)
_HTML_TAG = re.compile(
    r"</?(?:p|div|span|h[1-6]|ul|ol|li|table|tr|td|body|head|br|a)\b[^<>]*+>", re.I
)
_FLAT_OOXML = re.compile(r"<(?:\w+:)?package\b[^>]*2006/xmlPackage")
_PROGRAM = re.compile(r"<\?mso-application\s+progid=[\"'](Word|PowerPoint|Excel)\.")
_PROGRAM_TYPES = {"Word": DOCX, "PowerPoint": PPTX, "Excel": XLSX}
_FLAT_ODF = re.compile(
    r"<office:document\s[^>]*?office:mimetype=[\"'](application/vnd\.oasis\.opendocument\.[a-z-]+)"
)
_RTF_START = "{\\rtf"
_MAIL_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]?.*(?:\n[ \t].*)*\n?", re.M)
_MAIL_FIELDS = frozenset(
    [
        "from",
        "to",
        "subject",
        "date",
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "delivered-to",
        "sender",
        "cc",
        "reply-to",
        "content-type",
        "x-mailer",
        "dkim-signature",
    ]
)
_MARKDOWN_SIGNS = re.compile(
    r"^(?:#{1,6} \S.*|```.*|\|(?:\s*:?-{2,}:?\s*\|)+|\[[^\]]+\]: \S+|[-*] \[[ x]\] )$"
    r"|\]\([^\s()]++\)|\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*",
    re.M,
)


def detect(file: BinaryIO, name: str) -> str:
    """Return the media type of `file`, open on disk, called `name` by its owner.

    Raises UnsupportedMediaType for what ragapp does not read, EncryptedDocument for Office files
    wrapped in a password, CorruptDocument for a truncated zip.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _detect_zip(file)
    if head.startswith(_OLE2):
        return _refuse_ole2(file)
    return _detect_text(head, name)


def _detect_zip(file: BinaryIO) -> str:
    with Archive(file, max_unpacked_bytes=_MAX_TYPE_BYTES) as archive:
        declared = _readable(archive, "mimetype")[:200].decode("ascii", "replace").strip()
        if not declared and (given := _ODF_ROOT.search(_readable(archive, _ODF_MANIFEST))):
            declared = given.group(1).decode("ascii")
        if declared:
            found = _ODF_MIME.get(declared.removesuffix("-template"))
            if found:
                return found
            raise UnsupportedMediaType(f"zip of {declared}")
        main = _OOXML_MAIN.search(_readable(archive, "[Content_Types].xml"))
        if main:
            return _OOXML_FAMILY[main.group(1)[:4].lower()]
        if "META-INF/container.xml" in archive:
            return EPUB
        for part, media_type in (
            ("word/document.xml", DOCX),
            ("ppt/presentation.xml", PPTX),
            ("xl/workbook.xml", XLSX),
        ):
            if part in archive:
                return media_type
    raise UnsupportedMediaType("zip archive")


def _readable(archive: Archive, name: str) -> bytes:
    """Return the bytes of a part, none if it is missing or damaged: others tell the type too."""
    try:
        return archive.read(name)
    except CorruptDocument:
        return b""


def _refuse_ole2(file: BinaryIO) -> str:
    """Office files with a password are OLE2 containers, as are the formats before 2007."""
    marker = "EncryptedPackage".encode("utf-16-le")
    file.seek(0)
    while block := file.read(1 << 20):
        if marker in block:
            raise EncryptedDocument("Office Open XML in an encrypted package")
        if len(block) == 1 << 20:
            file.seek(-len(marker), os.SEEK_CUR)
    raise UnsupportedMediaType("Office format of before 2007 (OLE2)")


def _detect_text(head: bytes, name: str) -> str:
    extension = PurePath(name).suffix.lower()
    if extension in _KNOWN_EXTENSIONS:
        # Some programs fill the last block of a file with zeros; programs themselves begin so, too.
        text_bytes = len(head.rstrip(b"\0"))
        head = head[: text_bytes + 3]  # the zeros of a last wide character
    if head.count(0) > _MAX_NULS * len(head) and not _is_utf_32(head):
        raise UnsupportedMediaType("mostly zeros")
    text = decode(head).replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith(_RTF_START):
        return RTF
    if not text.strip():
        return TEXT
    if _is_binary(text):
        raise UnsupportedMediaType("binary content")
    if flat := _flat_type(text):
        return flat
    if _HTML_START.match(text) or (
        extension in EXTENSIONS[HTML] and len(_HTML_TAG.findall(text)) >= 1
    ):
        return HTML
    if _is_mail(text):
        return EML
    if extension in EXTENSIONS[CSV]:
        return CSV
    if extension in EXTENSIONS[MARKDOWN]:
        return MARKDOWN
    if extension in EXTENSIONS[TEXT]:
        return TEXT
    return _detect_unnamed_text(text)


def _is_utf_32(head: bytes) -> bool:
    whole = head[: len(head) & ~3]
    return head.startswith(_UTF_32_MARKS) or detect_encoding(whole).startswith("utf-32")


def _flat_type(text: str) -> str | None:
    """Return the type of an Office document that is one XML file, None if it is something else."""
    if _FLAT_OOXML.search(text):
        program = _PROGRAM.search(text)
        return _PROGRAM_TYPES[program.group(1)] if program else DOCX
    flat = _FLAT_ODF.search(text)
    return _ODF_MIME.get(flat.group(1).removesuffix("-template")) if flat else None


def _detect_unnamed_text(text: str) -> str:
    if len(_HTML_TAG.findall(text)) >= 10 and text.lstrip().startswith("<"):
        return HTML
    if text.count("\n") >= _MIN_TABLE_LINES and delimiter_of(text) is not None:
        return CSV
    if len(_MARKDOWN_SIGNS.findall(text)) >= 3:
        return MARKDOWN
    return TEXT


def _is_binary(text: str) -> bool:
    controls = sum(ord(c) < 32 and c not in "\n\t\f\x1b\x0b\b" for c in text)
    return controls + text.count("\ufffd") > len(text) / 50


def _is_mail(text: str) -> bool:
    at, known = 0, 0
    text = text.removeprefix("\n")
    if text.startswith("From "):
        at = text.find("\n") + 1
    while field := _MAIL_HEADER.match(text, at):
        known += field.group(1).lower() in _MAIL_FIELDS
        at = field.end()
    return known >= 3 and (at >= len(text) or text[at] == "\n")


def delimiter_of(text: str) -> str | None:
    """Return the delimiter if the first lines of `text` are all cut into the same number (≥ 2) of
    fields by it, else None."""
    lines = [line for line in text.split("\n")[:21] if line.strip()]
    if len(lines) > 2:
        lines = lines[:-1]  # the head may end inside a line
    if len(lines) < 2:
        return None
    best: tuple[int, str] | None = None
    for delimiter in (";", "\t", ",", "|"):
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and (width := widths.pop()) >= 2 and (best is None or width > best[0]):
            best = (width, delimiter)
    return best[1] if best else None
