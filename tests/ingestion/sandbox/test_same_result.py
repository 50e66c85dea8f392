"""A confined child gives the same result as an unconfined process: all modules are preloaded."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfWriter

from ingestion.errors import IngestionError
from tests.ingestion.pdf_writer import Page, write_pdf
from tests.ingestion.reading import read, read_in_child

TEXTS = {
    "koi8-r": "Привет, читатель этого файла.",
    "shift_jis": "日本語の文書です。",
    "gb18030": "这是一个中文文件。",
    "iso-8859-15": "Un œuf à 3 € l’unité, s'il vous plaît.",
    "cp1256": "هذا ملف باللغة العربية",
    "utf-16": "Un texte en seize bits.",
    "iso2022_kr": "한국어 문서입니다",
    "mac_cyrillic": "Привет, читатель этого файла.",
}


def html(path: Path, charset: str) -> Path:
    head = f'<html><head><meta charset="{charset}"></head><body><p>'
    path.write_bytes((head + TEXTS[charset] + "</p></body></html>").encode(charset, "replace"))
    return path


def mail(path: Path, charset: str) -> Path:
    head = f"From: a@x.fr\nTo: b@x.fr\nSubject: =?{charset}?q?x?=\nMIME-Version: 1.0\n"
    head += f"Date: Mon, 1 Jul 2024 10:00:00 +0200\nContent-Type: text/plain; charset={charset}\n\n"
    path.write_bytes(head.encode() + TEXTS[charset].encode(charset, "replace"))
    return path


def office(path: Path, charset: str) -> Path:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    text = TEXTS[charset].encode(charset, "replace").decode(charset)
    body = f'<?xml version="1.0" encoding="{charset}"?><w:document xmlns:w="{space}"><w:body><w:p>'
    body += f"<w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", body.encode(charset, "replace"))
    return path


def assert_same(path: Path) -> None:
    try:
        expected: object = read(path)
    except IngestionError as error:
        with pytest.raises(type(error)):
            read_in_child(path)
        return
    parsed = read_in_child(path)
    assert parsed.document == expected


@pytest.mark.parametrize("charset", TEXTS)
@pytest.mark.parametrize(
    ("make", "name"), [(html, "a.html"), (mail, "a.eml"), (office, "a.docx")],
    ids=["html", "mail", "office"],
)  # fmt: skip
def test_encodings_are_loaded_before_fork(
    tmp_path: Path, make: Callable[[Path, str], Path], name: str, charset: str
) -> None:
    assert_same(make(tmp_path / name, charset))


def encrypted(path: Path) -> Path:
    writer = PdfWriter(clone_from=write_pdf(path, [Page().lines(72, 700, "Ouvert à tous")]))
    writer.encrypt("", "owner", algorithm="AES-256")
    writer.write(path)
    return path


def damaged(path: Path) -> Path:
    """A PDF that PDFium refuses and pypdf mends."""
    write_pdf(path, [Page().lines(72, 700, "Une page malgré tout")])
    path.write_bytes(path.read_bytes().replace(b"/Type/Catalog", b"/Type/Katalog"))
    return path


def damaged_and_encrypted(path: Path) -> Path:
    encrypted(path)
    path.write_bytes(path.read_bytes().replace(b"startxref", b"startxxxx"))
    return path


@pytest.mark.parametrize(
    "make", [encrypted, damaged, damaged_and_encrypted], ids=lambda make: make.__name__
)
def test_pypdf_modules_are_loaded_before_fork(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    assert_same(make(tmp_path / "a.pdf"))
