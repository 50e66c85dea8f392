"""Archives are told from other files, and from each other, by their content."""

import gzip
import zipfile
from pathlib import Path

import pytest

from ingestion.errors import UnsupportedMediaType
from ingestion.parsing import media_types as types
from ingestion.parsing.detection.files import detect
from tests.ingestion.files.archive_writer import seven_zip_of, tar_of
from tests.ingestion.package_writer import paragraph, write_docx
from tests.ingestion.parsing.unpacking.test_unpack import WRITERS


def test_types_are_told_by_content(tmp_path: Path) -> None:
    expected = {
        "zip": types.ZIP, "tar": types.TAR, "tar.gz": types.GZIP, "tar.bz2": types.BZIP2,
        "tar.xz": types.XZ, "7z": types.SEVEN_ZIP,
    }  # fmt: skip
    for name, media_type in expected.items():
        with WRITERS[name](tmp_path / "a").open("rb") as file:
            assert detect(file, "a.zip") == media_type
            assert detect(file, "a") == media_type
    with write_docx(tmp_path / "a", paragraph("x")).open("rb") as file:
        assert detect(file, "a.zip") == types.DOCX


def test_archive_of_pdf_files_is_an_archive(tmp_path: Path) -> None:
    files = {"a.pdf": b"%PDF-1.7 ..."}
    for path, media_type in (
        (tar_of(tmp_path / "a.tar", files), types.TAR),
        (seven_zip_of(tmp_path / "a.7z", files, method="copy"), types.SEVEN_ZIP),
    ):
        with path.open("rb") as file:
            assert detect(file, path.name) == media_type
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.pdf", files["a.pdf"])
    with (tmp_path / "a.zip").open("rb") as file:
        assert detect(file, "a.zip") == types.ZIP


def test_compressed_file_of_a_program_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.RData").write_bytes(gzip.compress(b"RDX3"))
    with (tmp_path / "a.RData").open("rb") as file, pytest.raises(UnsupportedMediaType):
        detect(file, "a.RData")
