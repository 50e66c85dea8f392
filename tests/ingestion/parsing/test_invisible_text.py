"""Letters that a reader cannot see, in the colour behind them or tiny: read, and said."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.parse_warnings import WarningCode
from tests.ingestion.package_writer import (
    paragraph,
    relations,
    shape,
    slide,
    write_docx,
    write_odf,
    write_pptx,
    write_xlsx,
)
from tests.ingestion.reading import read, text_of

Write = Callable[[Path], Path]

PLACE = '<p:spPr><a:xfrm><a:off x="{0}" y="{0}"/><a:ext cx="{1}" cy="{1}"/></a:xfrm>{2}</p:spPr>'
FILL = '<a:solidFill><a:srgbClr val="{}"/></a:solidFill>'
SCHEME = '<a:solidFill><a:schemeClr val="{}"/></a:solidFill>'
WHITE_RTF = rb"{\colortbl;\red255\green255\blue255;\red20\green20\blue120;}"
LETTERS = "MASQUÉ"


def page(name: str, content: str | bytes) -> Write:
    data = content if isinstance(content, bytes) else content.encode()

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def html(body: str, style: str = "") -> Write:
    return page("a.html", f"<html><head><style>{style}</style></head><body>{body}</body></html>")


def rtf(body: bytes, head: bytes = WHITE_RTF) -> Write:
    return page("a.rtf", rb"{\rtf1\ansi\ansicpg1252" + head + body + b"}")


def docx(run: str, *, around: str = "{}", parts: dict[str, str] | None = None) -> Write:
    body = around.format(f"<w:p><w:r><w:rPr>{run}</w:rPr><w:t>{LETTERS}</w:t></w:r></w:p>")
    return lambda folder: write_docx(folder / "a.docx", body, parts=parts)


def pptx(*shapes: str, background: str = "", parts: dict[str, str | bytes] | None = None) -> Write:
    content = slide(*shapes).replace("<p:spTree>", f"{background}<p:spTree>")
    return lambda folder: write_pptx(folder / "a.pptx", content, parts=parts)


def placed(text: str, run: str = "", *, at: int = 0, size: int = 100, fill: str = "") -> str:
    drawn = PLACE.format(at, size, fill)
    return shape(text, run=run).replace("</p:nvSpPr>", f"</p:nvSpPr>{drawn}")


def odf(kind: str, body: str, properties: str, *, cell: str = "") -> Write:
    styles = (
        f'<style:style style:name="W" style:family="text"><style:text-properties {properties}/>'
        f"{cell}</style:style>"
    )
    return lambda folder: write_odf(folder / f"a.{kind[0]}", kind, body, styles=styles)


def odp(frame: str, slide_style: str, *, beside: str = "", master: str = "") -> Write:
    body = (
        f'<draw:page draw:style-name="P" draw:master-page-name="M">{beside}<draw:frame '
        f'draw:style-name="F"><draw:text-box>{SPAN}</draw:text-box></draw:frame></draw:page>'
    )
    styles = "".join(
        f'<style:style style:name="{name}"><style:{kind}-properties {properties}/></style:style>'
        for name, kind, properties in [
            ("W", "text", 'fo:color="#ffffff"'), ("F", "graphic", frame),
            ("P", "drawing-page", slide_style),
            ("D", "drawing-page", f'draw:fill="solid" draw:fill-color="{master or "#ffffff"}"'),
        ]
    )  # fmt: skip
    masters = '<a xmlns:style="s"><style:master-page style:name="M" style:style-name="D"/></a>'
    parts: dict[str, str | bytes] = {"styles.xml": masters}
    return lambda folder: write_odf(
        folder / "a.odp", "presentation", body, styles=styles, parts=parts
    )


def xlsx(font: str, fill: str = "<fill/>") -> Write:
    cell = f'<c r="A1" s="1" t="inlineStr"><is><t>{LETTERS}</t></is></c>'
    styles = (
        f"<fonts><font/><font>{font}</font></fonts><fills>{fill}</fills>"
        '<cellXfs><xf/><xf fontId="1"/></cellXfs>'
    )
    return lambda folder: write_xlsx(
        folder / "a.xlsx", f"<sheetData><row>{cell}</row></sheetData>", styles=styles
    )


CHANGED = '<a:solidFill><a:schemeClr val="{}">{}</a:schemeClr></a:solidFill>'
WHITE_FILL = FILL.format("FFFFFF")
WHITE_RUN = '<w:color w:val="FFFFFF"/>'
THEME = (
    "<a:theme xmlns:a='a'><a:themeElements><a:clrScheme><a:accent1><a:srgbClr val='FFFFFF'/>"
    "</a:accent1></a:clrScheme></a:themeElements></a:theme>"
)
WHITE_BY_DEFAULT = (
    f"<w:styles {{ns}}><w:docDefaults><w:rPrDefault><w:rPr>{WHITE_RUN}</w:rPr></w:rPrDefault>"
    "</w:docDefaults></w:styles>"
)
SHADED_BY_DEFAULT = (
    '<w:styles {ns}><w:style w:type="paragraph" w:default="1" w:styleId="A"><w:pPr><w:shd '
    'w:fill="1F3864"/></w:pPr></w:style></w:styles>'
)
TEXT_FILL = '<w14:textFill xmlns:w14="w14">{}</w14:textFill>'
BOX = (
    '<w:p><w:r><w:drawing><wsp xmlns:a="a"><spPr>{}</spPr><w:txbxContent>{}</w:txbxContent></wsp>'
    "</w:drawing></w:r></w:p>"
)
OLD_BOX = (
    '<w:p><w:r><w:pict><shape fillcolor="{}"><textbox><w:txbxContent>{}</w:txbxContent></textbox>'
    "</shape></w:pict></w:r></w:p>"
)
WHITE_STYLE = "<p:style><a:fontRef><a:schemeClr val='lt1'/></a:fontRef></p:style>"
TITLE = '<p:nvPr><p:ph type="title"/></p:nvPr>'
MASTER: dict[str, str | bytes] = {
    "ppt/slides/_rels/slide1.xml.rels": relations({"slideLayout": "../l.xml"}),
    "ppt/l.xml": "<p:sldLayout xmlns:p='p'/>",
    "ppt/_rels/l.xml.rels": relations({"slideMaster": "m.xml"}),
    "ppt/m.xml": "<p:sldMaster xmlns:p='p' xmlns:a='a'><p:txStyles><p:titleStyle><a:lvl1pPr>"
    f"<a:defRPr>{WHITE_FILL}</a:defRPr></a:lvl1pPr></p:titleStyle></p:txStyles></p:sldMaster>",
}
SPAN = f'<text:p><text:span text:style-name="W">{LETTERS}</text:span></text:p>'
CELL = (
    '<table:table><table:table-row><table:table-cell table:style-name="W"><text:p>'
    f"{LETTERS}</text:p></table:table-cell></table:table-row></table:table>"
)
SOLID = '<fill><patternFill patternType="solid"><fgColor rgb="FF{}"/></patternFill></fill>'
TINTED = (
    '<fill><patternFill patternType="solid"><fgColor theme="0" tint="-0.05"/></patternFill></fill>'
)
RUNS = (
    '<c r="A1" t="inlineStr"><is><r><t>a </t></r><r><rPr><color rgb="FFFFFFFF"/></rPr>'
    f"<t>{LETTERS}</t></r></is></c>"
)
TABLE = (
    '<w:tbl><w:tblPr><w:tblStyle w:val="T"/></w:tblPr><w:tr><w:tc>{}</w:tc><w:tc><w:p/></w:tc>'
    "</w:tr></w:tbl>"
)
TABLE_STYLE = '<w:styles {{ns}}><w:style w:type="table" w:styleId="T">{}</w:style></w:styles>'

INVISIBLE: dict[str, Write] = {
    "html colour": html(f'<p style="color:#FFF">{LETTERS}</p>'),
    "html rule": html(f'<div class="x"><b>{LETTERS}</b></div>', ".x{color:white !important}"),
    "html font tag": html(f'<table bgcolor="black"><tr><td><font color="#0a0a0a">{LETTERS}</font>'
                          "</td><td>b</td></tr></table>"),
    "html selector": html(f'<div class="x"><p>{LETTERS}</p></div>', "div.x > p{color:#fff}"),
    "html variable": html(f'<p style="color:var(--c)">{LETTERS}</p>', ":root{--c:hsl(0 0% 99%)}"),
    "html alpha": html(f'<p style="color:#0000">{LETTERS}</p>'),
    "html tiny": html(f'<p>a <span style="font-size:1px">{LETTERS}</span></p>'),
    "html transparent": html(f'<p style="color: rgba(0, 0, 0, 0)">{LETTERS}</p>'),
    "markdown": page("a.md", f'# a\n\n<span style="color:white">{LETTERS}</span>\n'),
    "mail": page("a.eml", f"From: a@b.fr\nTo: a@b.fr\nSubject: a\nContent-Type: text/html; "
                 f'charset=utf-8\n\n<p><font color="#fffffe">{LETTERS}</font></p>'),
    "rtf colour": rtf(rb"a {\cf1 MASQU\'c9}"),
    "rtf on its colour": rtf(rb"a {\cf2\highlight2 MASQU\'c9}"),
    "rtf tiny": rtf(rb"a {\fs2 MASQU\'c9}"),
    "docx colour": docx('<w:color w:val="FEFEFE"/>'),
    "docx theme": docx('<w:color w:themeColor="background1"/>'),
    "docx on its colour": docx('<w:color w:val="000000"/><w:shd w:val="clear" w:fill="000000"/>'),
    "docx tiny": docx('<w:sz w:val="2"/>'),
    "docx tint": docx('<w:color w:val="auto" w:themeColor="text1" w:themeTint="05"/>'),
    "docx accent": docx('<w:color w:themeColor="accent1"/>', parts={"theme": THEME}),
    "docx default": docx("", parts={"styles": WHITE_BY_DEFAULT}),
    "docx effect": docx(TEXT_FILL.format("<w14:noFill/>")),
    "docx coloured effect": docx(TEXT_FILL.format(
        '<w14:solidFill><w14:srgbClr w14:val="FFFFFF"/></w14:solidFill>')),
    "docx box": docx(WHITE_RUN, around=BOX.format(FILL.format("FFFFFF"), "{}")),
    "docx box without fill": docx(WHITE_RUN, around=BOX.format("<a:noFill/>", "{}")),
    "docx old box": docx(WHITE_RUN, around=OLD_BOX.format("white", "{}")),
    "docx table": docx('<w:color w:val="FFFFFF"/>', around=TABLE,
                       parts={"styles": TABLE_STYLE.format("")}),
    "pptx colour": pptx(placed(LETTERS, FILL.format("FFFFFF"))),
    "pptx scheme": pptx(shape(LETTERS, run=SCHEME.format("bg1"))),
    "pptx on its shape": pptx(placed(LETTERS, FILL.format("1F3864"), fill=FILL.format("1F3864"))),
    "pptx over a shape": pptx(placed("a", at=0, size=500, fill=FILL.format("C00000")),
                              placed(LETTERS, FILL.format("C00000"), at=50)),
    "pptx dark slide": pptx(placed(LETTERS, FILL.format("000000")),
                            background=f"<p:bg><p:bgPr>{FILL.format('000000')}</p:bgPr></p:bg>"),
    "pptx no fill": pptx(placed(LETTERS, "<a:noFill/>")),
    "pptx luminance": pptx(shape(LETTERS, run=CHANGED.format(
        "tx1", '<a:lumMod val="0"/><a:lumOff val="98000"/>'))),
    "pptx see-through": pptx(shape(LETTERS, run=CHANGED.format("tx1", '<a:alpha val="0"/>'))),
    "pptx linear colour": pptx(shape(LETTERS, run='<a:solidFill><a:scrgbClr r="100000" g="100000" '
                                     'b="100000"/></a:solidFill>')),
    "pptx list style": pptx(shape(LETTERS).replace("<p:txBody>", "<p:txBody><a:lstStyle><a:lvl1pPr>"
                            f"<a:defRPr>{WHITE_FILL}</a:defRPr></a:lvl1pPr></a:lstStyle>")),
    "pptx shape style": pptx(placed(LETTERS, fill="<a:noFill/>").replace(
        "<p:txBody>", f"{WHITE_STYLE}<p:txBody>")),
    "pptx master": pptx(shape(LETTERS).replace("</p:nvSpPr>", f"{TITLE}</p:nvSpPr>"), parts=MASTER),
    "pptx covered": pptx(placed(LETTERS), placed("", size=500, fill=FILL.format("C00000"))),
    "pptx tiny": pptx(shape(LETTERS).replace("<a:rPr>", '<a:rPr sz="100">')),
    "odt colour": odf("text", SPAN, 'fo:color="#FFFFFF"'),
    "odt tiny": odf("text", SPAN, 'fo:font-size="1pt"'),
    "odt on its colour": odf("text", SPAN, 'fo:color="#000080" fo:background-color="#000080"'),
    "odp frame": odp("", ""),
    "odp white frame": odp('draw:fill="solid" draw:fill-color="#ffffff"', ""),
    "odp shape": odf("presentation", f'<draw:page><draw:custom-shape draw:style-name="W"><text:p>'
                     f"{LETTERS}</text:p></draw:custom-shape></draw:page>", 'fo:color="#ffffff"',
                     cell='<style:graphic-properties draw:fill="none"/>'),
    "odt frame": odf("text", f"<text:p><draw:frame><draw:text-box>{SPAN}</draw:text-box>"
                     "</draw:frame></text:p>", 'fo:color="#FFFFFF"'),
    "ods colour": odf("spreadsheet", CELL, 'fo:color="#FFFFFF"'),
    "ods on its colour": odf("spreadsheet", CELL, 'fo:color="#ff0000"',
                             cell='<style:table-cell-properties fo:background-color="#ff0000"/>'),
    "xlsx colour": xlsx('<color rgb="FFFFFFFF"/>'),
    "xlsx palette": xlsx('<color indexed="9"/>'),
    "xlsx tiny": xlsx('<sz val="1"/>'),
    "xlsx tint": xlsx('<color theme="0" tint="-0.05"/>', TINTED),
    "xlsx run": lambda folder: write_xlsx(folder / "a.xlsx", f"<sheetData><row>{RUNS}</row>"
                                          "</sheetData>"),
    "xlsx on its colour": xlsx('<color rgb="FF00B050"/>', SOLID.format("00B050")),
}  # fmt: skip


@pytest.mark.parametrize("write", INVISIBLE.values(), ids=INVISIBLE)
def test_invisible_letters_are_read_and_said(tmp_path: Path, write: Write) -> None:
    parsed = read(write(tmp_path))
    assert LETTERS in text_of(parsed)
    assert [warning.code for warning in parsed.warnings] == [WarningCode.INVISIBLE_TEXT]


PICTURE = f"<p:pic>{PLACE.format(0, 900, '')}</p:pic>"
LAYOUT = {
    "ppt/slides/_rels/slide1.xml.rels": relations({"slideLayout": "../l.xml"}),
    "ppt/l.xml": "<p:sldLayout xmlns:p='p' xmlns:a='a'><p:cSld><p:bg><p:bgPr><a:gradFill/></p:bgPr>"
    "</p:bg></p:cSld></p:sldLayout>",
}
VISIBLE: dict[str, Write] = {
    "html dark ground": html(f'<div style="background:#123"><p style="color:#fff">{LETTERS}'),
    "html picture": html(f'<td background="a.png" style="color:#fff">{LETTERS}</td>'),
    "html rule not understood": html(f'<p class="b">{LETTERS}</p>',
                                     ".b{color:#fff} .b:dir(ltr){background:red}"),
    "html linked sheet": page("a.html", '<link rel="stylesheet" href="x"><p class="y" '
                              f'style="color:#fff">{LETTERS}</p>'),
    "html footnote": html(f'<p style="font-size:50%;color:#333">{LETTERS}</p>'),
    "rtf shaded cell": rtf(rb"\trowd\clcbpat2\cellx99\pard\intbl\cf1 MASQU\'c9\cell\row"),
    "rtf shaded paragraph": rtf(rb"\pard\cbpat2 \cf1 MASQU\'c9\par"),
    "docx dark cell": docx('<w:color w:val="FFFFFF"/>', around='<w:tbl><w:tr><w:tc><w:tcPr>'
                           '<w:shd w:fill="1F3864"/></w:tcPr>{}</w:tc></w:tr></w:tbl>'),
    "docx table style": docx('<w:color w:val="FFFFFF"/>', around=TABLE, parts={
        "styles": TABLE_STYLE.format('<w:tcPr><w:shd w:fill="000000"/></w:tcPr>')}),
    "docx darker theme": docx('<w:color w:val="FFFFFF" w:themeColor="background1" '
                              'w:themeShade="80"/>'),
    "docx shaded style": docx(WHITE_RUN, parts={"styles": SHADED_BY_DEFAULT}),
    "docx dark box": docx(WHITE_RUN, around=BOX.format(FILL.format("1F3864"), "{}")),
    "docx box over a picture": docx(WHITE_RUN, around="<w:p><w:r><w:drawing><pic/></w:drawing>"
                                    "</w:r></w:p>" + BOX.format("<a:noFill/>", "{}")),
    "docx old dark box": docx(WHITE_RUN, around=OLD_BOX.format("#1f3864", "{}")),
    "docx automatic": docx('<w:color w:val="auto"/><w:shd w:val="clear" w:fill="000000"/>'),
    "pptx dark shape": pptx(placed(LETTERS, FILL.format("FFFFFF"), fill=FILL.format("1F3864"))),
    "pptx shape style": pptx(placed(LETTERS).replace(
        "<p:txBody>", "<p:style><a:fillRef idx='1'/><a:fontRef><a:schemeClr val='lt1'/></a:fontRef>"
        "</p:style><p:txBody>")),
    "pptx shown later": pptx(placed(LETTERS), placed("", size=500, fill=FILL.format("C00000"))
                             + '<p:spTgt spid="1"/>'),
    "pptx picture": pptx(PICTURE, placed(LETTERS, FILL.format("FFFFFF"), at=50)),
    "pptx layout": pptx(placed(LETTERS, FILL.format("FFFFFF")), parts=LAYOUT),
    "odt dark ground": odf("text", SPAN, 'fo:color="#ffffff" fo:background-color="#000080"'),
    "odp dark frame": odp('draw:fill="solid" draw:fill-color="#1f3864"', ""),
    "odp gradient": odp('draw:fill="gradient"', ""),
    "odp dark slide": odp("", 'draw:fill="solid" draw:fill-color="#000000"'),
    "odp picture": odp("", "", beside="<draw:frame><draw:image/></draw:frame>"),
    "odp dark master": odp("", "", master="#000000"),
    "ods dark cell": odf("spreadsheet", CELL, 'fo:color="#ffffff"',
                         cell='<style:table-cell-properties fo:background-color="#ff0000"/>'),
    "xlsx dark cell": xlsx('<color rgb="FFFFFFFF"/>', SOLID.format("1F3864")),
    "xlsx dark tint": xlsx('<color theme="0" tint="-0.5"/>'),
    "xlsx small": xlsx('<sz val="6"/><color theme="1"/>'),
}  # fmt: skip


@pytest.mark.parametrize("write", VISIBLE.values(), ids=VISIBLE)
def test_visible_letters_are_not_warned_of(tmp_path: Path, write: Write) -> None:
    parsed = read(write(tmp_path))
    assert LETTERS in text_of(parsed)
    assert parsed.warnings == ()


def test_white_words_after_a_dark_shade_are_said(tmp_path: Path) -> None:
    shaded = '<w:p><w:pPr><w:shd w:fill="000000"/></w:pPr></w:p>{}'
    parsed = read(docx('<w:color w:val="FFFFFF"/>', around=shaded + paragraph("a"))(tmp_path))
    assert [warning.code for warning in parsed.warnings] == [WarningCode.INVISIBLE_TEXT]
