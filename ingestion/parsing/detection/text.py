"""Which kind of text a file is: its content first, then its name, then signs in the content."""

import codecs
import csv
import re
from collections.abc import Mapping
from pathlib import PurePath

from ingestion.errors import UnsupportedMediaType
from ingestion.parsing import media_types as types
from ingestion.parsing.detection.mail import is_mail
from ingestion.parsing.detection.zips import declared_type
from ingestion.parsing.text.encoding import decode, detect_encoding

_TYPE_OF_EXTENSION: Mapping[str, str] = {
    ending: media_type for media_type, endings in types.EXTENSIONS.items() for ending in endings
}
# Texts that are only told by their names: content like theirs may be anything.
_BY_NAME = frozenset(
    {types.CSV, types.MARKDOWN, types.TEXT, types.NOTEBOOK, types.JSON, types.XML, types.LATEX,
     types.CODE, types.SRT}
)  # fmt: skip
_CODE_NAMES = frozenset({"makefile", "dockerfile", "jenkinsfile", "rakefile", "gemfile"})
# Text in UTF-16 has no more; in UTF-32 it has three in four.
_MAX_NULS = 0.6
_UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# Fewer lines, and prose with as many commas in each would be taken for a table.
_MIN_TABLE_LINES = 3
_HTML_START = re.compile(
    r"\s*+(?:<\?xml[^>]*>\s*+)?(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html\b)", re.I | re.S
)
_HTML_TAG = re.compile(
    r"</?(?:p|div|span|h[1-6]|ul|ol|li|dl|dt|dd|table|tr|td|th|body|head|title|meta|br|hr|a|b|i|em"
    r"|strong|img|pre|blockquote|section|article|main|header|footer|nav|aside|figure|details"
    r"|form|fieldset|label|input|select|textarea|button)\b[^<>]*+>",
    re.I,
)
_FLAT_OOXML = re.compile(r"<(?:\w+:)?package\b[^>]*2006/xmlPackage")
_PROGRAM = re.compile(r"<\?mso-application\s+progid=[\"'](Word|PowerPoint|Excel)\.")
_PROGRAM_TYPES = {"Word": types.DOCX, "PowerPoint": types.PPTX, "Excel": types.XLSX}
_FLAT_ODF = re.compile(
    r"<office:document\s[^>]*?office:mimetype=[\"'](application/vnd\.oasis\.opendocument\.[a-z-]+)"
)
_RTF_START = "{\\rtf"
_MARKDOWN_SIGNS = re.compile(
    r"^(?:#{1,6} \S.*|```.*|\|(?:\s*:?-{2,}:?\s*\|)+|\[[^\]]+\]: \S+|[-*] \[[ x]\] )$"
    r"|\]\([^\s()]++\)|\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*",
    re.M,
)
_XML_START = re.compile(r"\s*<\?xml\s[^>]{0,200}\?>")
_JSON_START = re.compile(r"\s*[\[{]\s*(?:\"(?:[^\"\\\n]|\\.){0,200}\"\s*[:,\]]|\{\s*\")")
_NOTEBOOK_SIGNS = re.compile(r"\"(?:cell_type|nbformat)\"\s*:")
_LATEX_SIGNS = re.compile(r"^[ \t]*+\\(?:documentclass|begin\{document\}|chapter|section)\b", re.M)
_SUBTITLES_START = re.compile(
    r"\s*\d{1,6}[ \t]*\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->[ \t]*\d{1,3}:\d\d:\d\d[,.]\d{1,3}"
)


def detect_text(head: bytes, name: str) -> str:
    """Return the media type of a file that begins with `head`; raises UnsupportedMediaType."""
    path = PurePath(name)
    named = _TYPE_OF_EXTENSION.get(path.suffix.lower())
    if named is None and path.name.lower() in _CODE_NAMES:
        named = types.CODE
    if named is not None:
        # Some programs fill the last block of a file with zeros; programs themselves begin so, too.
        text_bytes = len(head.rstrip(b"\0"))
        head = head[: text_bytes + 3]  # the zeros of a last wide character
    if head.count(0) > _MAX_NULS * len(head) and not _is_utf_32(head):
        raise UnsupportedMediaType("mostly zeros")
    text = decode(head).replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith(_RTF_START):
        return types.RTF
    if not text.strip():
        return types.TEXT
    if _is_binary(text):
        raise UnsupportedMediaType("binary content")
    return _by_content(text, named) or (named if named in _BY_NAME else _by_signs(text))


def _by_content(text: str, named: str | None) -> str | None:
    """Return the type that the content tells whatever the name, which is of the type `named`."""
    if flat := _flat_type(text):
        return flat
    if text.startswith("WEBVTT") and text[6:7] in ("", " ", "\t", "\n"):
        return types.VTT
    if named in (types.CODE, types.NOTEBOOK, types.JSON):
        return None
    if _HTML_START.match(text) or (named == types.HTML and _HTML_TAG.search(text)):
        return types.HTML
    return types.EML if is_mail(text) else None


def _flat_type(text: str) -> str | None:
    """Return the type of an Office document that is one XML file, None if it is something else."""
    if _FLAT_OOXML.search(text):
        program = _PROGRAM.search(text)
        return _PROGRAM_TYPES[program.group(1)] if program else types.DOCX
    flat = _FLAT_ODF.search(text)
    return declared_type(flat.group(1)) if flat else None


def _by_signs(text: str) -> str:
    """Return the type of a text whose name tells nothing."""
    if text.startswith("#!"):
        return types.CODE
    if _SUBTITLES_START.match(text):
        return types.SRT
    if _XML_START.match(text):
        return types.XML
    if _JSON_START.match(text):
        return types.NOTEBOOK if _NOTEBOOK_SIGNS.search(text) else types.JSON
    if len(_HTML_TAG.findall(text)) >= 10 and text.lstrip().startswith("<"):
        return types.HTML
    if _LATEX_SIGNS.search(text):
        return types.LATEX
    if text.count("\n") >= _MIN_TABLE_LINES and delimiter_of(text) is not None:
        return types.CSV
    if len(_MARKDOWN_SIGNS.findall(text)) >= 3:
        return types.MARKDOWN
    return types.TEXT


def _is_utf_32(head: bytes) -> bool:
    whole = head[: len(head) & ~3]
    return head.startswith(_UTF_32_MARKS) or detect_encoding(whole).startswith("utf-32")


def _is_binary(text: str) -> bool:
    controls = sum(ord(c) < 32 and c not in "\n\t\f\x1b\x0b\b" for c in text)
    return controls + text.count("\ufffd") > len(text) / 50


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
