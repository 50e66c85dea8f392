"""Outlook messages: what a mail program shows."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.errors import CorruptDocument, UnsafeDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.msg.rtf_compression import decompressed
from tests.ingestion.files.ole2_writer import Tree, ole2_bytes, write_ole2
from tests.ingestion.reading import outline_of, read, read_in_child

SENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_TICKS = int((SENT - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000


def texts(values: dict[int, str]) -> dict[str, bytes | Tree]:
    return {f"__substg1.0_{n:04X}001F": text.encode("utf-16-le") for n, text in values.items()}


def numbers(header: int, values: dict[int, int], time: bool = False) -> dict[str, bytes | Tree]:
    entries = b"".join(struct.pack("<HH4xQ", 3, n, value) for n, value in values.items())
    if time:
        entries += struct.pack("<HH4xQ", 0x40, 0x39, _TICKS)
    return {"__properties_version1.0": bytes(header) + entries}


def recipient(name: str, address: str, kind: int) -> Tree:
    return texts({0x3001: name, 0x39FE: address}) | numbers(8, {0x0C15: kind})


def message(header: int = 32, **more: bytes | Tree) -> dict[str, bytes | Tree]:
    return {
        **numbers(header, {}, time=True),
        **texts({0x37: "Résultats", 0x0C1A: "Anne Petit", 0x5D01: "a@x.fr"}),
        **texts({0x1000: "Bonjour,\r\nvoici."}),
        "__recip_version1.0_#00000000": recipient("Paul", "p@x.fr", 1),
        "__recip_version1.0_#00000001": recipient("Équipe", "/O=EX/CN=E", 2),
        **more,
    }  # fmt: skip


HEAD = "From: Anne Petit <a@x.fr>\nTo: Paul <p@x.fr>\nCc: Équipe\nDate: Mon, 02 Mar 2026 09:00:00 +0000\nSubject: Résultats"  # noqa: E501 (one block)


def attachment(name: str, data: bytes | Tree, method: int = 1) -> Tree:
    kind = "0102" if isinstance(data, bytes) else "000D"
    return texts({0x3707: name}) | numbers(8, {0x3705: method}) | {f"__substg1.0_3701{kind}": data}


def test_fields_body_and_attachments(tmp_path: Path) -> None:
    inner = message(24, **texts({0x37: "Dedans", 0x1000: "Message transmis"}))
    tree = message(
        **{
            "__attach_version1.0_#00000000": attachment("Relevé.pdf", b"%PDF-"),
            "__attach_version1.0_#00000001": attachment("Dedans", inner, method=5),
            "__attach_version1.0_#00000002": attachment("joint.msg", ole2_bytes(message())),
        }
    )
    document = read(write_ole2(tmp_path / "a.msg", tree))
    assert (document.media_type, document.title, document.unit) == (
        media_types.MSG, "Résultats", "message",
    )  # fmt: skip
    assert [page.label for page in document.pages] == ["Résultats", "Dedans", "Résultats"]
    assert [block.text for block in document.pages[0].blocks] == [
        HEAD, "Bonjour,\nvoici.", "- Relevé.pdf",
    ]  # fmt: skip
    assert document.pages[1].blocks[1].text == "Message transmis"
    assert document.warnings == (ParseWarning(WarningCode.UNREAD_FILES, ("Relevé.pdf",)),)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"__substg1.0_10130102": "<p>Riche à lire</p>".encode()}, "Riche à lire"),
        ({"__substg1.0_1013001F": "<p>Riche à lire</p>".encode("utf-16-le")}, "Riche à lire"),
        ({"__substg1.0_10090102": struct.pack("<LL4sL", 0, 24, b"MELA", 0)
          + rb"{\rtf1 R\'e9sum\'e9 gras}"[:24]}, "Résumé gras"),
        ({"__substg1.0_10090102": struct.pack("<LL4sL", 0, 40, b"MELA", 0)
          + rb"{\rtf1\fromtext autre chose que le texte"}, "Bonjour,\nvoici."),
        ({"__substg1.0_10090102": b"court"}, "Bonjour,\nvoici."),
    ],
    ids=["html", "html text", "rtf", "derived rtf", "damaged rtf"],
)  # fmt: skip
def test_richest_body_is_shown(tmp_path: Path, more: Tree, expected: str) -> None:
    document = read(write_ole2(tmp_path / "a.msg", message(**more)))
    assert [text for _, text in outline_of(document)][1:] == [expected]


def test_text_of_an_old_message_is_in_its_code_page(tmp_path: Path) -> None:
    tree = numbers(32, {0x3FFD: 1251}) | {
        "__substg1.0_0037001E": "Привет, читатель".encode("cp1251"),
        "__substg1.0_1000001E": "Результаты экзамена".encode("cp1251"),
    }
    assert outline_of(read(write_ole2(tmp_path / "a.msg", tree))) == [
        ("paragraph", "Subject: Привет, читатель"), ("paragraph", "Результаты экзамена"),
    ]  # fmt: skip


# The example of [MS-OXRTFCP] 4.1.1.
SPECIFIED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232"
    "0af32068656c090020627705b06c647d0a800fa0"
)


def test_compressed_rtf_of_the_specification() -> None:
    assert decompressed(SPECIFIED, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompressed(SPECIFIED[:30], 1000).startswith(b"{\\rtf1\\ansi")
    with pytest.raises(UnsafeDocument):
        decompressed(SPECIFIED, 20)
    with pytest.raises(CorruptDocument):
        decompressed(b"\0" * 16, 20)


def test_message_is_read_in_the_child(tmp_path: Path) -> None:
    path = write_ole2(tmp_path / "a.msg", message())
    assert read_in_child(path).document == read(path)


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_truncated_message_has_a_reason_or_text(tmp_path: Path, kept: float) -> None:
    data = ole2_bytes(message())
    (tmp_path / "a.msg").write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(CorruptDocument):
        read_in_child(tmp_path / "a.msg")
