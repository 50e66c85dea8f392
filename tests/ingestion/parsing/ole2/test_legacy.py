"""Word, Excel and PowerPoint files of before 2007."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsupportedMediaType
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.detection.files import detect
from ingestion.parsing.legacy.elements import blocks_of
from tests.ingestion.files.legacy_writer import write_doc, write_ppt, write_xls
from tests.ingestion.files.ole2_writer import ole2_bytes, write_ole2
from tests.ingestion.reading import outline_of, read, read_in_child

SHEETS = {"Prix": [["Code", "Prix"], ["L1", "60 €"]]}
SLIDES = [("Titre un", "Texte à lire"), ("Deux", "Suite")]


def test_word(tmp_path: Path) -> None:
    text = "Le règlement\nL’inscription est exigée, sauf exception.\nFin."
    document = read(write_doc(tmp_path / "a.doc", text))
    assert (document.media_type, document.title) == (media_types.DOC, "Le règlement")
    assert [text for _, text in outline_of(document)] == text.split("\n")


def test_excel(tmp_path: Path) -> None:
    document = read(write_xls(tmp_path / "a.xls", SHEETS))
    assert (document.media_type, document.unit, document.title) == (media_types.XLS, "sheet", None)
    assert document.pages[0].label == "Prix"
    assert outline_of(document) == [("table", "| Code | Prix |\n| --- | --- |\n| L1 | 60 € |")]


def test_hidden_parts_of_a_workbook_are_read_and_told(tmp_path: Path) -> None:
    sheets = {name: SHEETS["Prix"] for name in ("Prix", "Paie", "Très caché", "Lignes", "Colonnes")}
    document = read(
        write_xls(
            tmp_path / "a.xls",
            sheets,
            states={"Paie": 1, "Très caché": 2},
            hidden_row="Lignes",
            hidden_column="Colonnes",
        )
    )
    assert [page.label for page in document.pages] == list(sheets)
    assert document.warnings == (
        ParseWarning(WarningCode.HIDDEN_SHEETS, ("Paie", "Très caché")),
        ParseWarning(WarningCode.HIDDEN_CELLS, ("Lignes", "Colonnes")),
    )


def test_powerpoint(tmp_path: Path) -> None:
    document = read(write_ppt(tmp_path / "a.ppt", SLIDES))
    assert (document.media_type, document.unit) == (media_types.PPT, "slide")
    assert [page.label for page in document.pages] == ["Titre un", "Deux"]
    assert outline_of(document)[:2] == [("heading1", "Titre un"), ("paragraph", "Texte à lire")]


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_doc(path, "Texte", encrypted=True),
        lambda path: write_xls(path, SHEETS, encrypted=True),
        lambda path: write_ppt(path, SLIDES, encrypted=True),
    ],
    ids=["word", "excel", "powerpoint"],
)
def test_password_is_told(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    with pytest.raises(EncryptedDocument):
        read_in_child(write(tmp_path / "a"))


def test_word_of_before_1997_is_not_supported(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMediaType):
        read(write_doc(tmp_path / "a.doc", "Texte", version=101))


def test_child_reads_the_same(tmp_path: Path) -> None:
    for path in (
        write_doc(tmp_path / "a.doc", "Un titre\nUn texte."),
        write_xls(tmp_path / "a.xls", SHEETS),
        write_ppt(tmp_path / "a.ppt", SLIDES),
    ):
        assert read_in_child(path).document == read(path)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ({"WordDocument": b"x", "ObjectPool": {"a": {"Workbook": b"x"}}}, media_types.DOC),
        ({"Workbook": b"x", "MBD01": {"WordDocument": b"x"}}, media_types.XLS),
        ({"__properties_version1.0": b"x", "__attach": {"WordDocument": b"x"}}, media_types.MSG),
        ({"PowerPoint Document": b"x"}, media_types.PPT),
    ],
    ids=["word with a sheet", "sheet with a text", "message with a text", "slides"],
)
def test_type_is_that_of_the_root(tmp_path: Path, root: dict[str, object], expected: str) -> None:
    with write_ole2(tmp_path / "file", root).open("rb") as file:  # type: ignore[arg-type]
        assert detect(file, "a.pdf") == expected


def test_type_with_a_damaged_directory_is_told_by_its_names(tmp_path: Path) -> None:
    data = bytearray(ole2_bytes({"WordDocument": b"x"}))
    data[48:52] = (0xFFFFFF).to_bytes(4, "little")
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as file:
        assert detect(file, "a") == media_types.DOC


def test_directory_in_a_circle_is_read_once(tmp_path: Path) -> None:
    data = bytearray(ole2_bytes({f"s{number}": b"x" for number in range(40)}))
    fat = data.rindex(b"\xfd\xff\xff\xff") // 512 * 512
    first = int.from_bytes(data[48:52], "little")
    data[fat + 4 * first : fat + 4 * first + 4] = first.to_bytes(4, "little")
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as file, pytest.raises(UnsupportedMediaType):
        detect(file, "a")


def test_other_ole2_files_are_not_supported(tmp_path: Path) -> None:
    path = write_ole2(tmp_path / "a", {"VisioDocument": b"x"})
    with path.open("rb") as file, pytest.raises(UnsupportedMediaType):
        detect(file, "a.doc")


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "a.xls", SHEETS)
    path.write_bytes(path.read_bytes()[:4700])
    with pytest.raises((CorruptDocument, UnsupportedMediaType)):
        read_in_child(path)


def span(text: str) -> dict[str, object]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text}]}


def test_elements_become_blocks() -> None:
    cell = {"content": [span("haut")], "row_span": 2}
    elements = [
        {"type": "heading", "level": 9, "content": span("Titre")["content"]},
        {"type": "list", "ordered": True, "items": [
            {"content": [span("un")], "nested": {"items": [{"content": [span("sous")]}]}},
            {"content": [span("deux"), span("suite")]},
        ]},
        {"type": "table", "rows": [
            {"cells": [cell, {"content": [span("a")]}]}, {"cells": [{"content": [span("b")]}]},
        ]},
        {"type": "text_box", "content": [span("encadré")]},
        {"type": "image", "alt_text": "Plan", "data": "iVBOR"},
        {"type": "unknown"}, "junk", {"type": "paragraph", "content": "junk"},
    ]  # fmt: skip
    assert [(block.kind, block.text, block.level) for block in blocks_of(elements)] == [
        ("heading", "Titre", 6),
        ("list_item", "1. un", 1),
        ("list_item", "  - sous", 2),
        ("list_item", "2. deux", 1),
        ("paragraph", "suite", 0),
        ("table", "| haut | a |\n| --- | --- |\n| haut | b |", 0),
        ("paragraph", "encadré", 0),
        ("caption", "Plan", 0),
    ]
