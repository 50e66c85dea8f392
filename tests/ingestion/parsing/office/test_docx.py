"""Word: what it shows that is not in the flow of its text, or not as text."""

from io import BytesIO
from pathlib import Path

import docx
import pytest

from ingestion.parse_warnings import WarningCode
from tests.ingestion.package_writer import damaged, paragraph, relations, write_docx
from tests.ingestion.reading import outline_of, read, text_of


def char(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def code(text: str) -> str:
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def inner_word() -> bytes:
    document, stream = docx.Document(), BytesIO()
    document.add_paragraph("Inséré")
    document.save(stream)
    return stream.getvalue()


MHT = (
    "From: <Saved by>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=windows-1252\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\n\r\n<html><body><p>Ins=E9r=E9</p></body></html>\r\n--b--\r\n"
)
FLAT = (
    '<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package xmlns:pkg="http://'
    'schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/document.xml">'
    '<pkg:xmlData><w:document xmlns:w="w"><w:body>' + paragraph("Inséré") + "</w:body></w:document>"
    "</pkg:xmlData></pkg:part></pkg:package>"
)
HTML = "<html><head><style>p{}</style></head><body><p>Inséré</p></body></html>"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.htm", HTML.encode()),
        ("a.html", HTML.encode("utf-16")),
        ("a.mht", MHT.encode()),
        ("a.rtf", rb"{\rtf1\ansi Ins\'e9r\'e9\par}"),
        ("a.docx", inner_word()),
        ("a.txt", "Inséré".encode()),
        ("a.xml", FLAT.encode()),
    ],
    ids=["html", "utf-16", "mht", "rtf", "docx", "text", "flat package"],
)
def test_inserted_file_is_read_where_it_stands(tmp_path: Path, name: str, data: bytes) -> None:
    body = paragraph("Avant") + '<w:altChunk r:id="f1"/>' + paragraph("Après")
    cell = "<w:tc>{}</w:tc>"
    body += "<w:tbl><w:tr>" + cell.format('<w:altChunk r:id="f1"/>' + paragraph(""))
    body += cell.format(paragraph("x")) + "</w:tr></w:tbl>"
    parsed = read(write_docx(tmp_path / "a.docx", body, files={name: data}))
    assert [text.strip() for _, text in outline_of(parsed)][:3] == ["Avant", "Inséré", "Après"]
    assert "| Inséré | x |" in text_of(parsed)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param(
            char("begin") + code(" IF ") + char("begin") + code("MERGEFIELD s") + char("separate")
            + run("F") + char("end") + code('= "M" "a" "b"') + char("separate") + run("Madame")
            + char("end") + run(" la doyenne"),
            "Madame la doyenne",
            id="field in a code",
        ),
        pytest.param(
            char("begin") + run("HYPERLINK secret") + char("separate") + run("lien")
            + f"<w:del>{char('end')}</w:del>" + run(" suite"),
            "lien suite",
            id="end in a deletion, code as text",
        ),
        pytest.param(
            run("a") + char("begin") + code("XE mot") + run("b") + char("end") + run("c"),
            "ac",
            id="no result",
        ),
        pytest.param(
            run("a ") + char("begin") + code('SYMBOL 0xF0FC \\f "Wingdings" \\s 12') + char("end")
            + char("begin") + code(" MACROBUTTON NoMacro [Nom] ") + char("end")
            + char("begin") + code('EQ \\* jc2 \\o\\ad(\\s\\up 9(とう),東)') + char("end"),
            "a ✓[Nom]東",
            id="fields without a result",
        ),
        pytest.param(run("a ") + char("begin") + run("reste"), "a reste", id="no end"),
        pytest.param(
            '<w:fldSimple w:instr="DATE">' + run("12 mars") + "</w:fldSimple>",
            "12 mars",
            id="simple",
        ),
        pytest.param(
            char("begin") + code('TOC "1-3"') + char("separate") + run("Chapitre ") + "</w:p><w:p>"
            + char("begin") + code("PAGEREF x") + char("separate") + run("37") + char("end")
            + char("end"),
            "Chapitre\n\n37",
            id="several paragraphs",
        ),
        pytest.param(
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/>'
            "<w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>" + code("FORMCHECKBOX")
            + char("end") + run(" oui"),
            "☒ oui",
            id="ticked box",
        ),
        pytest.param(
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
            '<w:listEntry w:val="Lyon"/><w:listEntry w:val="Nice"/></w:ddList></w:ffData>'
            "</w:fldChar></w:r>" + code("FORMDROPDOWN") + char("end"),
            "Nice",
            id="list",
        ),
        pytest.param(
            "<w:r><w:ruby><w:rt>" + run("とう") + "</w:rt><w:rubyBase>" + run("東")
            + "</w:rubyBase></w:ruby></w:r>" + run("京"),
            "東京",
            id="ruby",
        ),
        pytest.param(
            '<w:r><w:pict><v:shape xmlns:v="v"><v:textpath string="BROUILLON"/></v:shape></w:pict>'
            "</w:r>",
            "BROUILLON",
            id="watermark",
        ),
        pytest.param(
            run("Angle ") + '<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>'
            + '<w:r><w:sym w:font="Wingdings" w:char="FC"/></w:r>'
            + run("\uf0e8 ü", '<w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr>'),
            "Angle α✓➔ ✓",
            id="symbol fonts",
        ),
    ],
)  # fmt: skip
def test_word_shows_results_and_symbols(tmp_path: Path, body: str, shown: str) -> None:
    assert text_of(read(write_docx(tmp_path / "a.docx", f"<w:p>{body}</w:p>"))) == shown


