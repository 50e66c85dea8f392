"""Recordings of sound and of films, told by their first bytes.

A text may begin with the letters of any of them ("RIFF or WAVE?"), so what follows must fit, too.
"""

import os
import re
from typing import BinaryIO

from ingestion.parsing import media_types as types

_HEAD_BYTES = 4096
_EBML = b"\x1a\x45\xdf\xa3"
# Of the element DocType: what stands there, after its length.
_DOC_TYPE = re.compile(rb"\x42\x82[\x80-\xff](webm|matroska)")
# Boxes of QuickTime files from before brands existed.
_OLD_BOXES = frozenset((b"moov", b"mdat", b"wide"))
_SOUND_BRANDS = (b"M4A ", b"M4B ")
# Of files that are no recordings: pictures in the same container.
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"jxl ", b"crx ")

# Version, type of the page: https://www.rfc-editor.org/rfc/rfc3533#section-6
_OGG = re.compile(rb"OggS\0[\0-\x07]")
# STREAMINFO of 34 bytes comes first: https://www.rfc-editor.org/rfc/rfc9639#section-8
_FLAC = re.compile(rb"fLaC[\0\x80]\0\0\x22")
# The first chunk, of less than 16 MiB.
_WAVE = re.compile(rb"(?:RIFF|RF64)....WAVE.{7}\0", re.DOTALL)
# Version, flags, a size of 28 bits: https://id3.org/id3v2.4.0-structure
_ID3 = re.compile(rb"ID3[\x02-\x04][\0-\xfe].[\0-\x7f]{4}", re.DOTALL)

# A frame of MPEG audio, layer III: kilobits a second and samples a second, by their numbers.
_BIT_RATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}


def recording_type(file: BinaryIO) -> str | None:
    """Return the media type of a recording, None for other files."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if _OGG.match(head):
        return types.OGG
    if _FLAC.match(head):
        return types.FLAC
    if _WAVE.match(head):
        return types.WAV
    if head.startswith(_EBML) and (found := _DOC_TYPE.search(head)):
        return types.WEBM if found.group(1) == b"webm" else types.MATROSKA
    if _ID3.match(head) or _are_frames(head):
        return types.MP3
    return _box_type(head, file.seek(0, os.SEEK_END))


def _box_type(head: bytes, file_bytes: int) -> str | None:
    """Return the type of an MP4 or QuickTime file; its first box is no longer than the file."""
    size, box, brand = int.from_bytes(head[:4]), head[4:8], head[8:12]
    # 1: the size follows the name. 0: the box ends with the file.
    if size > file_bytes or 1 < size < 8:
        return None
    if box in _OLD_BOXES:
        return types.MOV
    if box != b"ftyp" or brand in _PICTURE_BRANDS:
        return None
    if brand == b"qt  ":
        return types.MOV
    return types.M4A if brand in _SOUND_BRANDS else types.MP4


def _are_frames(head: bytes) -> bool:
    """Whether the file begins with two frames of MP3: the first alone may be a chance."""
    length = _frame_length(head)
    return length > 0 and _frame_length(head[length:]) > 0


def _frame_length(data: bytes) -> int:
    """Return the length of a frame of MPEG audio, layer III, 0 if there is none."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return 0
    version = data[1] >> 3 & 3
    bit_rate, sample_rate = data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or sample_rate == 3 or not 0 < bit_rate < 15:
        return 0
    kilobits = _BIT_RATES[1 if version == 3 else 2][bit_rate]
    samples = 144 if version == 3 else 72
    return samples * 1000 * kilobits // _SAMPLE_RATES[version][sample_rate] + (data[2] >> 1 & 1)
