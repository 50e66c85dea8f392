"""The frames of a picture file, as pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, cast

# The formats below, which Pillow would import when it opens a file: a confined child cannot.
from PIL import (  # noqa: F401
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ingestion.errors import CorruptDocument, ImageTooLarge, TooManyPages

# 400 MB of memory in colours; a sheet of A0 at 200 dpi has less.
MAX_PIXELS = 100_000_000
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
# Only the frames of these are pages; those of the others are a film, or versions of one picture.
_PAGED_FORMAT = "TIFF"
_DEEP_MODES = ("F", "I")
_WHITE = (255, 255, 255)


def count_pages(file: BinaryIO, max_pages: int) -> tuple[int, bool]:
    """Return the number of pages of a picture, and whether it has frames that are no pages.

    Raises CorruptDocument, ImageTooLarge or TooManyPages.
    """
    with _opened(file) as image:
        if image.format != _PAGED_FORMAT:
            return 1, getattr(image, "n_frames", 1) > 1 and image.format != "MPO"
        pages = 1
        while _has_frame(image, pages):
            pages += 1
            if pages > max_pages:
                raise TooManyPages(f"more than {max_pages} frames")
        return pages, False


@contextmanager
def opened_page(file: BinaryIO, number: int) -> Iterator[Image.Image]:
    """Yield a page, counted from 1, not decoded yet.

    Raises CorruptDocument or ImageTooLarge.
    """
    with _opened(file) as image:
        if number != 1 and (image.format != _PAGED_FORMAT or not _has_frame(image, number - 1)):
            raise CorruptDocument(f"no page {number}")
        _check_size(image)
        yield image


def upright(image: Image.Image, mode: str) -> Image.Image:
    """Decode a page as it is meant to be seen: upright, on white, in ``mode`` (L or RGB)."""
    shown = ImageOps.exif_transpose(image)
    if shown.mode.startswith(_DEEP_MODES):
        shown = _eight_bits(shown)
    if shown.has_transparency_data:
        ground = Image.new("RGB", shown.size, _WHITE)
        ground.paste(shown.convert("RGB"), mask=shown.convert("RGBA").getchannel("A"))
        shown = ground
    return shown.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture with its darkest pixel black and its lightest one white."""
    deep = image.convert("F")
    darkest, lightest = cast("tuple[float, float]", deep.getextrema())
    scale = 255 / max(lightest - darkest, 1e-6)
    return deep.point(lambda level: level * scale - darkest * scale).convert("L")


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Image.Image]:
    # In memory: libtiff would ask the system about the descriptor, which a confined child may not.
    file.seek(0)
    try:
        with Image.open(BytesIO(file.read()), formats=_FORMATS) as image:
            _check_size(image)
            yield image
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(str(error)) from error
    except (UnidentifiedImageError, SyntaxError) as error:
        raise CorruptDocument(str(error)) from error


def _has_frame(image: Image.Image, index: int) -> bool:
    try:
        image.seek(index)
    except EOFError:
        return False
    return True


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ImageTooLarge(f"{image.width} × {image.height} pixels")
