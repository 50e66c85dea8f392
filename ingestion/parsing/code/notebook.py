"""Notebooks (Jupyter): the text between the cells as Markdown, code, and what it printed."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from ingestion.parse_warnings import ParseWarning
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.html.parser import clean_code
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.markdown import markdown_text
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.structured.json_values import load
from ingestion.parsing.text.data_uris import without_data_uris
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.sections import first_heading, split_sections

_MAX_OUTPUT_CHARS = 4_000


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a notebook; one that is damaged is read as the text that it is."""
    text = decode(file.read()).lstrip("\ufeff")
    warnings: list[ParseWarning] = []
    try:
        blocks = [block for cell in _cells(load(text)) for block in _cell_blocks(cell, warnings)]
    except ValueError:
        blocks = []
    blocks = blocks or text_blocks(text)
    return ParsedDocument(
        media_type=media_types.NOTEBOOK,
        title=first_heading(blocks),
        language=None,
        unit="section",
        pages=split_sections(blocks),
        warnings=tuple(warnings),
    )


def _cells(notebook: Any) -> Iterator[dict[str, Any]]:
    """Yield the cells; before version 4 they are in worksheets."""
    if not isinstance(notebook, dict):
        return
    sheets = notebook.get("worksheets")
    for sheet in [notebook, *(sheets if isinstance(sheets, list) else [])]:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if isinstance(cells, list):
            yield from (cell for cell in cells if isinstance(cell, dict))


def _cell_blocks(cell: dict[str, Any], warnings: list[ParseWarning]) -> Iterator[Block]:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", cell.get("input")))
    if kind == "heading":
        level = cell.get("level")
        yield Block("heading", " ".join(source.split()), level if isinstance(level, int) else 1)
    elif kind == "markdown":
        found = markdown_text(without_data_uris(source, "#"))
        warnings += found.warnings
        yield from found.blocks
    elif code := clean_code(without_data_uris(source)).strip():
        yield Block("code", code)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict) and (shown := _output(output)):
            yield Block("code", shown)


def _output(output: dict[str, Any]) -> str:
    """Return what a cell printed, "" for pictures."""
    if output.get("output_type") in ("error", "pyerr"):
        return f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}".strip(": ")
    data = output.get("data")
    texts = data if isinstance(data, dict) else output
    text = _joined(texts.get("text/plain") or texts.get("text"))
    return clean_code(without_data_uris(text)).strip("\n")[:_MAX_OUTPUT_CHARS]


def _joined(value: object) -> str:
    """Return a text that may be written as a list of lines."""
    if isinstance(value, list):
        return "".join(str(line) for line in value)
    return value if isinstance(value, str) else ""
