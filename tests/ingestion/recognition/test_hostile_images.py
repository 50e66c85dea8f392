"""Hostile and broken images end with a reason, and the next one is read."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ingestion import uploads
from ingestion.models import Document
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.recognition.scan_writer import FRENCH, image_bytes, letter
from tests.ingestion.stages import ingest, refreshed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG file in grey, whose compressed rows may be fewer than its header says."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bomb(_folder: Path) -> bytes:
    """30000 × 30000 pixels in 900 kB."""
    compressor = zlib.compressobj(9)
    row = b"\0" * 30_001
    rows = b"".join(compressor.compress(row) for _ in range(30_000)) + compressor.flush()
    return png(30_000, 30_000, rows)


def truncated(kind: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        content = image_bytes(letter(folder, *FRENCH), kind)
        return content[: len(content) // 2]

    return make


def endless_tiff(folder: Path) -> bytes:
    """A TIFF file whose first directory says that it is followed by itself."""
    content = bytearray(image_bytes(letter(folder, *FRENCH), "TIFF"))
    (directory,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, directory)
    struct.pack_into("<I", content, directory + 2 + 12 * entries, directory)
    return bytes(content)


HOSTILE = {
    "one pixel": (lambda _: image_bytes(Image.new("L", (1, 1)), "PNG"), {"image_only"}),
    "one line": (lambda _: image_bytes(Image.new("L", (60_000, 1)), "PNG"), {"image_only"}),
    "900 megapixels": (bomb, {"image_too_large"}),
    "header of 900 megapixels": (lambda _: png(30_000, 30_000, b""), {"image_too_large"}),
    "4 gigapixels": (lambda _: png(65_000, 65_000, b""), {"image_too_large"}),
    "no rows": (lambda _: png(800, 800, zlib.compress(b"")), {"corrupt", "image_only"}),
    "truncated PNG": (truncated("PNG"), {"corrupt"}),
    "truncated JPEG": (truncated("JPEG"), {"corrupt"}),
    "truncated TIFF": (truncated("TIFF"), {"corrupt"}),
    "truncated WebP": (truncated("WEBP"), {"corrupt"}),
    "truncated GIF": (truncated("GIF"), {"corrupt", ""}),
    "only a head": (lambda _: b"\xff\xd8\xff\xe0", {"corrupt"}),
    "endless TIFF": (endless_tiff, {"corrupt", "", "too_many_pages"}),
}


def run(cast: Cast, name: str, content: bytes) -> Document:
    with tenant(cast.instance):
        document, _created = uploads.store_upload(
            instance=cast.instance, user=cast.owner, name=name, content=BytesIO(content)
        )
    ingest(document)
    return refreshed(document)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_image_ends_with_a_reason(
    cast: Cast, embeddings: None, tmp_path: Path, name: str
) -> None:
    make, codes = HOSTILE[name]
    document = run(cast, "image.png", make(tmp_path))
    assert document.error_code in codes
    assert document.status == ("failed" if document.error_code else "ready")
    good = run(cast, "good.png", image_bytes(letter(tmp_path, *FRENCH), "PNG"))
    assert good.status == "ready"


def test_first_frame_of_an_animation_is_read(cast: Cast, embeddings: None, tmp_path: Path) -> None:
    shown = letter(tmp_path, *FRENCH, dpi=120)
    others = [Image.new("L", shown.size, level) for level in (0, 120, 255)]
    content = image_bytes(shown, "GIF", save_all=True, append_images=others)
    document = run(cast, "film.gif", content)
    assert (document.status, document.pages) == ("ready", 1)
    assert [warning["code"] for warning in document.warnings] == ["other_frames"]