def test_merged_cells_of_word_keep_their_columns(tmp_path: Path) -> None:
    cell = "<w:tc><w:tcPr>{}</w:tcPr>" + paragraph("{}") + "</w:tc>"
    rows = [
        cell.format("", "Groupe") + cell.format("", "Nom") + cell.format("", "Note"),
        cell.format('<w:vMerge w:val="restart"/>', "A") + cell.format("", "Ana")
        + cell.format("", "1"),
        cell.format("<w:vMerge/>", "") + cell.format('<w:hMerge w:val="restart"/>', "Bob")
        + cell.format("<w:hMerge/>", ""),
        '<w:trPr><w:gridBefore w:val="1"/></w:trPr>' + cell.format("", "Zoé")
        + cell.format("", "3"),
    ]  # fmt: skip
    body = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    assert text_of(read(write_docx(tmp_path / "a.docx", body))).splitlines()[2:] == [
        "| A | Ana | 1 |", "| A | Bob | Bob |", "|  | Zoé | 3 |",
    ]  # fmt: skip


def test_embedded_file_is_named_and_equation_is_not(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "a.docx",
        paragraph("Texte") + '<w:object><o:OLEObject xmlns:o="o" ProgID="Equation.3" r:id="rId2"/>'
        "</w:object>",
        parts={"package": "<x/>", "oleObject": "<x/>"},
    )
    (warning,) = read(path).warnings
    assert (warning.code, warning.details) == (WarningCode.UNREAD_FILES, ("package.xml",))


def test_damaged_inserted_file_is_named(tmp_path: Path) -> None:
    body = paragraph("Avant") + '<w:altChunk r:id="f1"/>'
    path = write_docx(tmp_path / "a.docx", body, files={"a.htm": HTML * 20})
    parsed = read(damaged(path, "word/a.htm"))
    assert [warning.details for warning in parsed.warnings] == [("a.htm",)]


