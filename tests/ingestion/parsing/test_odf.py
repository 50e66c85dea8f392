"""OpenDocument: merged cells, values without text, formulas, symbols."""

from pathlib import Path

import pytest

from ingestion.parse_warnings import WarningCode
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
        ('office:value-type="currency" office:currency="EUR" office:value="12.5"', "12.5 EUR"),
        ('office:value-type="percentage" office:value="0.25"', "25%"),
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


LISTS = (
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
    'style:num-format="a" style:num-suffix=")" text:start-value="2"/><text:list-level-style-number '
    'text:level="2" style:num-format="1" text:display-levels="2" style:num-suffix="."/>'
    "</text:list-style>"
)
OUTLINE: dict[str, str | bytes] = {
    "styles.xml": '<a xmlns:text="t" xmlns:style="s"><text:outline-style>'
    '<text:outline-level-style text:level="1" style:num-format="I" style:num-prefix="Titre "/>'
    '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>'
    "</text:outline-style></a>"
}


def item(text: str, inner: str = "", attributes: str = "") -> str:
    return f"<text:list-item {attributes}><text:p>{text}</text:p>{inner}</text:list-item>"


def items(*found: str, attributes: str = "") -> str:
    return f'<text:list text:style-name="L" {attributes}>{"".join(found)}</text:list>'


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (items(item("x", items(item("y"), item("z"))), item("w")),
         ["b) x", "b.1. y", "b.2. z", "c) w"]),
        (items(item("x", attributes='text:start-value="4"'), item("y")), ["d) x", "e) y"]),
        (items(item("x"), attributes='xml:id="l"') + items(item("y"))
         + items(item("z"), attributes='text:continue-list="l"'), ["b) x", "b) y", "c) z"]),
        (items(item("x")) + items(item("y"), attributes='text:continue-numbering="true"'),
         ["b) x", "c) y"]),
        ('<text:h text:outline-level="1">A</text:h><text:h text:outline-level="2">B</text:h>'
         '<text:h text:outline-level="1">C</text:h><text:h text:outline-level="2">D</text:h>',
         ["Titre I A", "I.1 B", "Titre II C", "II.1 D"]),
    ],
    ids=["levels", "start", "continued list", "continued numbers", "headings"],
)  # fmt: skip
def test_lists_and_headings_are_numbered(tmp_path: Path, body: str, shown: list[str]) -> None:
    path = write_odf(tmp_path / "a.odt", "text", body, styles=LISTS, parts=OUTLINE)
    lines = text_of(read(path)).splitlines()
    assert [line.strip() for line in lines if line] == shown


def test_fields_of_forms(tmp_path: Path) -> None:
    body = (
        '<office:forms xmlns:form="f"><form:form><form:text form:name="Nom" form:id="a" '
        'form:current-value="Dupont"/><form:checkbox form:label="Boursier" form:id="b" '
        'form:current-state="checked"/><form:listbox form:name="Pays" form:id="c"><form:option '
        'form:label="Belgique"/><form:option form:label="France" form:current-selected="true"/>'
        "</form:listbox></form:form></office:forms><text:p>"
        + "".join(f'<draw:control draw:control="{name}"/>' for name in "abc") + "</text:p>"
    )  # fmt: skip
    parsed = read(write_odf(tmp_path / "a.odt", "text", body))
    assert text_of(parsed).split("\n\n") == ["Nom: Dupont", "☒ Boursier", "Pays: France"]


def test_formula_without_result_and_embedded_file_are_said(tmp_path: Path) -> None:
    body = (
        '<table:table table:name="F"><table:table-row><table:table-cell><text:p>Total</text:p>'
        '<draw:frame><draw:object-ole xlink:href="./Objet 1"/></draw:frame></table:table-cell>'
        '<table:table-cell table:formula="of:=1"/></table:table-row></table:table>'
    )
    parsed = read(write_odf(tmp_path / "a.ods", "spreadsheet", body))
    assert [(warning.code, warning.details) for warning in parsed.warnings] == [
        (WarningCode.UNREAD_FILES, ("Objet 1",)),
        (WarningCode.UNCOMPUTED_FORMULAS, ("F",)),
    ]
