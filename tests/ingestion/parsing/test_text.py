"""Text, Markdown, HTML, CSV, e-mail, EPUB."""

import csv
from email.message import EmailMessage
from pathlib import Path

import pytest

from ingestion.errors import EncryptedDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from tests.ingestion.package_writer import write_epub, write_zip
from tests.ingestion.reading import outline_of, read, text_of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
def test_plain_text_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Où était l'œuvre ? À Besançon, « là-bas », dès l'été.\n\nUn second paragraphe, naïf."
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert text_of(read(tmp_path / "a.txt")) == text


def test_markdown_structure(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\ntitle: Mon guide\n---\n# Titre\n\nUn *mot* [lien](http://x.fr).\n\n1. un\n2. deux\n"
        "   - sous\n\n```python\ndef f():\n    return 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    document = read(tmp_path / "a.md")
    assert document.title == "Mon guide"
    assert outline_of(document) == [
        ("heading1", "Titre"),
        ("paragraph", "Un mot lien."),
        ("list_item", "1. un"),
        ("list_item", "2. deux"),
        ("list_item", "  - sous"),
        ("code", "def f():\n    return 1"),
        ("table", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
    ]


def test_html_shows_what_a_reader_sees(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<!doctype html><html lang='fr-FR'><head><title>Page</title><style>p{}</style></head><body>"
        "<script>alert(1)</script><h1>Titre</h1><p>Texte<br>suite</p><p hidden>caché</p>"
        "<p style='display: none'>invisible</p><ul><li>un<ul><li>deux</li></ul></li></ul>"
        "<table><tr><th>A</th><th>B</th></tr><tr><td rowspan=2>x</td><td>1</td></tr>"
        "<tr><td>2|3</td></tr></table><pre>a  b\n  c</pre>",
        encoding="utf-8",
    )
    document = read(tmp_path / "a.html")
    assert (document.title, document.language) == ("Page", "fr")
    assert outline_of(document) == [
        ("heading1", "Titre"),
        ("paragraph", "Texte\nsuite"),
        ("list_item", "- un"),
        ("list_item", "  - deux"),
        ("table", "| A | B |\n| --- | --- |\n| x | 1 |\n| x | 2\\|3 |"),
        ("code", "a b\n  c"),
    ]


@pytest.mark.parametrize(
    "hidden",
    ["<p hidden>secret</p>", "<template><p>secret</p></template>", "<dialog>secret</dialog>",
     "<span style='color:red; display : none'>secret</span>", "<p class='b x'>secret</p>",
     "<p style=visibility:hidden>secret</p>", "<div id=y><b>secret</b></div>",
     "<div style='max-height:0px;overflow:hidden'>secret</div>", "<div class=z>secret</div>",
     "<span style='font-size:0;line-height:1'>secret</span>", "<i style='mso-hide:all'>secret</i>",
     "<table><tr style='display:none'><td>secret<td>a</tr><tr><td>b<td hidden>secret</tr></table>",
     "<table><tr><td>a<td>b <span class=x>secret</span></td></tr></table>"],
)  # fmt: skip
def test_hidden_html_is_left_out(tmp_path: Path, hidden: str) -> None:
    style = (
        "<style>.x, div.z {display:none} @media print {.shown {display:none}} #y {opacity: 0}"
        ".w {display:none} .w {display:block}</style>"
    )
    shown = (
        "<p class='shown w' style='opacity:0.5;font-size:0.9em'>Vu</p><dialog open>ouvert</dialog>"
    )
    (tmp_path / "a.html").write_text(f"<html>{style}<body>{shown}{hidden}</body></html>")
    document = read(tmp_path / "a.html")
    text = text_of(document)
    assert document.warnings == (ParseWarning(WarningCode.HIDDEN_TEXT),)
    assert text.startswith("Vu\n\nouvert")
    assert "secret" not in text


def test_html_in_its_declared_encoding(tmp_path: Path) -> None:
    page = "<html><head><meta charset=iso-8859-2></head><body><p>Żółć wątpliwość</p></body></html>"
    (tmp_path / "a.html").write_bytes(page.encode("iso-8859-2"))
    assert text_of(read(tmp_path / "a.html")) == "Żółć wątpliwość"


def test_long_texts_become_sections(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("".join(f"## Partie {n}\n\nTexte {n}.\n\n" for n in range(5)))
    document = read(tmp_path / "a.md")
    assert [(page.number, page.label) for page in document.pages] == [
        (n + 1, f"Partie {n}") for n in range(5)
    ]


@pytest.mark.parametrize(
    "delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "pipe"]
)
def test_csv_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = [["nom", "ville", "note"], ['"Durand"', "Nîmes", "12"], ["Petit", "Aix", "15"]]
    (tmp_path / "a.csv").write_text("\n".join(delimiter.join(row) for row in rows))
    assert text_of(read(tmp_path / "a.csv")) == (
        "| nom | ville | note |\n| --- | --- | --- |\n| Durand | Nîmes | 12 |\n| Petit | Aix | 15 |"
    )


def test_csv_with_an_unclosed_quote_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a;b\n"x;1\ny;2\n' + "z;3\n" * 400_000)
    assert text_of(read(tmp_path / "a.csv")).count("| z | 3 |") == 400_000


def test_mail_headers_body_attachments_and_forwarded_message(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "bob@x.fr", "Message d'origine"
    inner.set_content("Le contenu d'origine.")
    message = EmailMessage()
    message["From"], message["To"] = "Zoé <zoe@x.fr>", "ana@x.fr"
    message["Subject"], message["Date"] = "Réunion d'été", "Mon, 1 Jul 2024 10:00:00 +0200"
    message.set_content("Bonjour,\n\nVoici l'ordre du jour.")
    message.add_alternative("<p>Bonjour,</p><p>Voici l'ordre du jour.</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="ordre.pdf")
    message.add_attachment(inner)
    (tmp_path / "a.eml").write_bytes(bytes(message))
    document = read(tmp_path / "a.eml")
    assert (document.unit, document.title) == ("message", "Réunion d'été")
    assert [page.label for page in document.pages] == ["Réunion d'été", "Message d'origine"]
    text = text_of(document)
    assert "From: Zoé <zoe@x.fr>" in text
    assert text.count("Voici l'ordre du jour.") == 1
    assert "- ordre.pdf" in text
    assert "Le contenu d'origine." in text


def test_epub_chapters_in_the_order_of_the_spine(tmp_path: Path) -> None:
    path = write_epub(
        tmp_path / "a.epub", ["<h1>Un</h1><p>Début&#160;!</p>", "<h1>Deux</h1><p>Fin.</p>"]
    )
    document = read(path)
    assert (document.title, document.language, document.unit) == ("Un livre", "fr", "section")
    assert [(page.number, page.label) for page in document.pages] == [(1, "Un"), (2, "Deux")]
    assert text_of(document) == "Un\n\nDébut !\nDeux\n\nFin."


def test_epub_under_rights_management(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "a.epub",
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": "<container/>",
            "META-INF/encryption.xml": "<encryption><EncryptedData><EncryptionMethod Algorithm="
            '"http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>',
        },
    )
    with pytest.raises(EncryptedDocument):
        read(path)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('Merci <font face="Wingdings">\u00fc</font> \u00fc', "Merci ✓ \u00fc"),
        (
            '<span style="font-family: Wingdings, serif">&uuml;&nbsp;<b>&uuml;</b></span> ok',
            "✓ ✓ ok",
        ),
        ("<i style='font:10pt Symbol'>a<u style='font-family:Arial'>a</u></i>", "αa"),
    ],
    ids=["font", "style", "shorthand"],
)
def test_letters_of_symbol_fonts_in_html(tmp_path: Path, body: str, expected: str) -> None:
    (tmp_path / "a.html").write_text(f"<html><body><p>{body}</p></body></html>", "utf-8")
    assert text_of(read(tmp_path / "a.html")) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<ol start="3" type="a"><li>x<li>y</ol>', "c. x\nd. y"),
        ('<ol style="list-style: upper-roman inside"><li>x<li value="5">y</ol>', "I. x\nV. y"),
        ("<ol reversed><li>x<li>y</ol>", "2. x\n1. y"),
        ("<p><math><mfrac><mi>a</mi><mn>2</mn></mfrac><annotation>\\frac</annotation></math></p>",
         "a/2"),
        ("<svg><title>icone</title><text>Recettes</text></svg>", "Recettes"),
        ('<p>Nom <input value="Dupont"><input type="hidden" value="x"></p>', "Nom Dupont"),
        ('<p><input type="checkbox" checked>Oui <input type="radio">Non</p>', "☒ Oui ☐ Non"),
        ("<p><select><option>a<option selected>b</select></p>", "b"),
        ("<table><tr><td rowspan=0>G<td>a<tr><td>b</table>", "| G | a |\n| --- | --- |\n| G | b |"),
    ],
)  # fmt: skip
def test_what_a_browser_shows_besides_text(tmp_path: Path, body: str, expected: str) -> None:
    (tmp_path / "a.html").write_text(f"<!doctype html><body>{body}")
    assert text_of(read(tmp_path / "a.html")) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.md", "Texte[^1].\n\n[^1]: Mot", "Texte[^1].\n\n[^1]: Mot"),
        ("a.md", '+++\ntitle = "T"\n+++\nCorps', "Corps"),
        ("a.log", "\x1b[1;31mERREUR\x1b[0m N\bNA\bA", "ERREUR NA"),
        ("a.json", '{"t": "Cl\\u00e9 \\ud83d\\ude00"}', 't: Clé 😀'),
        ("a.csv", "sep=;\nNom;Note\nAnn;12", "| Nom | Note |\n| --- | --- |\n| Ann | 12 |"),
        ("a.txt", "Texte" + 40 * "\0", "Texte"),
    ],
)  # fmt: skip
def test_text_with_marks_of_programs(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    (tmp_path / name).write_text(content)
    assert text_of(read(tmp_path / name)) == expected


def test_csv_text_that_excel_shall_not_take_for_a_number(tmp_path: Path) -> None:
    cells = ['="00123"', '"=""00 """"A"""""""', "=1+1", '="a']
    (tmp_path / "a.csv").write_text(f"A;B;C;D\n{';'.join(cells)}\n1;2;3;4\n")
    assert '| 00123 | 00 "A" | =1+1 | ="a |' in text_of(read(tmp_path / "a.csv"))


def test_csv_with_a_huge_cell(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'Nom,Note\nAnn,"{"mot " * 300_000}"\nBob,x\n')
    assert text_of(read(tmp_path / "a.csv")).endswith("| Bob | x |")


def test_short_csv_leaves_long_cells_readable(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    read(tmp_path / "a.csv")
    assert next(csv.reader(["mot " * 30_000])) == ["mot " * 30_000]