@pytest.mark.parametrize("kind", ["header", "footer", "footnotes", "comments"])
def test_files_inserted_beside_the_body_are_read(tmp_path: Path, kind: str) -> None:
    note = kind.removesuffix("s")
    content = (
        '<w:p/><w:altChunk r:id="rId1"/><w:p><w:r><w:object><o:OLEObject r:id="rId2"/></w:object>'
        "</w:r></w:p>"
    )
    if kind != note:
        content = f'<w:{note} w:id="2">{content}</w:{note}>'
    body = f'<w:p><w:r><w:t>Corps</w:t><w:{note}Reference w:id="2"/></w:r></w:p>'
    parsed = read(
        write_docx(
            tmp_path / "a.docx",
            body,
            parts={kind: f'<w:{kind} {{ns}} xmlns:o="o">{content}</w:{kind}>'},
            files={
                f"_rels/{kind}.xml.rels": relations(
                    {"aFChunk": "a.html", "package": "embeddings/budget.xlsx"}
                ),
                "a.html": "<p>Inséré</p><table><tr><td>a</td><td>b</td></tr></table>",
            },
        )
    )
    texts = " ".join(text for _, text in outline_of(parsed))
    assert texts.count("Inséré") == texts.count("| a | b |") == 1
    assert [(w.code, w.details) for w in parsed.warnings] == [
        (WarningCode.UNREAD_FILES, ("budget.xlsx",))
    ]


CELLS = "<w:tc>{}</w:tc><w:tc>{}</w:tc>"


@pytest.mark.parametrize(
    ("mark", "codes"),
    [("<w:hidden/>", [WarningCode.HIDDEN_TEXT]), ('<w:del w:id="1"/>', [])],
    ids=["hidden", "deleted"],
)
def test_rows_that_are_not_shown_are_left_out(
    tmp_path: Path, mark: str, codes: list[WarningCode]
) -> None:
    rows = (
        f"<w:tr>{CELLS.format(paragraph('a'), paragraph('b'))}</w:tr><w:tr><w:trPr>{mark}</w:trPr>"
    )
    rows += CELLS.format(paragraph("CACHÉ"), paragraph("CACHÉ")) + "</w:tr>"
    parsed = read(write_docx(tmp_path / "a.docx", f"<w:tbl>{rows}</w:tbl>"))
    assert text_of(parsed).splitlines()[0] == "| a | b |"
    assert "CACHÉ" not in text_of(parsed)
    assert [warning.code for warning in parsed.warnings] == codes


@pytest.mark.parametrize(
    "properties",
    ['<w:rPr><w:del w:id="1"/></w:rPr>', '<w:framePr w:dropCap="drop"/>'],
    ids=["deleted end", "initial"],
)
def test_paragraph_goes_on_in_the_next(tmp_path: Path, properties: str) -> None:
    body = f"<w:p><w:pPr>{properties}</w:pPr>{run('L')}</w:p>" + paragraph("’université")
    assert text_of(read(write_docx(tmp_path / "a.docx", body))) == "L’université"


def test_chart_of_office_2016_is_a_table(tmp_path: Path) -> None:
    body = '<w:p><w:r><w:drawing><chart xmlns:r="r" r:id="rId1"/></w:drawing></w:r></w:p>'
    chart = (
        "<chartSpace><chartData><data><strDim><lvl><pt>Recettes</pt></lvl></strDim><numDim><lvl>"
        "<pt>120</pt></lvl></numDim></data></chartData><chart><title><tx><v>Budget</v></tx></title>"
        "</chart></chartSpace>"
    )
    parsed = read(write_docx(tmp_path / "a.docx", body, parts={"chartEx": chart}))
    assert text_of(parsed).startswith("Budget\n")
    assert "| Recettes | 120 |" in text_of(parsed)


@pytest.mark.parametrize(
    ("language", "kind"), [("fr-FR", "Graphique en courbes"), ("en-GB", "Line chart")]
)
def test_chart_says_its_kind_in_its_language(tmp_path: Path, language: str, kind: str) -> None:
    body = '<w:p><w:r><w:drawing><chart xmlns:r="r" r:id="rId1"/></w:drawing></w:r></w:p>'
    chart = (
        f'<chartSpace><lang val="{language}"/><chart><plotArea><layout/><line3DChart><ser><val>'
        "<v>12</v></val></ser></line3DChart></plotArea></chart></chartSpace>"
    )
    parsed = read(write_docx(tmp_path / "a.docx", body, parts={"chart": chart}))
    assert text_of(parsed).splitlines()[0] == kind
