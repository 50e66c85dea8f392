"""Charsets: named wrongly, by another name, or not at all; NULs; files inside texts."""

import base64
from pathlib import Path

import pytest

from ingestion.parsing.text.encoding import decode
from tests.ingestion.reading import read, text_of

FRENCH = "Où était l’œuvre ? — là-bas"
RUSSIAN = "Привет, читатель этого файла."
JAPANESE = "図書館のお知らせです。"
CHINESE = "这是一个中文文件，介绍图书馆。"


@pytest.mark.parametrize(
    ("data", "declared", "expected"),
    [
        ("镕基先生".encode("gbk"), "gb2312", "镕基先生"),
        (b"l\x92\x9cuvre \x80", "ISO-8859-1", "l’œuvre €"),
        ("①番 髙".encode("cp932"), "Shift_JIS", "①番 髙"),
        ("뷁".encode("cp949"), "ks_c_5601-1987", "뷁"),
        ("İş".encode("cp1254"), "iso-8859-9", "İş"),
        (FRENCH.encode(), "iso-8859-1", FRENCH),
        (FRENCH.encode(), "iso-2022-jp", FRENCH),
        (FRENCH.encode(), "utf-16", FRENCH),
        (FRENCH.encode("cp1252"), "utf-8", FRENCH),
        (FRENCH.encode("cp1252"), "us-ascii", FRENCH),
        (FRENCH.encode("cp1252"), "x-unknown", FRENCH),
        (JAPANESE.encode("iso2022_jp"), "utf-8", JAPANESE),
        (JAPANESE.encode("cp932"), "utf-8", JAPANESE),
        (RUSSIAN.encode("koi8_r"), "utf-8", RUSSIAN),
        (RUSSIAN.encode("utf-16-le"), "utf-8", RUSSIAN),
        (FRENCH.encode("cp1252"), "unicode_escape", FRENCH),
        (b"\xff\xfe" + FRENCH.encode("utf-16-le"), "utf-8", FRENCH),
    ],
)
def test_declared_charset(data: bytes, declared: str, expected: str) -> None:
    assert decode(data, declared) == expected


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(FRENCH, "mac_roman"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"),
     (RUSSIAN, "utf-16-be"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (JAPANESE, "iso2022_jp"),
     (CHINESE, "gbk"), ("這是一個中文文件", "big5"), ("한국어 문서입니다", "euc_kr"),
     ("שלום עולם זה קובץ", "cp1255"), (FRENCH, "utf-32"), (FRENCH, "utf-32-le"),
     (CHINESE, "utf-16-le"), ("Où était l'élève ? À la forêt, là-bas.", "cp850"),
     ("15 € pour l'œuvre d'un élève", "iso8859_15"),
     ("Łódź jest dużym miastem w środkowej Polsce", "iso8859_2"),
     ("Καλημέρα, αυτό είναι ένα αρχείο", "cp1253")],
)  # fmt: skip
def test_undeclared_charset(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("\ufeffClé\0 : 12\0\n\0\nFin\0".encode("utf-16-le"), "Clé : 12\n\nFin"),
        ("\ufeff\0Clé".encode("utf-16-be"), "Clé"),
        ("Clé\0 : 12".encode("utf-16-le") + b"\n", "Clé : 12"),
        (b"\xff\xfe\0\0C\0l\0", "Cl"),
        ("Nom\0\0\0Âge\0\0".encode(), "NomÂge"),
        ("Déjà là, à côté".encode() + " – été".encode("cp1252"), "Déjà là, à côté – été"),
    ],
    ids=["bom", "big-endian", "no-bom-and-odd", "like-utf-32", "padding", "two-encodings"],
)
def test_nuls_and_mixtures(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    assert text_of(read(tmp_path / "a.txt")) == expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "nom\tâge\nZoé\t12\n", "| nom | âge |\n| --- | --- |\n| Zoé | 12 |"),
        ("a.html", "<html><meta charset=utf-8><p>Été</html>", "Été"),
        ("a.md", "# Été\n\nlà", "Été\n\nlà"),
        ("a.rtf", r"{\rtf1\ansi Été\par\'e0}", "Été\n\nà"),
        ("a.eml", "From: a@x.fr\nTo: b@x.fr\nSubject: Été\nDate: x\n\nlà",
         "From: a@x.fr\nTo: b@x.fr\nDate: x\nSubject: Été\n\nlà"),
    ],
)  # fmt: skip
def test_utf_16_in_every_format_of_text(
    tmp_path: Path, name: str, content: str, expected: str
) -> None:
    (tmp_path / name).write_bytes(content.encode("utf-16"))
    assert text_of(read(tmp_path / name)) == expected


DATA = base64.b64encode(bytes(range(256)) * 40).decode()
LINES = "\n".join(DATA[at : at + 76] for at in range(0, len(DATA), 76))
URI = f"data:image/png;base64,{DATA}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", f"Avant ![schéma]({URI}) [fichier](data:application/pdf;base64,{DATA}) après"),
        ("a.md", f"Avant ![schéma][i] fichier après\n\n[i]: <{URI}>\n"),
        ("a.md", f"Avant <img src='{URI}' alt=schéma> fichier `{URI}` après"),
        ("a.md", f"Avant ![schéma](data:image/png;base64,{LINES}) fichier après"),
        ("a.html", f"<p>Avant <img src={URI} alt=schéma> fichier {URI} après</p>"),
        ("a.html", f"<pre>Avant schéma fichier url('{URI}') après</pre>"),
        ("a.txt", f"Avant schéma fichier {URI} après"),
        ("a.eml", f"From: a@x.fr\nTo: b@x.fr\nSubject: s\nDate: x\nContent-Type: text/html\n\n"
                  f"<p>Avant<img src={URI} alt=schéma> fichier <a href={URI}>après</a>"),
    ],
    ids=["links", "reference", "inline-html", "lines", "html", "pre", "text", "mail"],
)  # fmt: skip
def test_files_in_data_uris_are_left_out(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    text = text_of(read(tmp_path / name))
    assert len(text) < 200
    assert "base64" not in text
    for word in ("Avant", "schéma", "fichier", "après"):
        assert word in text
