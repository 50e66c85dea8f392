"""Leaves out what stands on layers that are off (optional content, ISO 32000-1, 8.11).

PDFium extracts the text of every layer. A file with layers off, which few files have, is rewritten
by pypdf without them.
"""

import io
import mmap
import os
from typing import Any, BinaryIO

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ContentStream,
    DictionaryObject,
    NameObject,
    StreamObject,
)

from ingestion.parsing.pdf.fallback import BROKEN

_MARKS = (b"/OCProperties", b"/ObjStm")
_MAX_FORM_DEPTH = 10


def without_hidden_layers(file: BinaryIO) -> bytes | None:
    """Return the file without the content of layers that are off, None if none is (or none can be
    told)."""
    size = file.seek(0, os.SEEK_END)
    with mmap.mmap(file.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ) as data:
        if all(data.find(mark) < 0 for mark in _MARKS):
            return None
    try:
        reader = PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            return None
        if not _groups_off(reader.trailer["/Root"]):
            return None
        writer = PdfWriter(clone_from=reader)
        layers = _Layers(_groups_off(writer.root_object))
        for page in writer.pages:
            layers.clean_page(page, writer)
        rewritten = io.BytesIO()
        writer.write(rewritten)
    except BROKEN:
        return None
    return rewritten.getvalue()


def is_portfolio(file: BinaryIO) -> bool:
    """Tell whether a file is a collection of other files (ISO 32000-1, 7.11.6)."""
    try:
        root: Any = PdfReader(file).trailer["/Root"].get_object()
        return "/Collection" in root
    except BROKEN:
        return False


def _groups_off(root: Any) -> set[tuple[int, int]]:
    """Return the numbers of the groups that are off when the file is opened."""
    properties = root.get_object().get("/OCProperties")
    if properties is None:
        return set()
    properties = properties.get_object()
    default = properties.get("/D", DictionaryObject()).get_object()
    off: set[tuple[int, int]] = set()
    if default.get("/BaseState") == "/OFF":
        off |= _numbers(properties.get("/OCGs"))
    off |= _numbers(default.get("/OFF"))
    return off - (_numbers(default.get("/ON")) if default.get("/BaseState") == "/OFF" else set())


def _numbers(groups: Any) -> set[tuple[int, int]]:
    if groups is None:
        return set()
    items = groups.get_object()
    found = items if isinstance(items, ArrayObject) else [groups]
    return {_number(item) for item in found}


def _number(item: Any) -> tuple[int, int]:
    reference = item if hasattr(item, "idnum") else getattr(item, "indirect_reference", None)
    return (reference.idnum, reference.generation) if reference is not None else (0, 0)


class _Layers:
    """Removes marked content and forms of layers that are off."""

    def __init__(self, off: set[tuple[int, int]]) -> None:
        self._off = off
        self._cleaned: set[tuple[int, int]] = set()

    def clean_page(self, page: Any, writer: PdfWriter) -> None:
        """Remove what is hidden from a page and its annotations."""
        resources = page.get("/Resources", DictionaryObject()).get_object()
        content = page.get_contents()
        if content is not None:
            cleaned = self._cleaned_content(content, resources, writer, 0)
            page[NameObject("/Contents")] = writer._add_object(cleaned)
        annotations = page.get("/Annots")
        if annotations is not None:
            shown = [
                item
                for item in annotations.get_object()
                if not self._is_hidden(item.get_object().get("/OC"))
            ]
            page[NameObject("/Annots")] = ArrayObject(shown)

    def _cleaned_content(
        self, content: ContentStream, resources: Any, writer: PdfWriter, depth: int
    ) -> ContentStream:
        properties = resources.get("/Properties", DictionaryObject()).get_object()
        forms = resources.get("/XObject", DictionaryObject()).get_object()
        kept: list[tuple[Any, bytes]] = []
        open_marks: list[bool] = []
        for operands, operator in content.operations:
            if operator in (b"BDC", b"BMC"):
                is_layer = operator == b"BDC" and operands[0] == "/OC"
                group = operands[1] if is_layer else None
                if isinstance(group, NameObject):
                    group = _raw(properties, group)
                open_marks.append(is_layer and self._is_hidden(group))
            elif operator == b"EMC" and open_marks:
                open_marks.pop()
            elif operator == b"Do" and operands and operands[0] in forms:
                form = forms[operands[0]]
                if any(open_marks) or self._is_hidden(_raw(form, "/OC")):
                    continue
                self._clean_form(form, resources, writer, depth + 1)
            if any(open_marks) and operator in _SHOWS_TEXT:
                continue
            kept.append((operands, operator))
        content.operations = kept
        return content

    def _clean_form(self, form: Any, outer: Any, writer: PdfWriter, depth: int) -> None:
        number = _number(form)
        if form.get("/Subtype") != "/Form" or number in self._cleaned or depth > _MAX_FORM_DEPTH:
            return
        self._cleaned.add(number)
        if not isinstance(form, StreamObject):
            return
        resources = form.get("/Resources", outer).get_object()
        content = ContentStream(form, writer)
        form.set_data(self._cleaned_content(content, resources, writer, depth).get_data())

    def _is_hidden(self, group: Any) -> bool:
        """Tell whether content of a group, or of a membership of several, is off."""
        if group is None:
            return False
        if _number(group) in self._off:
            return True
        entry = group.get_object()
        if not isinstance(entry, DictionaryObject) or entry.get("/Type") != "/OCMD":
            return False
        if "/VE" in entry:
            return not self._is_true(entry["/VE"].get_object())
        members = entry.raw_get("/OCGs") if "/OCGs" in entry else None
        numbers = _numbers(members)
        if not numbers:
            return False
        off = [number in self._off for number in numbers]
        shown = {
            "/AllOn": not any(off),
            "/AnyOff": any(off),
            "/AllOff": all(off),
        }.get(str(entry.get("/P", "/AnyOn")), not all(off))
        return not shown

    def _is_true(self, expression: Any, depth: int = 0) -> bool:
        """Return the value of a visibility expression: [/And …], [/Or …], [/Not …] or a group."""
        if not isinstance(expression, ArrayObject) or depth > _MAX_FORM_DEPTH:
            return _number(expression) not in self._off
        operator, *operands = expression
        values = [
            self._is_true(item.get_object(), depth + 1)
            if isinstance(item.get_object(), ArrayObject)
            else _number(item) not in self._off
            for item in operands
        ]
        if operator == "/Not":
            return not all(values)
        return any(values) if operator == "/Or" else all(values)


_SHOWS_TEXT = frozenset({b"Tj", b"TJ", b"'", b'"', b"Do"})


def _raw(dictionary: Any, key: str) -> Any:
    return dictionary.raw_get(key) if key in dictionary else None
