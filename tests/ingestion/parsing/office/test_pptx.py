"""PowerPoint: merged cells of tables, letters of symbol fonts."""

from pathlib import Path

import pptx
import pytest
from lxml import etree
from pptx.util import Emu

from tests.ingestion.reading import outline_of, read

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def test_merged_cells_keep_their_columns_and_are_repeated(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(4, 3, Emu(0), Emu(0), Emu(100), Emu(100)).table
    rows = [
        ["Statut", "Congés", ""],
        ["", "jours", "mois"],
        ["ATER", "25", "5"],
        ["", "30", "6"],
    ]
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(2, 0).merge(table.cell(3, 0))
    deck.save(str(tmp_path / "a.pptx"))
    assert outline_of(read(tmp_path / "a.pptx")) == [
        (
            "table",
            "| Statut | Congés | Congés |\n| --- | --- | --- |\n| Statut | jours | mois |\n"
            "| ATER | 25 | 5 |\n| ATER | 30 | 6 |",
        )
    ]


@pytest.mark.parametrize(
    ("text", "font", "shown"),
    [
        ("\u00fc", '<a:latin xmlns:a="{}" typeface="Wingdings"/>', "✓"),
        ("a", '<a:latin xmlns:a="{}" typeface="Symbol"/>', "α"),
        ("\uf0fc", '<a:latin xmlns:a="{}" typeface="Wingdings"/>', "✓"),
        ("oui \u00e8 non", '<a:sym xmlns:a="{}" typeface="Wingdings"/>', "oui ➔ non"),
        ("élève", '<a:sym xmlns:a="{}" typeface="Wingdings"/>', "élève"),
    ],
    ids=["tick", "greek", "private", "arrow in a text", "words"],
)
def test_letters_of_symbol_fonts_are_what_is_seen(
    tmp_path: Path, text: str, font: str, shown: str
) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    frame = slide.shapes.add_textbox(Emu(0), Emu(0), Emu(100), Emu(100)).text_frame
    run = frame.paragraphs[0].add_run()
    run.text = text
    run.font._rPr.append(etree.fromstring(font.format(DRAWING)))
    deck.save(str(tmp_path / "a.pptx"))
    assert outline_of(read(tmp_path / "a.pptx")) == [("paragraph", shown)]
