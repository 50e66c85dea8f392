"""Bytes to text, for files that do not say how they are encoded, or say it wrongly."""

import codecs
import re

from charset_normalizer import from_bytes

from ingestion.parsing.text.charset_labels import codec_of
from ingestion.parsing.text.east_asian import likely_east_asian

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
# The same for central Europe.
_CENTRAL = _WESTERN | frozenset("ąćęłńśźżĄĆĘŁŃŚŹŻáčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽőűŐŰăâîșțşţ„”")
# Candidates in the order in which they count.
_WESTERN_ENCODINGS = ("cp1252", "iso8859_15", "mac_roman", "cp850")
_CENTRAL_ENCODINGS = ("cp1250", "iso8859_2", "mac_latin2")
# Text in Latin letters has fewer of them with accents.
_MAX_ACCENTS = 0.3
# What a wrong encoding puts into words: signs between letters, capitals between small letters.
_MISFITS = re.compile(
    r"(?<=[a-zà-ÿ])[^\W\da-zà-ÿ_A-Z](?=[a-zà-ÿ])|(?<=[a-zà-ÿ])[^\x00-\x7f\w\s’‘·–—](?=[a-zà-ÿ])"
    r"|(?<![^\s(\[«])[‚ƒ‡ˆ‰˜¤¥¦ª¬®¯±´¶¸¹º¼½¾×÷³](?=[a-z])|[¤\x80-\x9f]|‚(?!\s)"
)
_ALPHABETS = (
    (re.compile("[А-яЁё]+"), ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")),
    (re.compile("[Ͱ-Ͽ]+"), ("cp1253", "iso8859_7", "cp737")),
)
# All that Hebrew text has beyond ASCII; in any Cyrillic encoding these would be half the alphabet.
_HEBREW_LETTERS = bytes(range(0xE0, 0xFB))
_MIN_HEBREW = 8
# Ideographs, kana and their punctuation, which in any other encoding would be rare characters.
_IDEOGRAPHS = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef\n\r ]")
_THEIR_SIGNS = re.compile("[\u3000-\u30ff\uff00-\uffef]")
_MIN_IDEOGRAPHS = 8
_SAMPLE_BYTES = 64 * 1024
# Encodings of seven bits, which announce themselves by an escape sequence.
_ESCAPES = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
)
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
# In UTF-16 the zeros of ASCII characters are on one side; at least so many times more than others.
_ONE_SIDED = 4
# A file that NULs only pad or part has fewer of them.
_MAX_STRAY_NULS = 0.25
# A declaration is believed if at most this share of what is not ASCII breaks its rules. Those of
# UTF-8 are hard to keep by chance.
_MAX_BROKEN = 0.1
_MAX_BROKEN_UTF8 = 0.5


def detect_encoding(data: bytes) -> str:
    """Return the name of the most likely encoding of `data`, which may end inside a character."""
    for bom, name in _BOMS:
        if data.startswith(bom) and (name != "utf-32" or _fits(data[: len(data) & ~3], name)):
            return name
    sample = data[:_SAMPLE_BYTES]
    if ideographic := _unmarked_ideographs(sample):
        return ideographic
    if b"\x00" in sample:
        wide = _wide_encoding(sample)
        if wide:
            return wide
        data, sample = data.replace(b"\x00", b""), sample.replace(b"\x00", b"")
    if data.isascii():
        return next((name for mark, name in _ESCAPES if mark in data), "utf-8")
    if _fits(data, "utf-8"):
        return "utf-8"
    return _eight_bit_encoding(sample)


def decode(data: bytes, declared: str | None = None) -> str:
    """Return the text of `data` without NULs; what cannot be decoded becomes U+FFFD.

    `declared` is the charset that a header or the file itself gives; it is not believed where it
    cannot be right.
    """
    encoding = _believed(data, declared) or detect_encoding(data)
    if encoding.startswith(("utf-16", "utf-32")):
        unit = 2 if encoding.startswith("utf-16") else 4
        data = data[: len(data) - len(data) % unit]
    return data.decode(encoding, errors=_errors(encoding)).replace("\x00", "")


def _believed(data: bytes, declared: str | None) -> str | None:
    """Return the declared encoding if `data` can be in it."""
    codec = codec_of(declared) if declared else None
    if codec is None or data.startswith(tuple(bom for bom, _ in _BOMS)):
        return None
    if codec.startswith(("utf-16", "utf-32")):
        return codec if b"\x00" in data and _fits(data, codec) else None
    if b"\x00" in data and _wide_encoding(data[:_SAMPLE_BYTES]):
        return None
    if codec == "utf-8":
        return codec if not _has_escape(data) and _breaks_little(data, codec) else None
    if not data.isascii() and _fits(data, "utf-8"):
        return "utf-8"
    if data.isascii():
        return codec if not _has_escape(data) or codec.startswith("iso2022") else None
    return codec if _breaks_little(data, codec) else None


