"""Office Open XML and OpenDocument, written by other programs or by hand."""

import datetime
import struct
from pathlib import Path
from zipfile import ZipFile

import docx
import openpyxl
import pptx
import pytest

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsafeDocument
from tests.ingestion.package_writer import TRANSITIONAL, paragraph, write_docx, write_odf, write_zip
from tests.ingestion.reading import outline_of, read, text_of


def test_word_headings_lists_tables_and_title(tmp_path: Path) -> None:
    document = docx.Document()
    document.core_properties.title = "Guide de l'étudiant"
    document.add_heading("Première partie", 1)
    document.add_paragraph("Un paragraphe accentué : été, œuvre.")
    document.add_paragraph("une puce", style="List Bullet")
    document.add_heading("Sous-partie", 2)
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells], ["Nom", "Âge", "Zoé", "20"], strict=True
    ):
        cell.text = text
    document.add_heading("Seconde partie", 1)
    document.add_paragraph("La fin.")
    document.sections[0].header.paragraphs[0].text = "En-tête de l'université"
    document.save(str(tmp_path / "a.docx"))
    parsed = read(tmp_path / "a.docx")
    assert parsed.title == "Guide de l'étudiant"
    assert parsed.unit == "section"
    assert outline_of(parsed) == [
        ("paragraph", "En-tête de l'université"),
        ("heading1", "Première partie"),
        ("paragraph", "Un paragraphe accentué : été, œuvre."),
        ("list_item", "- une puce"),
        ("heading2", "Sous-partie"),
        ("table", "| Nom | Âge |\n| --- | --- |\n| Zoé | 20 |"),
        ("heading1", "Seconde partie"),
        ("paragraph", "La fin."),
    ]
    assert [page.label for page in parsed.pages][-1] == "Seconde partie"


@pytest.mark.parametrize("strict", [False, True], ids=["transitional", "strict"])
def test_word_notes_boxes_deletions_and_alternatives(tmp_path: Path, strict: bool) -> None:
    box = "<w:drawing><w:txbxContent>{}</w:txbxContent></w:drawing>"
    body = (
        '<w:p><w:r><w:t>Texte</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        "<w:del><w:r><w:delText>supprimé</w:delText></w:r></w:del><w:r>"
        '<w:commentReference w:id="7"/>'
        "</w:r></w:p><w:p><w:r><mc:AlternateContent><mc:Choice>"
        + box.format(paragraph("Encadré"))
        + "</mc:Choice><mc:Fallback>"
        + box.format(paragraph("Encadré"))
        + "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    parts = {
        "footnotes": "<w:footnotes {ns}><w:footnote w:id='2'>" + paragraph("La note.")
        + "</w:footnote></w:footnotes>",
        "comments": "<w:comments {ns}><w:comment w:id='7' w:author='Ana' w:date="
        "'2026-06-18T17:35:00Z'>" + paragraph("À revoir") + "</w:comment></w:comments>",
    }  # fmt: skip
    parsed = read(write_docx(tmp_path / "a.docx", body, parts=parts, strict=strict))
    assert [text for _, text in outline_of(parsed)] == [
        "Texte", "Note 1 : La note.", "[Ana, 2026-06-18: À revoir]", "Encadré",
    ]  # fmt: skip


def test_word_pages_where_word_noted_them(tmp_path: Path) -> None:
    body = paragraph("Première page") + (
        "<w:p><w:r><w:t>commence ici </w:t><w:lastRenderedPageBreak/>"
        "<w:t>et finit là</w:t></w:r></w:p>"
    )
    parsed = read(write_docx(tmp_path / "a.docx", body))
    assert parsed.unit == "page"
    assert [[block.text for block in page.blocks] for page in parsed.pages] == [
        ["Première page", "commence ici"],
        ["et finit là"],
    ]


