"""Which code page the bytes of an RTF file are in: that of their font, else of the document."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text

SYMBOL_CHARSET = 2
DEFAULT_ENCODING = "cp1252"

# \fcharset: the values of Windows (LOGFONT), and from 77 those of the Macintosh.
_BY_CHARSET = {
    0: "cp1252", 77: "mac_roman", 78: "shift_jis", 79: "euc_kr", 80: "gb2312", 81: "big5",
    83: "cp1255", 84: "mac_arabic", 85: "mac_greek", 86: "mac_turkish", 87: "cp874",
    88: "mac_latin2", 89: "mac_cyrillic", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk",
    136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    179: "cp1256", 180: "cp1256", 181: "cp1255", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_BY_SUFFIX = {
    "ce": "cp1250", "cyr": "cp1251", "greek": "cp1253", "tur": "cp1254", "hebrew": "cp1255",
    "arabic": "cp1256", "baltic": "cp1257", "vietnamese": "cp1258",
}  # fmt: skip
_SUFFIX = re.compile(r" \(?(\w+)\)?$")
_BY_CODE_PAGE = {10000: "mac_roman", 65001: "utf-8", 1361: "johab", 936: "gbk", 54936: "gb18030"}
_SPACE = 0x20
_PRIVATE_AREA = 0xF000
_MIN_FOREIGN_BYTES = 3


@dataclass(slots=True)
class Font:
    """An entry of the font table."""

    name: str = ""
    charset: int | None = None
    code_page: int | None = None

    @property
    def is_symbol(self) -> bool:
        """Tell whether the codes of this font are pictures, not characters."""
        return self.charset == SYMBOL_CHARSET or is_symbol_font(self.name.rstrip("; "))

    def symbols(self, codes: Iterable[int]) -> str:
        """Return what the codes of a symbol font show."""
        text = "".join(chr(code if code <= _SPACE else _PRIVATE_AREA + code) for code in codes)
        return symbol_text(text, self.name.rstrip("; "))

    def encoding(self, default: str) -> str:
        """Return the encoding of text in this font; `default` is that of the document."""
        if self.code_page:
            return code_page_encoding(self.code_page)
        if self.charset:
            return _BY_CHARSET.get(self.charset, default)
        suffix = _SUFFIX.search(self.name.rstrip("; "))
        named = _BY_SUFFIX.get(suffix.group(1).lower()) if suffix else None
        return named or (default if self.charset is None else _BY_CHARSET[0])


def code_page_encoding(code_page: int) -> str:
    """Return the encoding of a code page of Windows, that of western Europe for unknown ones."""
    name = _BY_CODE_PAGE.get(code_page, f"cp{code_page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return DEFAULT_ENCODING


def decode(data: bytes, encoding: str, default: str, *, is_raw: bool) -> str:
    """Return the text of `data`; `is_raw` tells that it was not escaped.

    Programs that know nothing of code pages write UTF-8 unescaped, or declare western fonts for
    text in the document's code page.
    """
    if data.isascii():
        return data.decode("ascii")
    candidates = [encoding, default]
    if is_raw:
        candidates.insert(0, "utf-8")
    if encoding == DEFAULT_ENCODING != default and _is_mostly_foreign(data):
        candidates.reverse()
    for candidate in candidates:
        try:
            return data.decode(candidate)
        except UnicodeDecodeError:
            continue
    return data.decode(encoding, errors="replace")


def _is_mostly_foreign(data: bytes) -> bool:
    """Tell whether most letters are beyond ASCII, as in no western language."""
    high = sum(byte >= 0x80 for byte in data)
    plain = sum(bytes((byte,)).isalpha() for byte in data if byte < 0x80)
    return high >= _MIN_FOREIGN_BYTES and high > plain
