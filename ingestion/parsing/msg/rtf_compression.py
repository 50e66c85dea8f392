"""The compressed RTF of Outlook messages ([MS-OXRTFCP])."""

import struct

from ingestion.errors import CorruptDocument, UnsafeDocument

_HEADER = struct.Struct("<LL4sL")
_COMPRESSED, _STORED = b"LZFu", b"MELA"
_WINDOW = 4096
# What the window holds before the first byte, so that short messages find something to refer to.
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)


def decompressed(data: bytes, max_bytes: int) -> bytes:
    """Return the RTF; what follows a damage is left out. Raises CorruptDocument if there is no
    header, UnsafeDocument if it unpacks to more than `max_bytes`."""
    if len(data) < _HEADER.size:
        raise CorruptDocument("no header of compressed RTF")
    _size, raw_size, kind, _crc = _HEADER.unpack_from(data)
    if raw_size > max_bytes:
        raise UnsafeDocument(f"RTF of {raw_size} bytes")
    body = data[_HEADER.size :]
    if kind == _STORED:
        return body[:raw_size]
    if kind != _COMPRESSED:
        raise CorruptDocument(f"RTF compressed by {kind!r}")
    return bytes(_unpacked(body, raw_size))


def _unpacked(body: bytes, raw_size: int) -> bytearray:
    window = bytearray(_START.ljust(_WINDOW, b" "))
    at = len(_START)
    found = bytearray()
    place = 0
    while place < len(body) and len(found) < raw_size:
        flags = body[place]
        place += 1
        for bit in range(8):
            if flags >> bit & 1:
                if place + 2 > len(body):
                    return found
                token = int.from_bytes(body[place : place + 2], "big")
                place += 2
                start, length = token >> 4, (token & 0xF) + 2
                if start == at:
                    return found
                for step in range(length):
                    byte = window[(start + step) % _WINDOW]
                    found.append(byte)
                    window[at] = byte
                    at = (at + 1) % _WINDOW
            else:
                if place >= len(body):
                    return found
                found.append(body[place])
                window[at] = body[place]
                at = (at + 1) % _WINDOW
                place += 1
    return found[:raw_size]