def test_word_numbers_are_those_that_word_prints(tmp_path: Path) -> None:
    numbering = (
        "<w:numbering {ns}><w:abstractNum w:abstractNumId='1'><w:lvl w:ilvl='0'>"
        "<w:start w:val='1'/>"
        "<w:numFmt w:val='decimal'/><w:lvlText w:val='Article %1'/></w:lvl><w:lvl w:ilvl='1'>"
        "<w:start w:val='1'/><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='%1.%2)'/></w:lvl>"
        "</w:abstractNum><w:num w:numId='5'><w:abstractNumId w:val='1'/></w:num></w:numbering>"
    )
    item = (
        "<w:p><w:pPr><w:numPr><w:ilvl w:val='{}'/><w:numId w:val='5'/></w:numPr></w:pPr>"
        "<w:r><w:t>{}</w:t></w:r></w:p>"
    )
    body = "".join(
        item.format(*row) for row in [(0, "un"), (1, "a"), (1, "b"), (0, "deux"), (1, "c")]
    )
    parsed = read(write_docx(tmp_path / "a.docx", body, parts={"numbering": numbering}))
    assert [text.strip() for _, text in outline_of(parsed)] == [
        "Article 1 un", "1.a) a", "1.b) b", "Article 2 deux", "2.a) c",
    ]  # fmt: skip


