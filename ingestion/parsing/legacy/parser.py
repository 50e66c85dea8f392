"""Word, PowerPoint and Excel files of before 2007, by office-oxide (decision 45)."""

from functools import partial
from typing import Any, BinaryIO, Literal

import office_oxide

from ingestion.errors import CorruptDocument
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage, Unit
from ingestion.parsing.legacy.elements import blocks_of
from ingestion.parsing.legacy.hidden import hidden_parts
from ingestion.parsing.legacy.protection import refuse_unreadable
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.sections import first_heading, split_sections

_Kind = Literal["doc", "ppt", "xls"]


def parse_text(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a .doc file."""
    found = _content(file, "doc")
    blocks = [block for section in _sections(found) for block in blocks_of(section.get("elements"))]
    return ParsedDocument(
        media_type=media_types.DOC,
        title=_title(found) or first_heading(blocks),
        language=None,
        unit="section",
        pages=split_sections(blocks),
    )


def _parse_pages(
    file: BinaryIO, limits: ParseLimits, *, kind: _Kind, media_type: str, unit: Unit
) -> ParsedDocument:
    """Read a file whose slides or sheets are pages, named by their titles."""
    found = _content(file, kind)
    pages = tuple(
        ParsedPage(number, _label(section, number), tuple(_page_blocks(section)))
        for number, section in enumerate(_sections(found), start=1)
    )
    title = _title(found)
    if unit == "sheet" and pages and title == pages[0].label:
        title = None  # stands for a title that the file does not have
    return ParsedDocument(
        media_type=media_type,
        title=title,
        language=None,
        unit=unit,
        pages=pages,
        warnings=hidden_parts(file) if unit == "sheet" else (),
    )


parse_presentation = partial(_parse_pages, kind="ppt", media_type=media_types.PPT, unit="slide")
parse_spreadsheet = partial(_parse_pages, kind="xls", media_type=media_types.XLS, unit="sheet")


def _label(section: dict[str, Any], number: int) -> str:
    """Return the title of a slide or sheet; without one office-oxide gives a number."""
    title = section.get("title")
    return title if isinstance(title, str) and title != f"Slide {number}" else ""


def _page_blocks(section: dict[str, Any]) -> list[Block]:
    return [*blocks_of(section.get("elements")), *blocks_of(section.get("speaker_notes"))]


def _content(file: BinaryIO, kind: _Kind) -> dict[str, Any]:
    """Return what office-oxide finds; raises CorruptDocument and as `refuse_unreadable`."""
    refuse_unreadable(file)
    file.seek(0)
    try:
        found = office_oxide.Document.from_bytes(file.read(), kind).to_ir()
    except office_oxide.OfficeOxideError as error:
        raise CorruptDocument(str(error)) from error
    except BaseException as error:
        # A panic of Rust is no Exception, and has no class that can be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise CorruptDocument(f"office-oxide: {error}") from error
    return found if isinstance(found, dict) else {}


def _sections(found: dict[str, Any]) -> list[dict[str, Any]]:
    sections = found.get("sections")
    return [section for section in sections if isinstance(section, dict)] if sections else []


def _title(found: dict[str, Any]) -> str | None:
    metadata = found.get("metadata")
    title = metadata.get("title") if isinstance(metadata, dict) else None
    return one_line(title) or None if isinstance(title, str) else None
