"""Families of media types, as people call them: what the list filters by and shows as an icon."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.parsing import media_types as types


@dataclass(frozen=True)
class Kind:
    """A family of formats; ``icon`` is a name of the icon sprite."""

    label: Promise
    icon: str
    media_types: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "pdf": Kind(_("PDF"), "file-text", (types.PDF,)),
    "text": Kind(
        _("Text"),
        "file-type",
        (types.DOCX, types.ODT, types.RTF, types.TEXT, types.MARKDOWN, types.EPUB),
    ),
    "slides": Kind(_("Slides"), "presentation", (types.PPTX, types.ODP)),
    "sheet": Kind(_("Spreadsheet"), "file-spreadsheet", (types.XLSX, types.ODS, types.CSV)),
    "web": Kind(_("Web page"), "globe", (types.HTML,)),
    "mail": Kind(_("Mail"), "mail", (types.EML,)),
}
_KIND_OF: Mapping[str, str] = {
    media_type: name for name, kind in KINDS.items() for media_type in kind.media_types
}
OTHER = Kind(_("Other"), "file", ())


def kind_of(media_type: str) -> Kind:
    """Return the family that a media type belongs to."""
    return KINDS.get(_KIND_OF.get(media_type, ""), OTHER)
