"""Mail: what a mail program shows, in the charset that it is really in."""

import base64
from pathlib import Path

import pytest

from ingestion.parse_warnings import ParseWarning, WarningCode
from tests.ingestion.reading import outline_of, read, text_of

HEAD = b"From: a@x.fr\nTo: b@x.fr\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nMIME-Version: 1.0\n"


def shown(folder: Path, message: bytes) -> list[str]:
    """Return the blocks of a message without its header fields."""
    (folder / "a.eml").write_bytes(HEAD + message)
    return [text for _, text in outline_of(read(folder / "a.eml")) if "From: a@x.fr" not in text]


def part(kind: str, text: str | bytes, *fields: str) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return "\n".join([f"Content-Type: {kind}", *fields, "", ""]).encode() + data


def multipart(kind: str, *parts: bytes) -> bytes:
    edge = f"B{abs(hash(parts))}".encode()
    body = b"".join(b"--" + edge + b"\n" + item + b"\n" for item in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary=".encode()
        + edge
        + b"\n\n"
        + body
        + b"--"
        + edge
        + b"--\n"
    )


PLAIN = part("text/plain; charset=utf-8", "Texte à lire")
RICH = part("text/html; charset=utf-8", "<p>Riche à lire</p>")
IMAGE = part("image/png; name=p.png", "iVBOR", "Content-Disposition: inline; filename=p.png")
INNER = b"Subject: Dedans\n" + part("text/plain; charset=utf-8", "Message transmis")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (multipart("alternative", PLAIN, RICH), ["Riche à lire"]),
        (multipart("alternative", RICH, PLAIN), ["Riche à lire"]),
        (multipart("alternative", PLAIN, part("text/html", "<img src=x>")), ["Texte à lire"]),
        (multipart("alternative", PLAIN, part("text/calendar", "SUMMARY:x")), ["Texte à lire"]),
        (multipart("alternative", PLAIN, multipart("related", RICH, IMAGE)),
         ["Riche à lire", "- p.png"]),
        (multipart("alternative", PLAIN, multipart("mixed", RICH, IMAGE, RICH)),
         ["Riche à lire", "Riche à lire", "- p.png"]),
        (multipart("mixed", PLAIN, RICH, part("text/plain; name=notes.txt", "Notes",
                                              "Content-Disposition: inline; filename=notes.txt")),
         ["Texte à lire", "Riche à lire", "Notes"]),
        (multipart("mixed", PLAIN, part("text/plain", "secret",
                                        "Content-Disposition: attachment; filename=c.txt")),
         ["Texte à lire", "- c.txt"]),
        (multipart("signed", PLAIN, part("application/pgp-signature; name=s.asc", "x")),
         ["Texte à lire"]),
        (part("text/plain", "<html><body><p>Riche</p></body></html>"), ["Riche"]),
        (b"Content-Type: multipart/mixed; boundary=absent\n\nTexte perdu", ["Texte perdu"]),
        (part("text/plain; format=flowed; delsp=yes", "Une ligne cou \npée.\n-- \nMoi"),
         ["Une ligne coupée.\n--\nMoi"]),
        (part("text/plain", "Voici\nbegin 644 plan.pdf\n#86)C\n`\nend\nfin"),
         ["Voici", "- plan.pdf\nfin"]),
        (part("text/enriched", "<bold>Gras</bold>\net suite"), ["Gras et suite"]),
        (part("application/rtf", r"{\rtf1 R\'e9sum\'e9}"), ["Résumé"]),
        (part("text/calendar", "SUMMARY:Réunion\\, salle\n  B\nX-Y:z\nLOCATION;L=fr:Nîmes"),
         ["Summary: Réunion, salle B\nLocation: Nîmes"]),
        (multipart("report", PLAIN,
                   part("message/delivery-status", "Action: failed\n\nStatus: 5.1.1\n")),
         ["Texte à lire", "Action: failed", "Status: 5.1.1"]),
    ],
)  # fmt: skip
def test_shown_parts(tmp_path: Path, message: bytes, expected: list[str]) -> None:
    assert shown(tmp_path, message) == expected


