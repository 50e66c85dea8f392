"""Workbooks: values as they are shown, whatever their type and their style."""

from pathlib import Path

import pytest

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.xlsx.number_formats import NumberFormat
from tests.ingestion.package_writer import relations, write_xlsx
from tests.ingestion.reading import read, text_of

STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/><numFmt numFmtId="165" formatCode='
    '"[$-40C]d mmmm yyyy"/><numFmt numFmtId="166" formatCode="hh:mm"/></numFmts>'
    '<fonts><font/><font><name val="Wingdings"/></font></fonts><cellXfs><xf/>'
    '<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="10"/>'
    '<xf fontId="1"/></cellXfs>'
)
STRINGS = (
    '<si><t>Espace_x0020_échappé_x000D_\nsuite</t></si><si><r><rPr><rFont val="Symbol"/></rPr>'
    "<t>a</t></r><r><t>-test</t></r><rPh><t>phonétique</t></rPh></si>"
)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('t="b"><v>0</v>', "FALSE"),
        ('t="e"><f>1/0</f><v>#DIV/0!</v>', "#DIV/0!"),
        ('t="d"><v>2024-02-29T00:00:00.000</v>', "2024-02-29"),
        ('t="d"><v>2024-02-29T14:30:00Z</v>', "2024-02-29 14:30"),
        ('t="d"><v>T08:05:09</v>', "08:05:09"),
        ('t="str"><f>A1</f><v>a_x000D_b _x005F_x0020_ _xD83D__xDE00_</v>', "a b _x0020_ 😀"),
        ('t="s"><v>0</v>', "Espace échappé suite"),
        ('t="s"><v>1</v>', "α-test"),
        ('t="s"><v>9</v>', ""),
        ('s="1"><v>1.5</v>', "36:00"),
        ('s="2"><v>45351</v>', "2024-02-29"),
        ('s="2"><v>1</v>', "1900-01-01"),
        ('s="3"><v>45351.25</v>', "06:00"),
        ('s="4"><v>0.125</v>', "12.50%"),
        ("><v>0.1000000000000000055</v>", "0.1"),
        ('s="5" t="inlineStr"><is><t>ü</t></is>', "✓"),
    ],
)  # fmt: skip
def test_cell_is_shown_as_excel_does(tmp_path: Path, cell: str, shown: str) -> None:
    row = f'<row><c r="A1" t="inlineStr"><is><t>x</t></is></c><c r="B1" {cell}</c></row>'
    path = write_xlsx(
        tmp_path / "a.xlsx", f"<sheetData>{row}</sheetData>", styles=STYLES, strings=STRINGS
    )
    assert text_of(read(path)).splitlines()[0] == (f"| x | {shown} |" if shown else "x")


def test_merge_down_a_whole_column_reaches_the_last_row(tmp_path: Path) -> None:
    cell = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
    rows = "<row>" + cell.format("A1", "Droit") + cell.format("B1", "Alice") + "</row>"
    rows += "<row>" + cell.format("B2", "Bob") + "</row>"
    sheet = f"<sheetData>{rows}</sheetData><mergeCells><mergeCell ref='A1:A1048576'/></mergeCells>"
    assert "| Droit | Bob |" in text_of(read(write_xlsx(tmp_path / "a.xlsx", sheet)))


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ('#,##0.00 "€"', 1234.5, "1234.50 €"),
        ("#,##0.00\\ [$€-40C]", -1234.5, "-1234.50 €"),
        ("[$$-409]#,##0.00", 1234.5, "$1234.50"),
        ('_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-', 12, "12.00 €"),
        ("00000", 42, "00042"),
        ('0#" "##" "##" "##" "##', 612345678, "06 12 34 56 78"),
        ("0.0", 12.35, "12.4"),
        ("0.##", 12.3, "12.3"),
        ("#,##0;(#,##0)", -5, "(5)"),
        ('0;-0;"néant"', 0, "néant"),
        ('"Oui";"Oui";"Non"', 1, "Oui"),
        ('[>=1000]0.0,"k";0', 1500, "1.5k"),
        ('[>=1000]0.0,"k";0', -7, "-7"),
        ('General" kg"', 12.5, "12.5 kg"),
        ("0.00E+00", 12345678, "1.23E+07"),
        ("# ?/?", 2.75, "2 3/4"),
        ("0%", 0.5, "50%"),
        ("", 0.1, "0.1"),
    ],
)  # fmt: skip
def test_number_is_shown_in_its_format(code: str, number: float, shown: str) -> None:
    assert NumberFormat.of(code).number(number) == shown


def test_text_is_shown_in_its_format() -> None:
    assert NumberFormat.of('0;0;0;"M. "@').text("Dupont") == "M. Dupont"


def test_formula_without_result_is_said(tmp_path: Path) -> None:
    row = '<row><c r="A1" t="inlineStr"><is><t>Total</t></is></c><c r="B1"><f>SUM(C1)</f><v/></c>'
    parsed = read(write_xlsx(tmp_path / "a.xlsx", f"<sheetData>{row}</row></sheetData>"))
    found = [(warning.code, warning.details) for warning in parsed.warnings]
    assert found == [(WarningCode.UNCOMPUTED_FORMULAS, ("Feuille",))]


def test_replies_of_a_thread_name_their_authors_and_days(tmp_path: Path) -> None:
    threads = "threadedComments/threadedComment1.xml"
    parts: dict[str, str | bytes] = {
        "xl/_rels/workbook.xml.rels": relations(
            {"worksheet": "worksheets/sheet1.xml", "person": "persons/person.xml"}
        ),
        "xl/worksheets/_rels/sheet1.xml.rels": relations({"threadedComment": f"../{threads}"}),
        "xl/persons/person.xml": (
            '<personList><person displayName="Ana Roux" id="{A}"/>'
            '<person displayName="Luc Petit" id="{L}"/></personList>'
        ),
        f"xl/{threads}": (
            '<ThreadedComments><threadedComment dT="2026-06-18T17:12:37.41" personId="{A}"><text>'
            'Trop bas ?</text></threadedComment><threadedComment dT="hier" personId="{L}"><text>'
            "Non.</text></threadedComment></ThreadedComments>"
        ),
    }
    cell = '<row><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    path = write_xlsx(tmp_path / "a.xlsx", f"<sheetData>{cell}</sheetData>", parts=parts)
    said = [line for line in text_of(read(path)).splitlines() if line]
    assert said[-2:] == ["[Ana Roux, 2026-06-18: Trop bas ?]", "[Luc Petit: Non.]"]
