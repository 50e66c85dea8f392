"""Files with a password, for the tests."""

import io
import random
from pathlib import Path

from msoffcrypto.format.ooxml import OOXMLFile
from pypdf import PdfWriter

from tests.ingestion.package_writer import paragraph, write_docx
from tests.ingestion.pdf_writer import Page, write_pdf

PASSWORD = "Mot de passe très secret"


def locked_pdf(path: Path, password: str = PASSWORD) -> Path:
    write_pdf(path, [Page().lines(72, 700, "Le bureau ouvre à neuf heures.")])
    writer = PdfWriter(clone_from=path)
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(path)
    return path


def locked_docx(path: Path, password: str = PASSWORD) -> Path:
    # The library does not write small files as it reads them.
    noise = {"f1.bin": random.Random(1).randbytes(9_000)}
    write_docx(path, paragraph("Le bureau ouvre à neuf heures."), files=noise)
    locked = io.BytesIO()
    with path.open("rb") as file:
        OOXMLFile(file).encrypt(password, locked)
    path.write_bytes(locked.getvalue())
    return path
