"""Kinds of documents (PDF, text, table …), for the filter of the list and for icons."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.parsing import media_types as types


@dataclass(frozen=True)
class Kind:
    """A group of media types; ``icon`` is the name of an icon in the sprite."""

    label: Promise
    icon: str
    media_types: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "pdf": Kind(_("PDF"), "file-text", (types.PDF,)),
    "text": Kind(
        _("Text"),
        "file-type",
        (
            types.DOCX,
            types.DOC,
            types.ODT,
            types.RTF,
            types.TEXT,
            types.MARKDOWN,
            types.EPUB,
            types.LATEX,
        ),
    ),
    "slides": Kind(_("Slides"), "presentation", (types.PPTX, types.PPT, types.ODP)),
    "sheet": Kind(
        _("Spreadsheet"), "file-spreadsheet", (types.XLSX, types.XLS, types.ODS, types.CSV)
    ),
    "web": Kind(_("Web page"), "globe", (types.HTML,)),
    "archive": Kind(_("Archive"), "files", tuple(sorted(types.ARCHIVES))),
    "image": Kind(_("Image"), "image", types.PICTURES),
    "recording": Kind(_("Recording"), "mic", tuple(sorted(types.RECORDINGS))),
    "mail": Kind(_("Mail"), "mail", (types.EML, types.MSG)),
    "subtitles": Kind(_("Subtitles"), "clock", (types.VTT, types.SRT)),
    "code": Kind(
        _("Code and data"), "file-code", (types.CODE, types.NOTEBOOK, types.JSON, types.XML)
    ),
}
_KIND_OF: Mapping[str, str] = {
    media_type: name for name, kind in KINDS.items() for media_type in kind.media_types
}
OTHER = Kind(_("Other"), "file", ())


def kind_of(media_type: str) -> Kind:
    """Return the kind of a media type."""
    return KINDS.get(_KIND_OF.get(media_type, ""), OTHER)
