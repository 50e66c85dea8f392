"""Files with a password: asked for, used once, kept nowhere."""

import io
import logging
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pypdf import PdfReader

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsafeDocument, WrongPassword
from ingestion.parsing.protected.unlock import may_need_password
from ingestion.storing.unlocking import unlocked
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.files.archive_writer import tar_of
from tests.ingestion.files.legacy_writer import write_doc
from tests.ingestion.files.locked_files import (
    PASSWORD,
    aes_seven_zip,
    aes_zip,
    locked_docx,
    locked_pdf,
    zip_crypto,
)
from tests.ingestion.files.locked_odf import locked_odt
from tests.ingestion.package_writer import paragraph, write_docx, write_odf
from tests.ingestion.reading import read, text_of
from tests.ingestion.views.changing import documents

UPLOAD = "/i/law/documents/upload/"


LOCKED = pytest.mark.parametrize(
    ("lock", "name"),
    [
        (locked_pdf, "a.pdf"),
        (locked_docx, "a.docx"),
        (locked_odt, "a.odt"),
    ],
    ids=["pdf", "docx", "odt"],
)


@LOCKED
def test_file_is_opened_with_its_password(
    tmp_path: Path, lock: Callable[..., Path], name: str
) -> None:
    with lock(tmp_path / name).open("rb") as file:
        with pytest.raises(EncryptedDocument):
            unlocked(file, "")
        with pytest.raises(WrongPassword):
            unlocked(file, "autre")
        copy = unlocked(file, PASSWORD)
    assert copy is not None
    copy.seek(0)
    (tmp_path / name).write_bytes(copy.read())
    assert text_of(read(tmp_path / name)) == "Le bureau ouvre à neuf heures."


def test_workbook_with_the_password_of_excel_needs_none(tmp_path: Path) -> None:
    with locked_docx(tmp_path / "a.xlsx", "VelvetSweatshop").open("rb") as file:
        assert unlocked(file, "") is not None


def test_files_that_open_by_themselves_are_left_as_they_are(tmp_path: Path) -> None:
    for path in (
        locked_pdf(tmp_path / "a.pdf", ""),
        write_docx(tmp_path / "a.docx", paragraph("Texte")),
        write_doc(tmp_path / "a.doc", "Texte"),
        write_odf(tmp_path / "a.odt", "text", "", parts={"META-INF/manifest.xml": "<manifest/>"}),
    ):
        with path.open("rb") as file:
            assert unlocked(file, "inutile") is None


def test_archive_of_a_locked_file_needs_no_password(tmp_path: Path) -> None:
    files = {"a.pdf": locked_pdf(tmp_path / "a.pdf").read_bytes()}
    with tar_of(tmp_path / "a.tar", files).open("rb") as file:
        assert unlocked(file, "") is None


ZIPS = pytest.mark.parametrize(
    "lock", [zip_crypto, aes_zip, aes_seven_zip], ids=["zipcrypto", "aes", "7z"]
)
NOTES = {"cours/un.txt": b"Un texte. " * 900, "deux.txt": b"Un autre texte."}


@ZIPS
def test_archive_is_opened_with_its_password(tmp_path: Path, lock: Callable[..., Path]) -> None:
    with lock(tmp_path / "a.zip", NOTES).open("rb") as file:
        with pytest.raises(EncryptedDocument):
            unlocked(file, "")
        with pytest.raises(WrongPassword):
            unlocked(file, "autre")
        copy = unlocked(file, PASSWORD)
    assert copy is not None
    with zipfile.ZipFile(copy) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == NOTES


@ZIPS
def test_damaged_archive_with_a_password_has_a_reason(
    tmp_path: Path, lock: Callable[..., Path]
) -> None:
    path = lock(tmp_path / "a.zip", NOTES)
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    with path.open("rb") as file, pytest.raises((CorruptDocument, WrongPassword)):
        unlocked(file, PASSWORD)


def test_archive_with_a_password_may_not_unpack_to_too_much(tmp_path: Path) -> None:
    path = aes_zip(tmp_path / "a.zip", {"zeros.txt": bytes(33 << 20)})
    with path.open("rb") as file, pytest.raises(UnsafeDocument):
        unlocked(file, PASSWORD)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_damaged_file_has_a_reason(tmp_path: Path, kept: float) -> None:
    path = locked_docx(tmp_path / "a.docx")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with path.open("rb") as file:
        try:
            assert unlocked(file, PASSWORD) is None or kept > 0.9
        except (CorruptDocument, EncryptedDocument, WrongPassword):
            assert may_need_password(file)


def upload(client: Client, path: Path, **fields: str) -> Any:
    file = SimpleUploadedFile(path.name, path.read_bytes())
    return client.post(UPLOAD, {"file": file} | fields)


@LOCKED
def test_upload_asks_for_the_password(
    cast: Cast, client_for: Any, tmp_path: Path, lock: Callable[..., Path], name: str
) -> None:
    path, client = lock(tmp_path / name), client_for(cast.editor)
    for password, code in (("", "encrypted"), ("autre", "wrong_password")):
        refused = upload(client, path, password=password)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)
    assert documents(cast.instance) == []
    first = upload(client, path, password=PASSWORD)
    again = upload(client, path)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


def test_stored_file_has_no_password(cast: Cast, client_for: Any, tmp_path: Path) -> None:
    upload(client_for(cast.editor), locked_pdf(tmp_path / "a.pdf"), password=PASSWORD)
    (document,) = documents(cast.instance)
    with document.file.open("rb") as file:
        content = file.read()
    assert not PdfReader(io.BytesIO(content)).is_encrypted
    assert document.size_bytes == len(content)


def test_password_is_kept_nowhere(
    cast: Cast, client_for: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, path = client_for(cast.editor), locked_docx(tmp_path / "a.docx")
    upload(client, path, password=f"{PASSWORD}?")
    upload(client, path, password=PASSWORD)
    assert "secret" not in caplog.text
    with tenant(cast.instance), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            query = f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s'  # noqa: S608 (ours)
            cursor.execute(query, ["%très secret%"])
            assert cursor.fetchone() == (0,), table