def test_unread_files_are_warned_of(tmp_path: Path) -> None:
    pdf = part("application/pdf; name==?utf-8?Q?=C3=A9t=C3=A9.pdf?=", "x")
    forwarded = part("message/rfc822", multipart("mixed", PLAIN, pdf))
    message = multipart("mixed", PLAIN, IMAGE, forwarded, part("application/ms-tnef", "x"))
    (tmp_path / "a.eml").write_bytes(HEAD + message)
    assert read(tmp_path / "a.eml").warnings == (
        ParseWarning(WarningCode.UNREAD_FILES, ("application/ms-tnef", "été.pdf")),
    )


@pytest.mark.parametrize(
    "forwarded",
    [
        part("message/rfc822", INNER),
        part("message/rfc822; name=t.eml", INNER, "Content-Disposition: attachment"),
        part("message/rfc822", base64.encodebytes(INNER), "Content-Transfer-Encoding: base64"),
        part("application/octet-stream; name=t.eml", base64.encodebytes(INNER),
             "Content-Transfer-Encoding: base64"),
        multipart("digest", b"\n" + INNER),
        multipart("mixed", multipart("alternative", PLAIN, multipart("mixed", RICH, part(
            "message/rfc822", INNER)))),
    ],
    ids=["inline", "attached", "encoded", "file", "digest", "in-an-alternative"],
)  # fmt: skip
def test_forwarded_messages_are_pages(tmp_path: Path, forwarded: bytes) -> None:
    (tmp_path / "a.eml").write_bytes(
        HEAD + b"Subject: Dehors\n" + multipart("mixed", PLAIN, forwarded)
    )
    document = read(tmp_path / "a.eml")
    assert [page.label for page in document.pages] == ["Dehors", "Dedans"]
    assert text_of(document).count("Message transmis") == 1
    assert ".eml" not in text_of(document)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("=?gb2312?B?" + base64.b64encode("镕基".encode("gbk")).decode() + "?=", "镕基"),
        ("=?utf-8?B?w4l0w6kgw6A=?= =?utf-8?Q?_Besan=C3?=\n =?utf-8?Q?=A7on?=", "Été à Besançon"),
        ("=?iso-8859-1?Q?l=92=9Cuvre?= et suite", "l’œuvre et suite"),
        ("=?us-ascii?Q?=E9t=E9?=", "été"),
        ("Été brut", "Été brut"),
        ("=?inconnu?Q?abc?=", "abc"),
    ],
    ids=["superset", "cut-character", "windows", "wrong", "raw", "unknown"],
)
def test_header_charsets(tmp_path: Path, subject: str, expected: str) -> None:
    (tmp_path / "a.eml").write_bytes(HEAD + f"Subject: {subject}\n\nTexte".encode())
    assert read(tmp_path / "a.eml").title == expected


@pytest.mark.parametrize(
    ("charset", "data"),
    [("", "Été là"), ("us-ascii", "Été là"), ("iso-8859-1", "Été là"),
     ("utf-8", b"\xc9t\xe9 l\xe0"), ("", b"\xc9t\xe9 l\xe0"), ("foo", "Été là"),
     ("utf-16", "Été là".encode("utf-16"))],
)  # fmt: skip
def test_body_charset_missing_or_wrong(tmp_path: Path, charset: str, data: str | bytes) -> None:
    field = f"; charset={charset}" if charset else ""
    for kind in ("plain", "html"):
        content = base64.encodebytes(data.encode() if isinstance(data, str) else data)
        body = part(f"text/{kind}{field}", content, "Content-Transfer-Encoding: base64")
        assert shown(tmp_path, body) == ["Été là"]
        if charset != "utf-16":
            assert shown(tmp_path, part(f"text/{kind}{field}", data)) == ["Été là"]
