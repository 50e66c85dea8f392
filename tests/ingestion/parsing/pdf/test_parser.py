"""PDF: reading order, hyphens, headings, tables, what repeats, what fails."""

from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from ingestion.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    ImageOnlyDocument,
    TooManyPages,
)
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.limits import ParseLimits
from tests.ingestion.pdf_writer import Page, write_image_pdf, write_pdf
from tests.ingestion.reading import blocks_of, outline_of, read, text_of


def test_paragraphs_are_rebuilt_from_lines_and_headings_found(tmp_path: Path) -> None:
    page = Page().text(72, 780, "Règlement des études", size=20, bold=True)
    page.text(72, 740, "Article 1 – Inscription", size=14, bold=True)
    page.lines(
        72, 715,
        "L'étudiant s'inscrit chaque année auprès de son université, et fournit les",
        "pièces demandées par l'administration avant le début des cours de l'année.",
    )  # fmt: skip
    page.lines(72, 670, "Un second paragraphe commence ici, à quelque distance du premier.")
    document = read(write_pdf(tmp_path / "a.pdf", [page]))
    assert outline_of(document) == [
        ("heading1", "Règlement des études"),
        ("heading2", "Article 1 – Inscription"),
        (
            "paragraph",
            "L'étudiant s'inscrit chaque année auprès de son université, et fournit les pièces "
            "demandées par l'administration avant le début des cours de l'année.",
        ),
        ("paragraph", "Un second paragraphe commence ici, à quelque distance du premier."),
    ]
    assert (document.unit, document.language) == ("page", "fr")
    assert document.title == "Règlement des études"


def test_words_cut_at_line_ends_are_joined_and_compounds_keep_their_hyphen(tmp_path: Path) -> None:
    page = Page().lines(
        72, 700,
        "Le dévelop-", "pement durable vient peut-", "être de la recherche, et des enseignants-",
        "chercheurs : les enseignants-chercheurs le savent bien, à Aix-", "Marseille aussi.",
    )  # fmt: skip
    assert text_of(read(write_pdf(tmp_path / "a.pdf", [page]))) == (
        "Le développement durable vient peut-être de la recherche, et des enseignants-chercheurs : "
        "les enseignants-chercheurs le savent bien, à Aix-Marseille aussi."
    )


def test_two_columns_drawn_row_by_row_are_read_one_after_the_other(tmp_path: Path) -> None:
    page = Page().text(
        72, 780, "Un titre qui traverse toute la largeur de cette page de texte", size=11
    )
    for row in range(12):
        page.text(72, 740 - 14 * row, f"gauche ligne {row:02} avec du texte courant", size=9)
        page.text(320, 740 - 14 * row, f"droite ligne {row:02} avec du texte courant", size=9)
    text = text_of(read(write_pdf(tmp_path / "a.pdf", [page])))
    order = [
        text.index(f"{side} ligne {row:02}") for side in ("gauche", "droite") for row in range(12)
    ]
    assert order == sorted(order)
    assert text.startswith("Un titre")


def test_table_rows_stay_rows_with_their_empty_cells(tmp_path: Path) -> None:
    page = Page().lines(
        72, 780, "Les tarifs de l'année sont donnés dans le tableau qui suit ce texte."
    )
    rows = [("Diplôme", "Tarif", "Réduit"), ("Licence", "175 €", "117 €"), ("Master", "", "166 €"),
            ("Doctorat en droit", "391 €", "260 €")]  # fmt: skip
    for number, row in enumerate(rows):
        for x, cell in zip((72, 250, 400), row, strict=True):
            if cell:
                page.text(x, 740 - 16 * number, cell)
    tables = [
        block
        for block in blocks_of(read(write_pdf(tmp_path / "a.pdf", [page])))
        if block.kind == "table"
    ]
    assert [table.text for table in tables] == [
        "| Diplôme | Tarif | Réduit |\n| --- | --- | --- |\n| Licence | 175 € | 117 € |\n"
        "| Master |  | 166 € |\n| Doctorat en droit | 391 € | 260 € |"
    ]


