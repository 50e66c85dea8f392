"""What a zip is: an Office file, a book, or an archive of files."""

import re
from typing import BinaryIO

from ingestion.errors import CorruptDocument, UnsupportedMediaType
from ingestion.parsing import media_types as types
from ingestion.parsing.archive import Archive

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
_OOXML_FAMILY = {
    b"word": types.DOCX,
    b"powe": types.PPTX,
    b"pres": types.PPTX,
    b"spre": types.XLSX,
    b"exce": types.XLSX,
}
_ODF_MANIFEST = "META-INF/manifest.xml"
_ODF_ROOT = re.compile(
    rb"media-type=[\"'](application/vnd\.oasis\.opendocument\.[a-z-]{1,40})[\"']"
)
_DECLARED = frozenset({types.ODT, types.ODS, types.ODP, types.EPUB})
_MAIN_PARTS = (
    ("word/document.xml", types.DOCX),
    ("ppt/presentation.xml", types.PPTX),
    ("xl/workbook.xml", types.XLSX),
)


def detect_zip(file: BinaryIO) -> str:
    """Return the media type of a zip; raises UnsupportedMediaType or CorruptDocument."""
    with Archive(file, max_unpacked_bytes=_MAX_TYPE_BYTES) as archive:
        declared = _readable(archive, "mimetype")[:200].decode("ascii", "replace").strip()
        if not declared and (given := _ODF_ROOT.search(_readable(archive, _ODF_MANIFEST))):
            declared = given.group(1).decode("ascii")
        if declared and (media_type := declared_type(declared)):
            return media_type
        if declared:
            raise UnsupportedMediaType(f"zip of {declared}")
        main = _OOXML_MAIN.search(_readable(archive, "[Content_Types].xml"))
        if main:
            return _OOXML_FAMILY[main.group(1)[:4].lower()]
        if "META-INF/container.xml" in archive:
            return types.EPUB
        for part, media_type in _MAIN_PARTS:
            if part in archive:
                return media_type
    return types.ZIP


def declared_type(declared: str) -> str | None:
    """Return the type that an OpenDocument file or a book declares, a template's as its own; None
    if it is not supported."""
    media_type = declared.removesuffix("-template")
    return media_type if media_type in _DECLARED else None


def _readable(archive: Archive, name: str) -> bytes:
    """Return the bytes of a part, none if it is missing or damaged: others tell the type too."""
    try:
        return archive.read(name)
    except CorruptDocument:
        return b""
