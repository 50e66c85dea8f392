"""Diagrams (SmartArt) give their words in the order in which they are shown, in every format."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingestion.package_writer import (
    paragraph,
    relations,
    shape,
    slide,
    write_docx,
    write_pptx,
    write_xlsx,
)
from tests.ingestion.reading import read, text_of

SPACES = 'xmlns:dgm="d" xmlns:a="a" xmlns:dsp="s"'


def words(text: str) -> str:
    return f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"


POINTS = "".join(
    f'<dgm:pt modelId="{number}"{kind}><dgm:t>{words(text) if text else ""}</dgm:t></dgm:pt>'
    for number, kind, text in [
        (4, "", "Bilan"), (1, ' type="doc"', ""), (3, "", "Plan"), (2, "", "Diagnostic"),
        (5, "", "Détail"), (9, ' type="pres"', "copie"),
    ]
)  # fmt: skip
LINKS = "".join(
    f'<dgm:cxn srcId="{above}" destId="{below}" srcOrd="{order}"{kind}/>'
    for above, below, order, kind in [
        (1, 4, 2, ""), (1, 2, 0, ""), (1, 3, 1, ""), (2, 5, 0, ""), (9, 2, 0, ' type="presOf"'),
    ]
)  # fmt: skip
MODEL = f"<dgm:dataModel {SPACES}><dgm:ptLst>{POINTS}</dgm:ptLst>{LINKS}</dgm:dataModel>"
EMPTY_MODEL = f"<dgm:dataModel {SPACES}/>"
DRAWING = f"<dsp:drawing {SPACES}>" + "".join(
    f"<dsp:sp><dsp:txBody>{words(text)}</dsp:txBody></dsp:sp>" for text in ("Un", "Deux")
)
DRAWING += "</dsp:drawing>"


def docx(path: Path, model: str) -> Path:
    body = '<w:p><w:r><w:drawing><relIds r:dm="rId1"/></w:drawing></w:r></w:p>' + paragraph("fin")
    parts = {"diagramData": model, "diagramDrawing": DRAWING}
    return write_docx(path / "a.docx", body, parts=parts)


def pptx(path: Path, model: str) -> Path:
    parts: dict[str, str | bytes] = {
        "ppt/slides/_rels/slide1.xml.rels": relations(
            {"diagramData": "../d.xml", "diagramDrawing": "../e.xml"}
        ),
        "ppt/d.xml": model,
        "ppt/e.xml": DRAWING,
    }
    return write_pptx(path / "a.pptx", slide(shape("titre")), parts=parts)


def xlsx(path: Path, model: str) -> Path:
    parts: dict[str, str | bytes] = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations({"drawing": "../drawings/drawing1.xml"}),
        "xl/drawings/drawing1.xml": "<wsDr/>",
        "xl/drawings/_rels/drawing1.xml.rels": relations(
            {"diagramData": "d.xml", "diagramDrawing": "e.xml"}
        ),
        "xl/drawings/d.xml": model,
        "xl/drawings/e.xml": DRAWING,
    }
    return write_xlsx(path / "a.xlsx", "<sheetData/>", parts=parts)


@pytest.mark.parametrize("write", [docx, pptx, xlsx])
@pytest.mark.parametrize(
    ("model", "shown"),
    [(MODEL, "- Diagnostic\n  - Détail\n- Plan\n- Bilan"), (EMPTY_MODEL, "- Un\n- Deux")],
    ids=["model", "drawing"],
)
def test_words_of_diagram_are_in_order(
    tmp_path: Path, write: Callable[[Path, str], Path], model: str, shown: str
) -> None:
    text = text_of(read(write(tmp_path, model)))
    assert shown in text
    assert "copie" not in text
