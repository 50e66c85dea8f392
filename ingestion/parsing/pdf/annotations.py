"""What people wrote on a page: notes, free text, form fields; and the files attached to it."""

from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as c

from ingestion.parsing.document import Block
from ingestion.parsing.pdf.pdfium import wide_string
from ingestion.parsing.text.normalise import clean_block, one_line

_NOTES = frozenset(
    {c.FPDF_ANNOT_TEXT, c.FPDF_ANNOT_FREETEXT, c.FPDF_ANNOT_HIGHLIGHT, c.FPDF_ANNOT_UNDERLINE}
    | {c.FPDF_ANNOT_SQUIGGLY, c.FPDF_ANNOT_STRIKEOUT, c.FPDF_ANNOT_CARET, c.FPDF_ANNOT_STAMP}
    | {c.FPDF_ANNOT_SQUARE, c.FPDF_ANNOT_CIRCLE, c.FPDF_ANNOT_LINE, c.FPDF_ANNOT_INK}
)
_WIDGETS = frozenset({c.FPDF_ANNOT_WIDGET, c.FPDF_ANNOT_XFAWIDGET})
_BOXES = frozenset({c.FPDF_FORMFIELD_CHECKBOX, c.FPDF_FORMFIELD_RADIOBUTTON})
_LISTS = frozenset({c.FPDF_FORMFIELD_COMBOBOX, c.FPDF_FORMFIELD_LISTBOX})
_HIDDEN = c.FPDF_ANNOT_FLAG_HIDDEN | c.FPDF_ANNOT_FLAG_NOVIEW
_MAX_OPTIONS = 2_000


class PageAnnotations:
    """The annotations of one page: `blocks`, `files` and `has_fields`."""

    def __init__(self, page: pdfium.PdfPage, form: pdfium.PdfFormEnv | None) -> None:
        self.blocks: list[Block] = []
        self.files: list[str] = []
        self.has_fields = False
        for index in range(c.FPDFPage_GetAnnotCount(page.raw)):
            annotation = c.FPDFPage_GetAnnot(page.raw, index)
            if annotation:
                try:
                    self._read(annotation, form)
                finally:
                    c.FPDFPage_CloseAnnot(annotation)

    def _read(self, annotation: c.FPDF_ANNOTATION, form: pdfium.PdfFormEnv | None) -> None:
        subtype = c.FPDFAnnot_GetSubtype(annotation)
        if subtype == c.FPDF_ANNOT_FILEATTACHMENT:
            attachment = c.FPDFAnnot_GetFileAttachment(annotation)
            name = attachment_name(attachment) if attachment else ""
            self.files.append(name or one_line(_value(annotation, b"Contents")))
        if c.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
            return
        text = ""
        if subtype in _NOTES:
            text = _value(annotation, b"Contents")
        elif subtype in _WIDGETS:
            self.has_fields = True
            text = _field(annotation, form) if form else _unlinked_field(annotation)
        if clean_block(text):
            self.blocks.append(Block("paragraph", clean_block(text)))


def attachment_name(attachment: c.FPDF_ATTACHMENT) -> str:
    """Return the name of an embedded file."""
    return one_line(wide_string(c.FPDFAttachment_GetName, attachment))


def _value(annotation: c.FPDF_ANNOTATION, key: bytes) -> str:
    return wide_string(c.FPDFAnnot_GetStringValue, annotation, key)


def _unlinked_field(annotation: c.FPDF_ANNOTATION) -> str:
    name, value = one_line(_value(annotation, b"T")), _value(annotation, b"V")
    return f"{name}: {value}" if name and value and value != "Off" else value.removeprefix("Off")


def _field(annotation: c.FPDF_ANNOTATION, form: pdfium.PdfFormEnv) -> str:
    """Return "name: value" of a field; its parents' name and value are its own (12.7.3)."""
    kind = c.FPDFAnnot_GetFormFieldType(form.raw, annotation)
    name = one_line(wide_string(c.FPDFAnnot_GetFormFieldName, form.raw, annotation))
    value = ""
    if kind in _BOXES:
        # PDFium finds no tick in a box without a drawing of it: its state tells too.
        state = _value(annotation, b"AS") or _value(annotation, b"V")
        if not c.FPDFAnnot_IsChecked(form.raw, annotation) and state in ("", "Off"):
            return ""
        value = "☒"
        if kind == c.FPDF_FORMFIELD_RADIOBUTTON:
            exported = wide_string(c.FPDFAnnot_GetFormFieldExportValue, form.raw, annotation)
            value = exported if state in ("", "Off") else state
    elif kind in _LISTS:
        value = ", ".join(_chosen(annotation, form))
    if not value and kind != c.FPDF_FORMFIELD_PUSHBUTTON:
        value = wide_string(c.FPDFAnnot_GetFormFieldValue, form.raw, annotation)
    if not value.strip():
        return ""
    return f"{name}: {value}" if name else value


def _chosen(annotation: c.FPDF_ANNOTATION, form: pdfium.PdfFormEnv) -> Iterator[str]:
    """Yield the labels of the chosen items of a list, which stand for their values."""
    count = min(c.FPDFAnnot_GetOptionCount(form.raw, annotation), _MAX_OPTIONS)
    for index in range(count):
        if c.FPDFAnnot_IsOptionSelected(form.raw, annotation, index):
            yield one_line(wide_string(c.FPDFAnnot_GetOptionLabel, form.raw, annotation, index))
