"""One damaged part of a zip does not lose the whole: it is left out, and named."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import CorruptDocument
from tests.ingestion.package_writer import (
    damaged,
    paragraph,
    shape,
    slide,
    write_docx,
    write_epub,
    write_odf,
    write_pptx,
    write_xlsx,
    write_zip,
)
from tests.ingestion.reading import read, text_of

LONG = "".join(f"mot{number} " for number in range(500))
NOTE = "<w:footnotes {ns}><w:footnote w:id='2'>" + paragraph(LONG) + "</w:footnote></w:footnotes>"
CELL = '<c r="A1" t="inlineStr"><is><t>{}</t></is></c>'


def docx(path: Path) -> Path:
    return write_docx(path / "a.docx", paragraph("Texte"), parts={"footnotes": NOTE})


def pptx(path: Path) -> Path:
    return write_pptx(path / "a.pptx", slide(shape("Texte")), slide(shape(LONG)))


def xlsx(path: Path) -> Path:
    sheet = f"<sheetData><row>{CELL.format('Texte')}</row></sheetData>"
    return write_xlsx(path / "a.xlsx", sheet, strings=f"<si><t>{LONG}</t></si>")


def odt(path: Path) -> Path:
    styles: dict[str, str | bytes] = {"styles.xml": f"<styles>{LONG}</styles>"}
    return write_odf(path / "a.odt", "text", "<text:p>Texte</text:p>", parts=styles)


def epub(path: Path) -> Path:
    return write_epub(path / "a.epub", ["<p>Texte</p>", f"<p>{LONG}</p>"])


PARTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "note": (docx, "word/footnotes.xml"),
    "slide": (pptx, "ppt/slides/slide2.xml"),
    "strings": (xlsx, "xl/sharedStrings.xml"),
    "styles": (odt, "styles.xml"),
    "chapter": (epub, "OPS/c1.xhtml"),
}


@pytest.mark.parametrize(("write", "part"), PARTS.values(), ids=PARTS)
def test_damaged_part_is_named_and_the_rest_is_read(
    tmp_path: Path, write: Callable[[Path], Path], part: str
) -> None:
    parsed = read(damaged(write(tmp_path), part))
    assert text_of(parsed).strip() == "Texte"
    assert [warning.details for warning in parsed.warnings] == [(Path(part).name,)]


@pytest.mark.parametrize(
    ("write", "part", "named"),
    [
        (docx, "word/document.xml", "document.xml"),
        (odt, "content.xml", "content.xml"),
        (xlsx, "xl/worksheets/sheet1.xml", "Feuille"),
    ],
)
def test_main_part_with_a_wrong_checksum_is_read(
    tmp_path: Path, write: Callable[[Path], Path], part: str, named: str
) -> None:
    path = write(tmp_path)
    with zipfile.ZipFile(path) as archive:
        checksum = archive.getinfo(part).CRC.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(checksum, bytes(4)))
    parsed = read(path)
    assert text_of(parsed) == "Texte"
    assert [warning.details for warning in parsed.warnings] == [(named,)]


def test_main_part_is_read_up_to_its_damage(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", paragraph("Début") + "<w:p><w:r><w:t>suite")
    parsed = read(path)
    assert text_of(parsed) == "Début\n\nsuite"
    assert [warning.details for warning in parsed.warnings] == [("document.xml",)]


@pytest.mark.parametrize(
    ("write", "part"),
    [(pptx, "ppt/_rels/presentation.xml.rels"), (xlsx, "xl/_rels/workbook.xml.rels")],
)
def test_slides_and_sheets_are_found_without_their_list(
    tmp_path: Path, write: Callable[[Path], Path], part: str
) -> None:
    assert "Texte" in text_of(read(damaged(write(tmp_path), part)))


def test_sheet_is_read_up_to_its_damage(tmp_path: Path) -> None:
    rows = f"<row>{CELL.format('Début')}</row><row><c r='A2'"
    path = write_xlsx(tmp_path / "a.xlsx", "", parts={"xl/worksheets/sheet1.xml": f"<w>{rows}"})
    parsed = read(path)
    assert text_of(parsed) == "Début"
    assert [warning.details for warning in parsed.warnings] == [("Feuille",)]


def test_file_without_a_readable_part_is_corrupt(tmp_path: Path) -> None:
    path = damaged(write_pptx(tmp_path / "a.pptx", slide(shape(LONG))), "ppt/slides/slide1.xml")
    with pytest.raises(CorruptDocument):
        read(path)


@pytest.mark.parametrize("write", [docx, pptx, xlsx, odt, epub])
def test_parts_named_with_backslashes_are_found(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    with zipfile.ZipFile(write(tmp_path)) as archive:
        parts: dict[str, str | bytes] = {
            name.replace("/", "\\"): archive.read(name) for name in archive.namelist()
        }
    text = text_of(read(write_zip(tmp_path / "b.zip", parts)))
    assert text.startswith("Texte")
