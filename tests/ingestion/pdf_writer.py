"""Writes small PDF files for the tests: text at given places, outlines, images, anything raw."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path

A4 = (595, 842)
FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold"}


@dataclass
class Page:
    """A page under construction; y grows upwards from the bottom."""

    parts: list[bytes] = field(default_factory=list)

    def text(
        self, x: float, y: float, text: str, *, size: float = 11, bold: bool = False
    ) -> "Page":
        """Draw a line of text with its left end at (x, y)."""
        escaped = text.encode("cp1252").replace(b"\\", b"\\\\")
        escaped = escaped.replace(b"(", b"\\(").replace(b")", b"\\)")
        font = b"F2" if bold else b"F1"
        self.parts.append(b"BT /%s %g Tf %g %g Td (%s) Tj ET" % (font, size, x, y, escaped))
        return self

    def lines(self, x: float, y: float, *lines: str, size: float = 11, step: float = 1.2) -> "Page":
        """Draw lines under one another."""
        for number, line in enumerate(lines):
            self.text(x, y - number * size * step, line, size=size)
        return self


def write_objects(path: Path, objects: list[bytes]) -> Path:
    """Write a PDF of numbered objects; the first is the catalog."""
    data = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    path.write_bytes(bytes(data))
    return path


def stream(data: bytes, dictionary: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), dictionary, data)


def write_pdf(path: Path, pages: list[Page]) -> Path:
    """Write pages of text."""
    fonts = b"".join(
        b"/%s<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>"
        % (name.encode(), base.encode())
        for name, base in FONTS.items()
    )
    kids = b" ".join(b"%d 0 R" % (3 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 %d %d]/Resources<</Font<<%s>>>>>>"
        % (kids, len(pages), *A4, fonts),
    ]
    for number, page in enumerate(pages):
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R>>" % (4 + 2 * number))
        objects.append(stream(zlib.compress(b"\n".join(page.parts)), b"/Filter/FlateDecode"))
    return write_objects(path, objects)


def write_image_pdf(path: Path, *, side: int = 8) -> Path:
    """Write one page that is a black square image of `side` × `side` pixels."""
    compressor = zlib.compressobj(9)
    row = b"\0" * ((side + 7) // 8)
    pixels = b"".join(compressor.compress(row) for _ in range(side)) + compressor.flush()
    size = b"/Width %d/Height %d" % (side, side)
    return write_objects(
        path,
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
            b"/Resources<</XObject<</I 5 0 R>>>>>>",
            stream(b"q 600 0 0 800 0 0 cm /I Do Q"),
            stream(
                pixels,
                b"/Type/XObject/Subtype/Image/BitsPerComponent 1/ColorSpace/DeviceGray"
                b"/Filter/FlateDecode" + size,
            ),
        ],
    )
