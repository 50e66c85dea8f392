"""What a file is, told by its content and hardly by its name."""

from pathlib import Path

import pytest
from PIL import Image

from ingestion.errors import EncryptedDocument, UnsafeDocument, UnsupportedMediaType
from ingestion.parsing import media_types as types
from ingestion.parsing.detection import files
from tests.ingestion.package_writer import paragraph, write_docx, write_epub, write_odf, write_zip
from tests.ingestion.pdf_writer import Page, write_pdf


def detect(path: Path, name: str) -> str:
    with path.open("rb") as file:
        return files.detect(file, name)


MAIL = "From: a@x.fr\nTo: b@x.fr\nSubject: Bonjour\nDate: Mon, 1 Jul 2024 10:00:00 +0200\n\nTexte"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("Bonjour.", "note.txt", types.TEXT),
        ("", "vide.txt", types.TEXT),
        ("Bonjour, Paul\nBonsoir, Anne", "sans-nom", types.TEXT),
        ("# Titre\n\nTexte **gras** et [lien](x).\n", "sans-nom", types.MARKDOWN),
        ("Texte", "a.md", types.MARKDOWN),
        ("a;b\n1;2", "a.csv", types.CSV),
        ("a;b;c\n1;2;3\n4;5;6\n7;8;9\n", "export", types.CSV),
        ("<!DOCTYPE html><p>x", "a.txt", types.HTML),
        ("<?xml version='1.0'?>\n<html xmlns='x'/>", "a", types.HTML),
        ("<p>fragment", "a.html", types.HTML),
        ("<form><label>Nom <input value=a></label></form>", "a.html", types.HTML),
        ("<dl><dt>Terme<dd>Sens</dl>", "a.htm", types.HTML),
        ("a < b, c > d", "a.html", types.TEXT),
        (MAIL, "message", types.EML),
        ("{\\rtf1 x}", "a.doc", types.RTF),
        ('{"a": 1}', "a.json", types.JSON),
        ('[{"a": 1}]', "export", types.JSON),
        ('{"cells": [], "nbformat": 4}', "unnamed", types.NOTEBOOK),
        ("{prose}", "unnamed", types.TEXT),
        ("<?xml version='1.0'?><a/>", "unnamed", types.XML),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nx", "a.txt", types.VTT),
        ("WEBVTTX", "a.txt", types.TEXT),
        ("#!/bin/sh\nls", "unnamed", types.CODE),
        ("all:\n\tmake x", "Makefile", types.CODE),
        ("<!DOCTYPE html><p>x", "page.php", types.CODE),
        ("\\documentclass{book}", "unnamed", types.LATEX),
    ],
)
def test_kinds_of_text(tmp_path: Path, content: str, name: str, expected: str) -> None:
    (tmp_path / "file").write_text(content)
    assert detect(tmp_path / "file", name) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("PNG", types.PNG), ("JPEG", types.JPEG), ("TIFF", types.TIFF), ("WEBP", types.WEBP),
     ("GIF", types.GIF), ("BMP", types.BMP)],
)  # fmt: skip
def test_kinds_of_images(tmp_path: Path, kind: str, expected: str) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "file", kind)
    assert detect(tmp_path / "file", "a.txt") == expected


@pytest.mark.parametrize(
    "text",
    [
        "BM: la bibliothèque municipale",
        "BMW",
        "GIF87 et PNG",
        "GIF89a ou WebP : lequel choisir ?",
        "GIF89a format!and comment",
        "GIF89a format, with images of several sizes",
        "RIFF1234WEBP est un conteneur.",
        "RIFF1234WEBPVP8 est un codec vidéo.",
        "II*",
    ],
)
def test_text_that_begins_like_an_image_is_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    assert detect(tmp_path / "file", "a.txt") == types.TEXT


@pytest.mark.parametrize(
    "text",
    [
        "The wide valley of the river is flooded each spring.",
        "Les moov sont des boîtes.",
        "The ftypes of the table.",
        "ID3 is how MP3 files hold their titles.",
        "RIFF or WAVE: which of the two is the container?",
        "fLaC is how these files begin.",
        "OggS is how these files begin.",
    ],
)
def test_text_that_begins_like_a_recording_is_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    assert detect(tmp_path / "file", "a.txt") == types.TEXT


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x08wide\0\0\1\0mdat", types.MOV),
        (b"\0\0\0\1mdat\0\0\0\0\0\0\2\0", types.MOV),
        (b"\0\0\1\0moov\0\0\0\x6cmvhd", types.MOV),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", types.MOV),
        (b"ID3\4\0\0\0\0\x7f\x7f", types.MP3),
        (b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0", types.WAV),
    ],
    ids=["wide", "mdat", "moov", "qt", "ID3", "RF64"],
)
def test_kinds_of_recordings(tmp_path: Path, head: bytes, expected: str) -> None:
    (tmp_path / "file").write_bytes(head + b"\0" * 600)
    assert detect(tmp_path / "file", "a.txt") == expected


def test_content_takes_precedence_over_name(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert detect(write_pdf(file, [Page()]), "a.docx") == types.PDF
    assert detect(write_docx(file, paragraph("x")), "a.pdf") == types.DOCX
    assert detect(write_odf(file, "text", ""), "a.txt") == types.ODT
    assert detect(write_odf(file, "spreadsheet", ""), "a.xlsx") == types.ODS
    assert detect(write_odf(file, "presentation", ""), "a.zip") == types.ODP
    assert detect(write_epub(file, []), "a.html") == types.EPUB


@pytest.mark.parametrize(
    "content",
    [b"8BPS\0\1" + bytes(range(256)), b"\x7fELF" + b"\0\1\2" * 99,
     b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600],
    ids=["photoshop", "elf", "old-office"],
)  # fmt: skip
def test_unsupported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    with pytest.raises(UnsupportedMediaType):
        detect(tmp_path / "a.pdf", "a.pdf")


def test_zip_that_is_no_document_is_an_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.txt": "x"})
    assert [detect(path, name) for name in ("a.ZIP", "a")] == [types.ZIP, types.ZIP]
    for name in ("a.docx", "plan.vsdx", "notes.pages", "programme.jar"):
        with pytest.raises(UnsupportedMediaType):
            detect(path, name)


def test_office_file_with_a_password(tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000_000
    (tmp_path / "a.docx").write_bytes(content + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(EncryptedDocument):
        detect(tmp_path / "a.docx", "a.docx")


def test_zip_with_huge_directory_is_refused(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", "")
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = (1 << 30).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(UnsafeDocument):
        detect(path, "a.docx")


@pytest.mark.parametrize("filler", ["<!---->", "<!-- ", "<p", "](", "**a ", "\n ", '{"', "\\"])
def test_adversarial_text_is_text(tmp_path: Path, filler: str) -> None:
    # Patterns that gave back what they took needed 2^2340 steps for the first of these.
    path = tmp_path / "file"
    path.write_text("a" + filler * 4000)
    assert detect(path, "file.txt") == types.TEXT
    path.write_text(filler * 4000)
    assert detect(path, "file.txt") == types.TEXT