def _has_escape(data: bytes) -> bool:
    return any(mark in data for mark, _ in _ESCAPES) and data.isascii()


def _fits(data: bytes, encoding: str) -> bool:
    """Tell whether `data`, which may end inside a character, breaks no rule of an encoding."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except ValueError:
        return False
    return True


def _breaks_little(data: bytes, encoding: str) -> bool:
    text = data.decode(encoding, errors="replace")
    beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
    allowed = _MAX_BROKEN_UTF8 if encoding == "utf-8" else _MAX_BROKEN
    return text.count("\ufffd") <= allowed * beyond_ascii


def _eight_bit_encoding(sample: bytes) -> str:
    if _breaks_little(sample, "utf-8"):
        return "utf-8"
    high = bytes(byte for byte in sample if byte > 0x7F)
    if western := _likely_european(sample, _WESTERN_ENCODINGS, _WESTERN):
        return western
    if len(high) >= _MIN_HEBREW and not high.strip(_HEBREW_LETTERS):
        return "cp1255"
    for found in (likely_east_asian(sample), _likely_alphabet(sample)):
        if found:
            return found
    is_latin = len(high) < _MAX_ACCENTS * len(sample)
    if is_latin and (central := _likely_european(sample, _CENTRAL_ENCODINGS, _CENTRAL)):
        return central
    best = from_bytes(sample).best()
    return best.encoding if best is not None else "cp1252"


def _likely_european(
    sample: bytes, encodings: tuple[str, ...], usual: frozenset[str]
) -> str | None:
    """Return the encoding in which nearly all beyond ASCII is usual, and which puts the fewest
    characters where words have none."""
    high = bytes(byte for byte in sample if byte > 0x7F)
    found: list[tuple[int, str]] = []
    for name in encodings:
        characters = high.decode(name, errors="replace")
        if sum(character in usual for character in characters) >= 0.9 * len(characters):
            text = sample.decode(name, errors="replace")
            found.append((len(_MISFITS.findall(text)), name))
    return min(found, key=lambda item: item[0])[1] if found else None


def _unmarked_ideographs(sample: bytes) -> str | None:
    """Return the encoding of two bytes in which a sample is ideographs only, or None."""
    sample = sample[: len(sample) & ~1]
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, errors="replace")
        if len(text) < _MIN_IDEOGRAPHS or not _THEIR_SIGNS.search(text):
            continue
        if len(_IDEOGRAPHS.findall(text)) >= 0.95 * len(text):
            return name
    return None


def _likely_alphabet(sample: bytes) -> str | None:
    """Return the encoding in which `sample` is words of an alphabet; a wrong one mixes capital
    letters into them."""
    high = sum(byte > 0x7F for byte in sample)
    scores: dict[str, int] = {}
    for word, encodings in _ALPHABETS:
        for name in encodings:
            words = word.findall(sample.decode(name, errors="replace"))
            regular = [item for item in words if item[1:].islower() or item.isupper()]
            scores[name] = sum(map(len, regular)) + sum(map(str.islower, "".join(regular)))
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= 1.5 * high else None


def _wide_encoding(sample: bytes) -> str | None:
    """Return the encoding of two bytes that the zeros in `sample` betray, or None."""
    if sample.count(0) > len(sample) / 2:
        for name in ("utf-32-le", "utf-32-be"):
            if _fits(sample[: len(sample) & ~3], name):
                return name
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    plain = sample.replace(b"\x00", b"")
    is_padded = (even + odd) < _MAX_STRAY_NULS * len(sample)
    if is_padded and not _CONTROLS.search(plain) and _fits(plain, "utf-8"):
        return None
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros >= _ONE_SIDED * others and _fits(sample, name):
            return name
    return None


def _errors(encoding: str) -> str:
    return _WESTERN_BYTES if encoding in ("utf-8", "utf-8-sig") else "replace"


def _western_bytes(error: UnicodeError) -> tuple[str, int]:
    """Read what is no UTF-8 in a file of UTF-8 as bytes of western Europe: files are pasted
    together from others."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 (mypy: only registered for decoding)
    wrong = error.object[error.start : error.end]
    is_cut = error.end == len(error.object) and (len(wrong) > 1 or wrong in b"\xc2\xc3")
    if is_cut:
        return "", error.end
    return wrong.decode("cp1252", errors="replace"), error.end


_WESTERN_BYTES = "ragapp.western"
codecs.register_error(_WESTERN_BYTES, _western_bytes)
