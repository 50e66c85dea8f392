"""The thirty pages: text in the fonts that every PDF program has, drawn by PDFium, then spoilt.

``texts/`` are the headings and sentences, our own, about the life of a university.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
_MARGIN = 62.0
_GUTTER = 22.0
_FONTS = ("Times-Roman", "Helvetica", "Times-Roman", "Courier")
_SENTENCES_A_PARAGRAPH = 4
_TEXTS = Path(__file__).parent / "texts"
_HEADING = "# "


@dataclass(frozen=True, slots=True)
class Kind:
    """How a page looks; ``noise`` is the deviation of grey levels, ``specks`` a share of pixels."""

    name: str
    dpi: int
    columns: int = 1
    degrees: float = 0.0
    noise: float = 0.0
    specks: float = 0.0
    blur: float = 0.0
    shade: float = 0.0
    quality: int = 85


KINDS = (
    Kind("plain, 300 dpi", 300),
    Kind("plain, 200 dpi", 200),
    Kind("plain, 150 dpi", 150),
    Kind("two columns, 300 dpi", 300, columns=2),
    Kind("two columns, 200 dpi", 200, columns=2),
    Kind("skewed, 300 dpi", 300, degrees=2.2),
    Kind("skewed, 200 dpi", 200, degrees=-3.5),
    Kind("noisy, 300 dpi", 300, noise=22, specks=0.002, blur=0.7),
    Kind("noisy, 200 dpi", 200, noise=18, specks=0.002, blur=0.5, shade=70),
    Kind("two columns, skewed, noisy, 200 dpi", 200, columns=2, degrees=1.4, noise=14, blur=0.5),
)
PAGES_OF_A_KIND = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a file of its own, and the text on it."""

    kind: Kind
    language: str
    text: str
    pdf: bytes


def pages() -> Iterator[Page]:
    """Yield thirty pages, always the same: two of three are French."""
    for number, kind in enumerate(KINDS):
        for turn in range(PAGES_OF_A_KIND):
            language = "en" if turn == 2 else "fr"
            chance = random.Random(100 * number + turn)
            font = _FONTS[(number + turn) % len(_FONTS)]
            text, pdf = _typeset(chance, language, font, kind.columns)
            yield Page(kind, language, text, _scan(pdf, kind, chance))


def _typeset(chance: random.Random, language: str, font: str, columns: int) -> tuple[str, bytes]:
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    said = (_TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    headings = [line.removeprefix(_HEADING) for line in said if line.startswith(_HEADING)]
    heading = chance.choice(headings)
    size = chance.choice((9.5, 10.0, 11.0)) if columns == 2 else chance.choice((10.0, 11.0, 12.0))
    canvas.setFont("Helvetica-Bold", 17)
    canvas.drawString(_MARGIN, HEIGHT - _MARGIN, heading)
    canvas.setFont(font, size)
    width = (WIDTH - 2 * _MARGIN - _GUTTER * (columns - 1)) / columns
    sentences = _endless(chance, [line for line in said if not line.startswith(_HEADING)])
    said = [heading]
    for column in range(columns):
        x = _MARGIN + column * (width + _GUTTER)
        y = HEIGHT - _MARGIN - 40
        while True:
            paragraph = [next(sentences) for _ in range(_SENTENCES_A_PARAGRAPH)]
            lines = _broken(" ".join(paragraph), font, size, width)
            if y - len(lines) * size * 1.25 < _MARGIN:
                break
            for line in lines:
                canvas.drawString(x, y, line)
                y -= size * 1.25
            y -= size * 0.7
            said.append(" ".join(paragraph))
    canvas.save()
    return "\n\n".join(said), file.getvalue()


def _endless(chance: random.Random, sentences: list[str]) -> Iterator[str]:
    while True:
        yield from chance.sample(sentences, len(sentences))


def _broken(text: str, font: str, size: float, width: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and stringWidth(longer, font, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _scan(pdf: bytes, kind: Kind, chance: random.Random) -> bytes:
    """Return the page as a PDF of one image, as a scanner of this kind makes it."""
    page = pdfium.PdfDocument(pdf)[0]
    image = page.render(scale=kind.dpi / 72, grayscale=True).to_pil().convert("L")
    if kind.degrees:
        degrees = kind.degrees * chance.uniform(0.6, 1.0)
        image = image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    if kind.blur:
        image = image.filter(ImageFilter.GaussianBlur(kind.blur * kind.dpi / 200))
    grey = np.asarray(image, dtype=np.float32)
    dice = np.random.default_rng(chance.randrange(1 << 30))
    if kind.shade:
        grey = grey - np.linspace(0, kind.shade, grey.shape[1], dtype=np.float32)
    if kind.noise:
        grey = grey + dice.normal(0, kind.noise, grey.shape).astype(np.float32)
    if kind.specks:
        grey = np.where(dice.random(grey.shape) < kind.specks, 0, grey)
    file = BytesIO()
    spoilt = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    spoilt.save(file, "PDF", resolution=kind.dpi, quality=kind.quality)
    return file.getvalue()
