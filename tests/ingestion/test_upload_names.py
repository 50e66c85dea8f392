"""Names of uploaded files, as clients write them in forms."""

from typing import Any

import pytest
from django.test import Client

from ingestion.upload_names import clean_folder, clean_name
from instances.access.api_keys import create_api_key
from tests.cast import Cast

FORM = "multipart/form-data; boundary=x"
NAME_OF_300_BYTES = "é" * 146 + "的" + ".docx"
SHOWN = {
    "Persian": ("می\u200cخواهم.txt", None),
    "joined emoji": ("👩\u200d🎓 inscription.txt", None),
    "emoji in colour": ("plan ✔\ufe0f.txt", None),
    "flag of letters that are not seen": (
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f.txt",
        None,
    ),
    # Not in the version of Unicode that Python knows.
    "new emoji": ("a\U0001fadf.txt", None),
    "Japanese variant": ("葛\U000e0100城.txt", None),
    "no-break spaces": ("n°\u00a05 à 3.14\u202fPM.txt", None),
    "reference of HTML": ("Q&amp;A &copy;.txt", None),
    "path of Windows": (r"C:\notes\a.txt", "a.txt"),
    "path": ("../../etc/a.txt", "a.txt"),
    "order of letters turned": ("facture\u202etxt.exe.txt", "facturetxt.exe.txt"),
    "orders in letters that are not seen": ("a\U000e0041\U000e0042.txt", "a.txt"),
    "zero-width space": ("a\u200bb\ufeff.txt", "ab.txt"),
    "joiners at its ends": ("\u200da.txt\u200c", "a.txt"),
    "control characters": ("a\0b\x1bc\x7f.txt", "abc.txt"),
    "decomposed accents": ("re\u0301sume\u0301.txt", "résumé.txt"),
    "300 bytes": (NAME_OF_300_BYTES, None),
    "300 letters": ("é" * 300 + ".docx", "é" * 250 + ".docx"),
}


@pytest.fixture
def client(cast: Cast, no_broker: None) -> Client:
    _key, plaintext = create_api_key(
        instance=cast.instance, name="test", scope="manage", created_by=None
    )
    return Client(headers={"Authorization": f"Bearer {plaintext}"})


def send(client: Client, *parameters: bytes, content: bytes = b"Neuf heures.") -> Any:
    """Upload a file in a part whose Content-Disposition has these parameters."""
    disposition = b"; ".join((b'Content-Disposition: form-data; name="file"', *parameters))
    body = b"--x\r\n" + disposition + b"\r\nContent-Type: text/plain\r\n\r\n" + content
    return client.post("/api/v1/documents", body + b"\r\n--x--\r\n", content_type=FORM)


def quoted(name: str) -> bytes:
    """The name as browsers write it."""
    return b'filename="' + name.replace('"', "%22").encode() + b'"'


@pytest.mark.parametrize(("sent", "kept"), SHOWN.values(), ids=SHOWN)
def test_name_is_kept_but_for_what_is_not_seen(client: Client, sent: str, kept: str | None) -> None:
    response = send(client, quoted(sent))
    assert response.status_code == 201, response.content
    assert response.json()["name"] == (sent if kept is None else kept)
    assert clean_folder(f"a/{clean_name(sent)}") == f"a/{sent if kept is None else kept}"


def percent_encoded(name: str) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in name.encode())


WRITTEN = {
    "quotation marks of browsers": [b'filename="rapport %22final%22.txt"'],
    "quotation marks of curl": [rb'filename="rapport \"final\".txt"'],
    "percent-encoded": [b"filename*=UTF-8''" + percent_encoded('rapport "final".txt')],
    "both forms": [
        b'filename="rapport.txt"',
        b"filename*=UTF-8''" + percent_encoded('rapport "final".txt'),
    ],
    "encoded words": [b'filename="=?utf-8?B?cmFwcG9ydCAiZmluYWwiLnR4dA==?="'],
}


@pytest.mark.parametrize("parameters", WRITTEN.values(), ids=WRITTEN)
def test_name_is_read_in_every_form(client: Client, parameters: list[bytes]) -> None:
    assert send(client, *parameters).json()["name"] == 'rapport "final".txt'


def test_long_name_in_both_forms_is_read(client: Client) -> None:
    """As clients in .NET write it: its header has more than the kilobyte that Django reads."""
    encoded = b"filename*=UTF-8''" + percent_encoded(NAME_OF_300_BYTES)
    assert send(client, quoted(NAME_OF_300_BYTES), encoded).json()["name"] == NAME_OF_300_BYTES


def test_name_in_the_encoding_of_windows_is_read(client: Client) -> None:
    """As curl writes it there; Django drops the file."""
    binary = b"R\xe8gles \xff\r\n\r\nfin"
    response = send(client, 'filename="Règlement – été.txt"'.encode("cp1252"), content=binary)
    assert response.json()["name"] == "Règlement – été.txt"
    assert response.json()["size_bytes"] == len(binary)


@pytest.mark.parametrize(
    "parameters",
    [[], [b'filename=""'], [b'filename=".."'], ['filename="\u200d\u202e"'.encode()]],
    ids=["no name", "empty", "parent", "not seen"],
)
def test_file_without_a_name_is_refused(client: Client, parameters: list[bytes]) -> None:
    response = send(client, *parameters)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid_request")
    assert response.json()["error"]["param"] == "file"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=", b"--x--"),
        (FORM, b"--y\r\n\r\n"),
        (FORM, b""),
        (FORM, b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n' * 9),
        ("application/json", b'{"file": "a"}'),
        ("text/plain", b"a"),
        ("", b"a"),
    ],
    ids=["no boundary", "empty boundary", "another one", "empty", "cut", "JSON", "text", "none"],
)
def test_body_without_a_file_is_refused(client: Client, content_type: str, body: bytes) -> None:
    response = client.generic("POST", "/api/v1/documents", body, content_type=content_type)
    assert response.status_code in (400, 422)
    assert response.json()["error"]["code"] in ("bad_request", "invalid_request")
