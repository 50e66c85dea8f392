"""OpenDocument: merged cells, values without text, formulas, symbols."""

from pathlib import Path

import pytest

from tests.ingestion.package_writer import write_odf
from tests.ingestion.reading import read, text_of

CELL = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>"
MATH = (
    '<math:math xmlns:math="http://www.w3.org/1998/Math/MathML"><math:semantics><math:mrow>'
    "<math:mi>E</math:mi><math:mo>=</math:mo><math:mi>m</math:mi><math:msup><math:mi>c</math:mi>"
    "<math:mn>2</math:mn></math:msup></math:mrow><math:annotation>E = m c^2</math:annotation>"
    "</math:semantics></math:math>"
)
DOCTYPE = (
    '<!DOCTYPE math:math PUBLIC "-//OpenOffice.org//DTD Modified W3C MathML 1.01//EN" "m.dtd">'
)
ENTITIES = '<!DOCTYPE m [<!ENTITY a "b">]>'
OBJECT = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'


@pytest.mark.parametrize("kind", ["text", "spreadsheet", "presentation"])
def test_merged_cells_are_repeated_in_each_row(tmp_path: Path, kind: str) -> None:
    rows = [
        CELL.format('table:number-columns-spanned="3"', "Titre")
        + '<table:covered-table-cell table:number-columns-repeated="2"/>',
        CELL.format('table:number-rows-spanned="2"', "Droit") + CELL.format("", "Alice")
        + CELL.format("", "1"),
        "<table:covered-table-cell/>" + CELL.format('table:number-columns-spanned="2"', "Bob")
        + "<table:covered-table-cell><text:p>couvert</text:p></table:covered-table-cell>",
    ]  # fmt: skip
    table = (
        '<table:table table:name="F">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        + "</table:table>"
    )
    if kind == "presentation":
        table = f"<draw:page><draw:frame>{table}</draw:frame></draw:page>"
    text = text_of(read(write_odf(tmp_path / "a.odf", kind, table)))
    assert "| Droit | Alice | 1 |" in text
    assert "| Droit | Bob | Bob |" in text
    assert text.count("Titre") == 1
    assert "couvert" not in text


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ('office:value-type="float" office:value="12.50"', "12.5"),
        ('office:value-type="percentage" office:value="0.25"', "25 %"),
        ('office:value-type="date" office:date-value="2024-02-29"', "2024-02-29"),
        ('office:value-type="time" office:time-value="PT36H05M00S"', "36:05"),
        ('office:value-type="boolean" office:boolean-value="true"', "TRUE"),
        ('office:value-type="string" office:string-value="Nom"', "Nom"),
    ],
)
def test_cell_without_text_shows_its_value(tmp_path: Path, attributes: str, shown: str) -> None:
    row = f"<table:table-row><table:table-cell {attributes}/></table:table-row>"
    path = write_odf(tmp_path / "a.ods", "spreadsheet", f"<table:table>{row}</table:table>")
    assert text_of(read(path)) == shown


@pytest.mark.parametrize("head", ["", DOCTYPE], ids=["plain", "with a DTD"])
@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("text", f"<text:p>Avec {OBJECT} fin</text:p>", "Avec E = mc^2 fin"),
        ("text", f"<text:p>{OBJECT}</text:p>", "E = mc^2"),
        ("presentation", f"<draw:page>{OBJECT}</draw:page>", "E = mc^2"),
    ],
    ids=["in a sentence", "alone", "on a slide"],
)
def test_formula_is_read(tmp_path: Path, head: str, kind: str, body: str, shown: str) -> None:
    parts: dict[str, str | bytes] = {"Object 1/content.xml": head + MATH}
    parsed = read(write_odf(tmp_path / "a.odf", kind, body, parts=parts))
    assert (text_of(parsed), parsed.warnings) == (shown, ())


def test_object_that_declares_entities_is_left_out_and_named(tmp_path: Path) -> None:
    parts: dict[str, str | bytes] = {"Object 1/content.xml": ENTITIES + "<m>&a;</m>"}
    path = write_odf(tmp_path / "a.odt", "text", f"<text:p>Texte {OBJECT}</text:p>", parts=parts)
    parsed = read(path)
    assert text_of(parsed) == "Texte"
    assert [warning.details for warning in parsed.warnings] == [("content.xml",)]


def test_page_headers_and_footers_are_read_once(tmp_path: Path) -> None:
    page = (
        "<style:master-page><style:header><text:p>Université</text:p></style:header><style:footer>"
        "<text:p>Service <text:page-number>1</text:page-number></text:p></style:footer>"
        "</style:master-page>"
    )
    spaces = "".join(f' xmlns:{name}="{name}"' for name in ("office", "style", "text"))
    styles = f"<office:document-styles{spaces}>{page * 2}</office:document-styles>"
    path = write_odf(
        tmp_path / "a.odt", "text", "<text:p>Texte</text:p>", parts={"styles.xml": styles}
    )
    assert text_of(read(path)) == "Université\n\nTexte\n\nService 1"


def test_ruby_guide_is_left_out_and_symbols_are_read(tmp_path: Path) -> None:
    styles = (
        '<style:style style:name="S" style:family="text"><style:text-properties '
        'style:font-name="Symbol"/></style:style>'
    )
    body = (
        "<text:p><text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とう</text:ruby-text>"
        '</text:ruby> <text:span text:style-name="S">a\uf0b0</text:span></text:p>'
    )
    assert text_of(read(write_odf(tmp_path / "a.odt", "text", body, styles=styles))) == "東京 α°"