def test_powerpoint_slides_titles_notes_tables(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Bilan carbone"
    slide.placeholders[1].text = "premier point"
    slide.notes_slide.notes_text_frame.text = "À dire à l'oral."
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Chiffres"
    table = slide.shapes.add_table(2, 2, 0, 0, 100, 100).table
    for number, text in enumerate(["Poste", "kg", "Avion", "12"]):
        table.cell(number // 2, number % 2).text = text
    deck.save(str(tmp_path / "a.pptx"))
    parsed = read(tmp_path / "a.pptx")
    assert (parsed.unit, [page.label for page in parsed.pages]) == (
        "slide",
        ["Bilan carbone", "Chiffres"],
    )
    assert outline_of(parsed) == [
        ("heading1", "Bilan carbone"),
        ("list_item", "- premier point"),
        ("paragraph", "À dire à l'oral."),
        ("heading1", "Chiffres"),
        ("table", "| Poste | kg |\n| --- | --- |\n| Avion | 12 |"),
    ]


def test_excel_sheets_dates_percentages_merges_and_hidden_sheets(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Budget 2024"
    for row in [["Budget prévisionnel"], ["Poste", "Date", "Part"],
                ["Salaires", datetime.date(2024, 3, 1), 0.25],
                [None, datetime.date(2024, 4, 1), 0.5]]:  # fmt: skip
        sheet.append(row)
    sheet["C3"].number_format = sheet["C4"].number_format = "0%"
    sheet.merge_cells("A3:A4")
    hidden = book.create_sheet("Caché")
    hidden.sheet_state = "hidden"
    hidden.append(["secret"])
    book.save(tmp_path / "a.xlsx")
    parsed = read(tmp_path / "a.xlsx")
    assert (parsed.unit, [page.label for page in parsed.pages]) == (
        "sheet",
        ["Budget 2024", "Caché"],
    )
    assert outline_of(parsed) == [
        ("paragraph", "Budget prévisionnel"),
        (
            "table",
            "| Poste | Date | Part |\n| --- | --- | --- |\n| Salaires | 2024-03-01 | 25% |\n"
            "| Salaires | 2024-04-01 | 50% |",
        ),
        ("paragraph", "secret"),
    ]


def test_opendocument_text(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="1">Titre</text:h><text:p>Un<text:s text:c="2"/>texte'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Une note."
        "</text:p></text:note-body></text:note></text:p><text:list><text:list-item><text:p>puce"
        "</text:p></text:list-item></text:list><table:table><table:table-row><table:table-cell>"
        "<text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p>"
        "</table:table-cell></table:table-row></table:table>"
    )
    parsed = read(write_odf(tmp_path / "a.odt", "text", body))
    assert outline_of(parsed) == [
        ("heading1", "Titre"),
        ("paragraph", "Un texte"),
        ("paragraph", "Note 1 : Une note."),
        ("list_item", "- puce"),
        ("table", "| a | b |\n| --- | --- |"),
    ]


def test_opendocument_sheet_repeats_little_and_skips_nothing(tmp_path: Path) -> None:
    cell = "<table:table-cell{}><text:p>{}</text:p></table:table-cell>"
    body = (
        '<table:table table:name="Feuille"><table:table-row>'
        + cell.format("", "Nom") + cell.format("", "Note")
        + '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        "<table:table-row>" + cell.format(' table:number-columns-repeated="2"', "x")
        + "</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/>'
        "</table:table-row>"
        "</table:table>"
    )  # fmt: skip
    parsed = read(write_odf(tmp_path / "a.ods", "spreadsheet", body))
    assert parsed.pages[0].label == "Feuille"
    assert text_of(parsed) == "| Nom | Note |\n| --- | --- |\n| x | x |"


def test_opendocument_slides(tmp_path: Path) -> None:
    slide = (
        "<draw:page><draw:frame><draw:text-box><text:p>corps</text:p></draw:text-box></draw:frame>"
        '<draw:frame presentation:class="title"><draw:text-box><text:p>Titre {0}</text:p>'
        "</draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box>"
        "<text:p>note {0}</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
    )
    body = slide.format(1) + slide.format(2)
    parsed = read(write_odf(tmp_path / "a.odp", "presentation", body))
    assert [page.label for page in parsed.pages] == ["Titre 1", "Titre 2"]
    assert [text for _, text in outline_of(parsed)][:3] == ["Titre 1", "corps", "note 1"]


def test_opendocument_password(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "a.odt",
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "META-INF/manifest.xml": "<manifest><encryption-data/></manifest>",
            "content.xml": "garbled",
        },
    )
    with pytest.raises(EncryptedDocument):
        read(path)


def test_word_file_in_one_xml_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package xmlns:pkg="'
        'http://schemas.microsoft.com/office/2006/xmlPackage">'
        '<pkg:part pkg:name="/word/document.xml">'
        f'<pkg:xmlData><w:document xmlns:w="{TRANSITIONAL}"><w:body>{paragraph("Texte")}'
        "</w:body></w:document></pkg:xmlData></pkg:part></pkg:package>"
    )
    assert text_of(read(path)) == "Texte"


def test_opendocument_in_one_xml_file(tmp_path: Path) -> None:
    with ZipFile(write_odf(tmp_path / "a.odt", "text", "<text:p>Texte</text:p>")) as package:
        content = package.read("content.xml").decode()
    mimetype = 'office:mimetype="application/vnd.oasis.opendocument.text"'
    path = tmp_path / "a.fodt"
    path.write_text(
        content.replace("<office:document-content", f"<office:document {mimetype}").replace(
            "</office:document-content", "</office:document"
        )
    )
    assert text_of(read(path)) == "Texte"


def test_zip_with_records_for_large_files(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", paragraph("Texte"))
    data = path.read_bytes()
    at = data.rfind(b"PK\5\6")
    entries, size, start = struct.unpack_from("<10xHLL", data, at)
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data[:at] + large + locator + end)
    assert text_of(read(path)) == "Texte"


def test_truncated_zip_is_corrupt(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", paragraph("texte"))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CorruptDocument):
        read(path)


def test_damaged_part_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(CorruptDocument):
        read(write_docx(tmp_path / "a.docx", "<w:p><w:r>"))


def test_xml_entities_are_never_expanded(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", "")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]><d>&e9;</d>'
    types = (
        '<Types xmlns="x"><Override PartName="/word/document.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    write_zip(path, {"[Content_Types].xml": types, "word/document.xml": body})
    with pytest.raises(UnsafeDocument):
        read(path)