def test_running_headers_are_kept_once_and_page_numbers_never(tmp_path: Path) -> None:
    pages = [
        Page()
        .text(72, 810, "Université de Bretagne – Charte")
        .lines(72, 700, f"Le contenu propre à la page {name} de ce document.")
        .text(290, 30, f"{number} / 5")
        for number, name in enumerate("ABCDE", start=1)
    ]
    document = read(write_pdf(tmp_path / "a.pdf", pages))
    text = text_of(document)
    assert text.count("Université de Bretagne") == 1
    assert "/ 5" not in text
    assert [page.number for page in document.pages] == [1, 2, 3, 4, 5]


def test_outline_gives_the_levels_of_headings(tmp_path: Path) -> None:
    page = (
        Page()
        .lines(72, 700, "Un titre comme le texte")
        .lines(72, 660, "Du texte ordinaire, assez long.")
    )
    write_pdf(tmp_path / "a.pdf", [page])
    writer = PdfWriter(clone_from=tmp_path / "a.pdf")
    parent = writer.add_outline_item(title="Partie", page_number=0)
    writer.add_outline_item(title="Un titre comme le texte", page_number=0, parent=parent)
    writer.add_metadata({"/Title": "Un vrai titre"})
    writer.write(tmp_path / "b.pdf")
    document = read(tmp_path / "b.pdf")
    assert outline_of(document)[0] == ("heading2", "Un titre comme le texte")
    assert document.title == "Un vrai titre"


def test_ligatures_and_soft_hyphens_leave_plain_letters() -> None:
    from ingestion.parsing.text.normalise import clean_text

    assert clean_text("e\ufb03cace \ufb01che co\u00adopérer e\u0301te\u0301 5\u00a0€\x00") == (
        "efficace fiche coopérer été 5 €"
    )


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [("d´eveloppement", "développement"), ("pr`es", "près"), ("fran¸cais", "français"),
     ("na¨ıf", "naïf"), ("for^et", "for^et")],
)  # fmt: skip
def test_accents_drawn_apart_are_put_on_their_letters(
    tmp_path: Path, drawn: str, meant: str
) -> None:
    from ingestion.parsing.pdf.accents import _composed

    assert _composed(drawn) == meant


def test_pdf_of_images_is_refused_as_image_only(tmp_path: Path) -> None:
    with pytest.raises(ImageOnlyDocument):
        read(write_image_pdf(tmp_path / "scan.pdf"))


def test_a_page_without_text_among_others_is_a_warning(tmp_path: Path) -> None:
    write_image_pdf(tmp_path / "scan.pdf")
    write_pdf(tmp_path / "text.pdf", [Page().lines(72, 700, "Une page de texte.")])
    writer = PdfWriter()
    for name in ("text.pdf", "scan.pdf"):
        writer.append(PdfReader(tmp_path / name))
    writer.write(tmp_path / "both.pdf")
    assert read(tmp_path / "both.pdf").warnings == (
        ParseWarning(WarningCode.IMAGE_ONLY_PAGES, ("2",)),
    )


def test_no_text_and_no_image_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocument):
        read(write_pdf(tmp_path / "blank.pdf", [Page()]))


def test_pdf_with_user_password_is_encrypted(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", [Page().lines(72, 700, "Un secret.")])
    writer = PdfWriter(clone_from=tmp_path / "a.pdf")
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(tmp_path / "b.pdf")
    with pytest.raises(EncryptedDocument):
        read(tmp_path / "b.pdf")


def test_pdf_with_owner_password_only_is_parsed(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", [Page().lines(72, 700, "Lisible sans mot de passe.")])
    writer = PdfWriter(clone_from=tmp_path / "a.pdf")
    writer.encrypt(user_password="", owner_password="secret", algorithm="AES-256")
    writer.write(tmp_path / "b.pdf")
    assert "Lisible" in text_of(read(tmp_path / "b.pdf"))


def test_truncated_file_is_corrupt(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [Page().lines(72, 700, "Du texte.")] * 20)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(CorruptDocument):
        read(path)


def test_missing_cross_references_are_rebuilt(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [Page().lines(72, 700, "Du texte sauvé.")])
    data = path.read_bytes()
    path.write_bytes(data.replace(b"startxref\n", b"startxref\n9"))
    assert "Du texte sauvé." in text_of(read(path))


def test_more_pages_than_allowed_is_refused(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [Page()] * 3)
    with pytest.raises(TooManyPages):
        read(path, ParseLimits(max_pages=2))
