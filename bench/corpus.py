"""Texts of ``../shared/eval/piaf_fr`` as documents of several formats, and their questions."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from xml.sax.saxutils import escape

from playwright.sync_api import sync_playwright

from launcher.project import ROOT

PIAF = ROOT.parent / "shared" / "eval" / "piaf_fr"
PARAGRAPHS_OF_A_DOCUMENT = 12

_DOCX_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_DOCX_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_DOCX_BODY = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body>{}</w:body></w:document>"
)


def paragraphs() -> list[str]:
    """The passages of the set. Exits with a message if the set is missing."""
    if not PIAF.exists():
        raise SystemExit("../shared/eval/piaf_fr is absent: there is nothing to measure with.")
    lines = (PIAF / "corpus.jsonl").read_text().splitlines()
    return [text for line in lines if (text := json.loads(line)["text"].strip())]


def questions() -> list[str]:
    """Questions that the passages answer."""
    lines = (PIAF / "queries.jsonl").read_text().splitlines()
    return [json.loads(line)["text"] for line in lines]


def documents(n_documents: int) -> list[tuple[str, bytes]]:
    """``(name, content)`` of files of 12 paragraphs: PDF, DOCX, HTML and Markdown in turn.

    Beyond the set's own length its texts come again in another order, so that no bytes are twice
    the same.
    """
    texts = paragraphs()
    files, pdfs = [], []
    for number in range(n_documents):
        start, step = number * PARAGRAPHS_OF_A_DOCUMENT, 1 + number * 12 // len(texts)
        chosen = [
            texts[(start + position * step) % len(texts)]
            for position in range(PARAGRAPHS_OF_A_DOCUMENT)
        ]
        title = f"Document {number}"
        make = (None, _docx, _html, _markdown)[number % 4]
        if make is None:
            pdfs.append((f"document-{number}.pdf", _html(title, chosen)[1].decode()))
        else:
            suffix, content = make(title, chosen)
            files.append((f"document-{number}.{suffix}", content))
    return sorted([*files, *_print_pdfs(pdfs)])


def pdf_documents(n_documents: int) -> list[tuple[str, bytes]]:
    """``(name, content)`` of PDFs of 12 paragraphs."""
    texts = paragraphs()
    pages = []
    for number in range(n_documents):
        start = number * PARAGRAPHS_OF_A_DOCUMENT
        chosen = texts[start : start + PARAGRAPHS_OF_A_DOCUMENT]
        pages.append((f"document-{number}.pdf", _html(f"Document {number}", chosen)[1].decode()))
    return list(_print_pdfs(pages))


def pdf_of_pages(n_pages: int, seed: int = 0) -> bytes:
    """One PDF of ``n_pages`` pages, a passage on each."""
    texts = paragraphs()
    pages = "".join(
        f"<p style='break-after: page'>{seed}. {escape(texts[(seed + page) % len(texts)])}</p>"
        for page in range(n_pages)
    )
    ((_, content),) = _print_pdfs([("", f"<html lang='fr'><body>{pages}</body></html>")])
    return content


def _print_pdfs(pages: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page()
        for name, html in pages:
            tab.set_content(html)
            yield name, tab.pdf()
        browser.close()


def _html(title: str, texts: list[str]) -> tuple[str, bytes]:
    body = "".join(
        f"<h2>Partie {number}</h2><p>{escape(text)}</p>" for number, text in enumerate(texts, 1)
    )
    page = f"<!doctype html><html lang='fr'><meta charset='utf-8'><title>{title}</title>{body}"
    return "html", page.encode()


def _markdown(title: str, texts: list[str]) -> tuple[str, bytes]:
    parts = [f"## Partie {number}\n\n{text}" for number, text in enumerate(texts, 1)]
    return "md", "\n\n".join([f"# {title}", *parts]).encode()


def _docx(title: str, texts: list[str]) -> tuple[str, bytes]:
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in [title, *texts])
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _DOCX_TYPES)
        archive.writestr("_rels/.rels", _DOCX_RELATIONS)
        archive.writestr("word/document.xml", _DOCX_BODY.format(body))
    return "docx", buffer.getvalue()
