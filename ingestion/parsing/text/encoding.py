"""Bytes to text, for files that do not say how they are encoded."""

import codecs

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What French (and most western) text has beyond ASCII. Short texts fool statistical detectors,
# this does not: in the wrong 8-bit encoding hardly any of these come out.
_WESTERN = frozenset("àâäéèêëîïôöùûüÿçœæñáíóúÀÂÄÉÈÊËÎÏÔÖÙÛÜŸÇŒÆÑß«»’‘“”–—…°€§·\u00a0²³©½¿¡")
_SAMPLE_BYTES = 64 * 1024


def detect_encoding(data: bytes) -> str:
    """Return the name of the most likely encoding of `data`, which may end inside a character."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    sample = data[:_SAMPLE_BYTES]
    if b"\x00" in sample:
        return _wide_encoding(sample)
    if _is_utf8(data):
        return "utf-8"
    high = bytes(byte for byte in sample if byte > 0x7F)
    for name in ("cp1252", "mac_roman"):
        decoded = high.decode(name, errors="replace")
        if sum(character in _WESTERN for character in decoded) >= 0.9 * len(decoded):
            return name
    best = from_bytes(sample).best()
    return best.encoding if best is not None else "cp1252"


def decode(data: bytes) -> str:
    """Return the text of `data`; what cannot be decoded becomes U+FFFD."""
    return data.decode(detect_encoding(data), errors="replace")


def _is_utf8(data: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(sample: bytes) -> str:
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return "utf-16-le" if odd >= even else "utf-16-be"
