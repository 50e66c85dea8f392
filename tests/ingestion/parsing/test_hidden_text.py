"""Text that a reader of the file does not see: left out and said, or read and said."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.parse_warnings import WarningCode
from tests.ingestion.package_writer import (
    paragraph,
    shape,
    slide,
    write_docx,
    write_epub,
    write_odf,
    write_pptx,
    write_xlsx,
)
from tests.ingestion.reading import read, text_of

VANISH = "<w:rPr><w:vanish/></w:rPr>"
STYLES = (
    '<w:styles {ns}><w:style w:type="paragraph" w:styleId="P"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="C"><w:basedOn w:val="B"/></w:style>'
    '<w:style w:type="character" w:styleId="B"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>'
)


def word(text: str, properties: str = "") -> str:
    return f"<w:r>{properties}<w:t>{text}</w:t></w:r>"


def in_paragraph(runs: str) -> str:
    return f"<w:p>{runs}</w:p>"


def odt(body: str, properties: str = 'text:display="none"') -> Callable[[Path], Path]:
    styles = "".join(
        f'<style:style style:name="{name}" style:family="{family}"{parent}>{content}</style:style>'
        for name, family, parent, content in [
            ("H", "text", "", f"<style:text-properties {properties}/>"),
            ("D", "paragraph", ' style:parent-style-name="H"', ""),
        ]
    )
    return lambda path: write_odf(path / "a.odt", "text", body, styles=styles)


def inserted(name: str, content: str) -> Callable[[Path], Path]:
    body = '<w:altChunk r:id="f1"/>'
    return lambda path: write_docx(path / "a.docx", body, files={name: content})


def page(body: str, style: str = "", name: str = "a.html") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(f"<style>{style}</style>{body}")
        return folder / name

    return write


def on_slide(text: str, at: int) -> str:
    place = f'<p:spPr><a:xfrm><a:off x="{at}" y="0"/><a:ext cx="100" cy="100"/></a:xfrm></p:spPr>'
    return shape(text).replace("</p:nvSpPr>", f"</p:nvSpPr>{place}")


BESIDE = 12_192_000
IN_GROUP = (
    '<p:grpSp><p:grpSpPr><a:xfrm><a:off x="-900" y="0"/><a:ext cx="200" cy="200"/><a:chOff x="0" '
    'y="0"/><a:chExt cx="400" cy="400"/></a:xfrm></p:grpSpPr>{}</p:grpSp>'
)

LEFT_OUT: dict[str, Callable[[Path], Path]] = {
    "docx run": lambda path: write_docx(
        path / "a.docx", in_paragraph(word("vu") + word("CACHÉ", VANISH))
    ),
    "docx styles": lambda path: write_docx(
        path / "a.docx",
        paragraph("CACHÉ", "P")
        + in_paragraph(word("CACHÉ", '<w:rPr><w:rStyle w:val="C"/></w:rPr>'))
        + '<w:p><w:pPr><w:pStyle w:val="P"/></w:pPr>'
        + word("vu", '<w:rPr><w:vanish w:val="0"/></w:rPr>') + "</w:p>",
        parts={"styles": STYLES},
    ),
    "docx footnote": lambda path: write_docx(
        path / "a.docx",
        "<w:p><w:r><w:t>vu</w:t><w:footnoteReference w:id='2'/></w:r></w:p>",
        parts={"footnotes": "<w:footnotes {ns}><w:footnote w:id='2'><w:p>"
               + word("CACHÉ", VANISH) + "</w:p></w:footnote></w:footnotes>"},
    ),
    "docx shape": lambda path: write_docx(
        path / "a.docx",
        paragraph("vu") + "<w:p><w:r><w:drawing><inline><docPr hidden='1'/><w:txbxContent>"
        + paragraph("CACHÉ") + "</w:txbxContent></inline></w:drawing></w:r></w:p>",
    ),
    "pptx shape": lambda path: write_pptx(
        path / "a.pptx", slide(shape("vu"), shape("CACHÉ", name='hidden="1"'))
    ),
    "pptx beside the slide": lambda path: write_pptx(
        path / "a.pptx",
        slide(on_slide("vu", 5), on_slide("CACHÉ", BESIDE), on_slide("CACHÉ", -100)),
    ),
    "pptx group beside the slide": lambda path: write_pptx(
        path / "a.pptx", slide(on_slide("vu", 5), IN_GROUP.format(on_slide("CACHÉ", 300)))
    ),
    "html attribute": page("<p>vu<i hidden> CACHÉ</i></p>"),
    "html inline style": page('<p>vu<span style="Opacity:0"> CACHÉ</span></p>'),
    "html rules": page(
        '<p>vu<i class="a b"> CACHÉ</i><i id="c"> CACHÉ</i><i class="d"> CACHÉ</i></p>',
        ".b{position:absolute;left:-9999px} #c{clip:rect(0 0 0 0)} "
        ".d{display:none!important} i{display:inline}",
    ),
    "html selectors": page(
        '<div class="x"><p>CACHÉ</p></div><p data-a>CACHÉ</p><p class="A b">CACHÉ</p><b>CACHÉ</b>'
        '<p id="v">vu</p>',
        "div.x > p, [data-a], .A.b{display:none} @media screen{b{display:none}} "
        "@media print{#v{display:none}} p#v::before{display:none} p:hover{display:none}",
    ),
    "html without size": page(
        '<div style="max-height:0;overflow:hidden">CACHÉ</div><p>vu</p>'
        '<div style="text-indent:-9999px">CACHÉ</div>'
    ),
    "markdown": page('vu<span style="display:none">CACHÉ</span>', name="a.md"),
    "odt span": odt('<text:p>v<text:span text:style-name="H">CACHÉ</text:span>u</text:p>'),
    "odt paragraph by parent": odt('<text:p text:style-name="D">CACHÉ</text:p><text:p>vu</text:p>'),
    "odt section": odt(
        '<text:section text:display="none"><text:p>CACHÉ</text:p></text:section><text:p>vu</text:p>'
    ),
    "odt section on condition": odt(
        '<text:section text:display="condition" text:is-hidden="true"><text:p>CACHÉ</text:p>'
        "</text:section><text:p>vu</text:p>"
    ),
    "odt hidden paragraph": odt(
        '<text:p><text:hidden-paragraph text:is-hidden="true"/>CACHÉ</text:p><text:p>vu</text:p>'
    ),
    "odt hidden text": odt(
        '<text:p>v<text:hidden-text text:is-hidden="true">CACHÉ</text:hidden-text>u</text:p>'
    ),
    "odp layer": lambda path: write_odf(
        path / "a.odp", "presentation",
        '<draw:page><draw:frame draw:layer="L"><draw:text-box><text:p>CACHÉ</text:p>'
        "</draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>vu</text:p>"
        "</draw:text-box></draw:frame></draw:page>",
        parts={"styles.xml": '<a xmlns:d="d"><d:layer d:name="L" d:display="none"/></a>'},
    ),
    "epub element": lambda path: write_epub(
        path / "a.epub", ['<p>vu</p><p style="display:none">CACHÉ</p>']
    ),
    "epub style sheet": lambda path: write_epub(
        path / "a.epub", ['<link rel="stylesheet" href="s/a.css"/><p>vu</p><p class="h">CACHÉ</p>'],
        parts={"OPS/s/a.css": '@import url("b.css");', "OPS/s/b.css": "p.h{display:none}"},
    ),
    "html in docx": inserted("a.html", "<p>vu</p><p hidden>CACHÉ</p>"),
    "web archive in docx": inserted(
        "mht", "MIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\n"
        "Content-Transfer-Encoding: quoted-printable\n\n<p>vu</p><p hidden>CACH=C9</p>\n"
    ),
    "rtf in docx": inserted("a.rtf", r"{\rtf1 vu{\v cache}}"),
    "odp shape": lambda path: write_odf(
        path / "a.odp", "presentation",
        '<draw:page><draw:frame draw:display="none"><draw:text-box><text:p>CACHÉ</text:p>'
        "</draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>vu</text:p>"
        "</draw:text-box></draw:frame></draw:page>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("write", LEFT_OUT.values(), ids=LEFT_OUT)
def test_hidden_text_is_left_out_and_said(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    parsed = read(write(tmp_path))
    assert text_of(parsed) == "vu"
    assert [warning.code for warning in parsed.warnings] == [WarningCode.HIDDEN_TEXT]


CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
ODS_STYLES = (
    '<style:style style:name="T" style:family="table"><style:table-properties '
    'table:display="false"/></style:style><style:style style:name="S" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
)
ODS_CELL = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
SAID: dict[str, tuple[Callable[[Path], Path], WarningCode, tuple[str, ...]]] = {
    "xlsx sheet": (
        lambda path: write_xlsx(
            path / "a.xlsx", f"<sheetData><row>{CELL.format('A1', 'MASQUÉ')}</row></sheetData>",
            sheets='<sheet name="Calculs" state="veryHidden" r:id="rId1"/>',
        ),
        WarningCode.HIDDEN_SHEETS, ("Calculs",),
    ),
    "xlsx row": (
        lambda path: write_xlsx(
            path / "a.xlsx",
            f'<sheetData><row hidden="1">{CELL.format("A1", "MASQUÉ")}</row></sheetData>',
        ),
        WarningCode.HIDDEN_CELLS, ("Feuille",),
    ),
    "xlsx column": (
        lambda path: write_xlsx(
            path / "a.xlsx", '<cols><col min="2" max="3" hidden="1"/></cols><sheetData><row>'
            + CELL.format("A1", "a") + CELL.format("C1", "MASQUÉ") + "</row></sheetData>",
        ),
        WarningCode.HIDDEN_CELLS, ("Feuille",),
    ),
    "pptx slide": (
        lambda path: write_pptx(
            path / "a.pptx", slide(shape("a")), slide(shape("MASQUÉ"), show='show="0"')
        ),
        WarningCode.HIDDEN_SLIDES, ("2",),
    ),
    "ods sheet": (
        lambda path: write_odf(
            path / "a.ods", "spreadsheet",
            '<table:table table:name="Calculs" table:style-name="T"><table:table-row>'
            + ODS_CELL.format("MASQUÉ") + "</table:table-row></table:table>",
            styles=ODS_STYLES,
        ),
        WarningCode.HIDDEN_SHEETS, ("Calculs",),
    ),
    "ods row": (
        lambda path: write_odf(
            path / "a.ods", "spreadsheet",
            '<table:table table:name="F"><table:table-row table:visibility="filter">'
            + ODS_CELL.format("MASQUÉ") + "</table:table-row></table:table>",
        ),
        WarningCode.HIDDEN_CELLS, ("F",),
    ),
    "ods column": (
        lambda path: write_odf(
            path / "a.ods", "spreadsheet",
            '<table:table table:name="F"><table:table-column/><table:table-column '
            'table:visibility="collapse"/><table:table-row>' + ODS_CELL.format("a")
            + ODS_CELL.format("MASQUÉ") + "</table:table-row></table:table>",
        ),
        WarningCode.HIDDEN_CELLS, ("F",),
    ),
    "odp slide": (
        lambda path: write_odf(
            path / "a.odp", "presentation",
            '<draw:page draw:style-name="S"><draw:frame><draw:text-box><text:p>MASQUÉ</text:p>'
            "</draw:text-box></draw:frame></draw:page>",
            styles=ODS_STYLES,
        ),
        WarningCode.HIDDEN_SLIDES, ("1",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("write", "code", "details"), SAID.values(), ids=SAID)
def test_hidden_part_is_read_and_said(
    tmp_path: Path, write: Callable[[Path], Path], code: WarningCode, details: tuple[str, ...]
) -> None:
    parsed = read(write(tmp_path))
    assert "MASQUÉ" in text_of(parsed)
    assert [(warning.code, warning.details) for warning in parsed.warnings] == [(code, details)]
