"""Who wrote a file and when, in the formats that say it."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import docx
import openpyxl
import pptx
import pypdf
import pytest

from ingestion.models import Document
from ingestion.parsing.document import Origin
from ingestion.parsing.origin import origin_of
from tests.ingestion.package_writer import write_epub, write_odf
from tests.ingestion.pdf_writer import Page, write_pdf
from tests.ingestion.reading import read, read_in_child
from tests.ingestion.stages import change, refreshed, run_stage

AUTHOR, DAY = "Émilie Durand", date(2026, 3, 1)
MOMENT = datetime(2026, 3, 1, 10, 30)


def pdf(path: Path) -> Path:
    write_pdf(path, [Page().text(72, 700, "Le jury se réunit en juin, salle des actes.")])
    writer = pypdf.PdfWriter(clone_from=path)
    writer.add_metadata({"/Author": AUTHOR, "/CreationDate": "D:20260301103000+01'00'"})
    writer.write(path)
    return path


def word(path: Path) -> Path:
    document = docx.Document()
    document.add_paragraph("Le jury se réunit en juin.")
    document.core_properties.author, document.core_properties.created = AUTHOR, MOMENT
    document.save(str(path))
    return path


def excel(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active["A1"] = "Le jury se réunit en juin."
    book.properties.creator, book.properties.created = AUTHOR, MOMENT
    book.save(path)
    return path


def powerpoint(path: Path) -> Path:
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "Le jury"
    show.core_properties.author, show.core_properties.created = AUTHOR, MOMENT
    show.save(str(path))
    return path


def opendocument(path: Path) -> Path:
    meta = (
        '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><office:meta>'
        f"<meta:initial-creator>{AUTHOR}</meta:initial-creator>"
        "<meta:creation-date>2026-03-01T10:30:00</meta:creation-date>"
        "</office:meta></office:document-meta>"
    )
    return write_odf(path, "text", "<text:p>Le jury.</text:p>", parts={"meta.xml": meta})


def book(path: Path) -> Path:
    title = (
        f"Jurys</dc:title><dc:creator>{AUTHOR}</dc:creator><dc:date>2026-03-01</dc:date><dc:title>"
    )
    return write_epub(path, ["<p>Le jury.</p>"], title)


def mail(path: Path) -> Path:
    path.write_text(
        "From: =?utf-8?q?=C3=89milie_Durand?= <emilie@example.org>\n"
        "Date: Sun, 01 Mar 2026 10:30:00 +0100\nSubject: Jurys\n\nLe jury se réunit.\n"
    )
    return path


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.pdf", pdf),
        ("a.docx", word),
        ("a.xlsx", excel),
        ("a.pptx", powerpoint),
        ("a.odt", opendocument),
        ("a.epub", book),
        ("a.eml", mail),
    ],
)
def test_author_and_date_are_read(tmp_path: Path, name: str, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path / name)
    assert read(path).origin == Origin(AUTHOR, DAY)
    assert read_in_child(path).document.origin == Origin(AUTHOR, DAY)


@pytest.mark.parametrize(
    ("author", "dated", "expected"),
    [
        ("Utilisateur Windows", "0000-00-00", Origin()),
        ("python-docx", "D:2026", Origin()),
        (" A\n B ", "2026-02-30", Origin("A B")),
        ("A", "1601-01-01T00:00:00Z", Origin("A")),
        (None, "D:20251231", Origin(None, date(2025, 12, 31))),
        ("é" * 300, None, Origin("é" * 200)),
    ],
)
def test_what_cannot_be_meant_is_left_out(
    author: str | None, dated: str | None, expected: Origin
) -> None:
    assert origin_of(author, dated) == expected


def test_mail_without_a_valid_date_has_its_sender(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    path.write_text("From: emilie@example.org\nDate: hier\nSubject: Jurys\n\nLe jury se réunit.\n")
    assert read(path).origin == Origin("emilie@example.org")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
def test_what_people_said_is_kept(upload: Callable[..., Document]) -> None:
    head = "From: emilie@example.org\nDate: Sun, 01 Mar 2026 10:30:00 +0100\nSubject: Jurys\n"
    document = upload(f"{head}\nLe jury.\n", "a.eml")
    run_stage(document)
    read_once = refreshed(document)
    assert (read_once.author, read_once.dated) == ("emilie@example.org", DAY)
    change(document, author="DRH", dated=date(2025, 1, 1), status="queued")
    run_stage(refreshed(document))
    kept = refreshed(document)
    assert (kept.author, kept.dated) == ("DRH", date(2025, 1, 1))
