"""Writes documents with two files in them, "budget.csv" and "plan.txt", for the tests."""

import struct
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.ingestion.files.ole2_writer import ole2_bytes
from tests.ingestion.package_writer import (
    paragraph,
    relations,
    shape,
    slide,
    write_docx,
    write_pptx,
    write_xlsx,
)
from tests.ingestion.pdf_writer import stream, write_objects

BUDGET = b"Poste;Montant\nVoyages;1200\n"
PLAN = "Le plan des bâtiments.".encode()


def pdf(path: Path, *, catalog: bytes = b"") -> Path:
    """A page, with one file in the list of the file and one at a place of the page."""
    font = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    return write_objects(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(budget.csv) 5 0 R]>>>>"
            b"%s>>" % catalog,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<<%s>>"
            b"/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 7 0 R>>]>>" % font,
            stream(b"BT /F1 12 Tf 60 700 Td (Page) Tj ET"),
            b"<</Type/Filespec/F(<2>budget.csv)/UF(<2>budget.csv)/EF<</F 6 0 R>>>>",
            stream(BUDGET, b"/Type/EmbeddedFile"),
            b"<</Type/Filespec/F(plans/plan.txt)/UF(plans/plan.txt)/EF<</F 8 0 R>>>>",
            stream(PLAN, b"/Type/EmbeddedFile"),
        ],
    )


def mail(path: Path, files: dict[str, bytes], kind: str = "application/octet-stream") -> Path:
    message = EmailMessage()
    message["Subject"] = "Budget"
    message.set_content("Voici les fichiers.")
    for name, content in files.items():
        message.add_attachment(
            content, maintype=kind.partition("/")[0], subtype=kind.partition("/")[2], filename=name
        )
    path.write_bytes(message.as_bytes())
    return path


def eml(path: Path) -> Path:
    return mail(path / "a.eml", {"budget.csv": BUDGET, "plan.txt": PLAN})


def msg(path: Path) -> Path:
    def texts(values: dict[int, str]) -> dict[str, bytes]:
        return {f"__substg1.0_{n:04X}001F": v.encode("utf-16-le") for n, v in values.items()}

    tree: dict[str, Any] = {
        "__properties_version1.0": bytes(32),
        **texts({0x37: "Budget", 0x1000: "Voici les fichiers."}),
    }
    for number, (name, data) in enumerate({"budget.csv": BUDGET, "plan.txt": PLAN}.items()):
        tree[f"__attach_version1.0_#{number:08X}"] = {
            "__properties_version1.0": bytes(8),
            **texts({0x3707: name}),
            "__substg1.0_37010102": data,
        }
    (path / "a.msg").write_bytes(ole2_bytes(tree))
    return path / "a.msg"


def packaged(name: str, data: bytes) -> bytes:
    """An OLE2 file around a file of any kind, as Windows makes it."""
    native = b"\2\0" + name.encode() + b"\0C:\\x\\" + name.encode() + b"\0\0\0\3\0"
    native += struct.pack("<L", 4) + b"C:\\\0" + struct.pack("<L", len(data)) + data
    return ole2_bytes({"\x01Ole10Native": struct.pack("<L", len(native)) + native})


def embedded(folder: str) -> dict[str, str | bytes]:
    """Parts with embedded files, and links to them from "../embeddings"."""
    return {
        f"{folder}/embeddings/o1.bin": packaged("budget.csv", BUDGET),
        f"{folder}/embeddings/plan.txt": PLAN,
    }


LINKS = {"oleObject": "{}embeddings/o1.bin", "package": "{}embeddings/plan.txt"}


def links(before: str) -> str:
    return relations({kind: target.format(before) for kind, target in LINKS.items()})


def docx(path: Path) -> Path:
    header = "<w:header {ns}><w:p><w:r><w:t>x</w:t></w:r></w:p></w:header>"
    files = {name.removeprefix("word/"): data for name, data in embedded("word").items()}
    return write_docx(
        path / "a.docx", paragraph("Texte"), parts={"header": header},
        files={"_rels/header.xml.rels": links(""), **files},
    )  # fmt: skip


def pptx(path: Path) -> Path:
    chart = {
        "ppt/charts/_rels/chart1.xml.rels": relations({"package": "../embeddings/chiffres.csv"}),
        "ppt/embeddings/chiffres.csv": b"a;b\n1;2\n",
    }
    parts = {"ppt/slides/_rels/slide1.xml.rels": links("../"), **embedded("ppt"), **chart}
    return write_pptx(path / "a.pptx", slide(shape("Texte")), parts=parts)


def xlsx(path: Path) -> Path:
    row = (
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Texte</t></is></c></row></sheetData>'
    )
    parts = {"xl/worksheets/_rels/sheet1.xml.rels": links("../"), **embedded("xl")}
    return write_xlsx(path / "a.xlsx", row, parts=parts)


WRITERS = {
    "pdf": lambda path: pdf(path / "a.pdf"), "eml": eml, "msg": msg,
    "docx": docx, "pptx": pptx, "xlsx": xlsx,
}  # fmt: skip
