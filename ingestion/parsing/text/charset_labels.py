"""What the names of charsets mean: to browsers (WHATWG Encoding Standard), not to their standards.

A page that says gb2312 or iso-8859-1 may use the characters of their supersets, and mail programs
and browsers show them.
"""

import codecs
import re
from collections.abc import Mapping

_UNNAMED = re.compile("[^a-z0-9]+")
_WINDOWS = re.compile(r"(?:x?cp|x?win(?:dows)?)(125\d)")
_LABELS: Mapping[str, str] = {
    label: codec
    for codec, labels in {
        "utf-8": "utf8 unicode11utf8 unicode20utf8 xunicode20utf8 cp65001 utf8mb4 utf8bom",
        "utf-16-le": "utf16 utf16le unicode ucs2 iso10646ucs2 csunicode unicodefeff",
        "utf-16-be": "utf16be unicodefffe",
        "gb18030": "gb2312 gb231280 chinese csgb2312 csiso58gb231280 isoir58 gbk xgbk gb18030 "
        "euccn xeuccn cngb cp936 ms936 windows936",
        "cp932": "shiftjis sjis xsjis mskanji ms932 windows31j csshiftjis cswindows31j cp932",
        "cp949": "euckr ksc5601 ksc56011987 ksc56011989 korean windows949 cseuckr csksc56011987 "
        "isoir149 cp949 ms949 uhc",
        "big5hkscs": "big5 big5hkscs cnbig5 csbig5 xxbig5 cp950 ms950 windows950",
        "euc_jis_2004": "eucjp xeucjp cseucpkdfmtjapanese ujis",
        "iso2022_jp_ext": "iso2022jp csiso2022jp jis cp50220 cp50221",
        "cp1252": "iso88591 latin1 l1 isoir100 cp819 ibm819 csisolatin1 iso885911987",
        "cp1254": "iso88599 latin5 l5 isoir148 csisolatin5 iso885991989",
        "cp874": "tis620 iso885911 windows874 dos874 cp874",
        "iso8859_8": "iso88598i iso88598e csiso88598i csiso88598e logical visual",
        "mac_roman": "macintosh mac xmacroman csmacintosh",
        "mac_cyrillic": "xmaccyrillic xmacukrainian",
        "mac_latin2": "xmacce",
        "koi8_r": "koi koi8 koi8r cskoi8r",
        "koi8_u": "koi8u koi8ru",
        "cp866": "ibm866 cp866 dos866 866 csibm866",
    }.items()
    for label in labels.split()
}
# Codecs of Python that are no charsets, and names that mail programs give for want of one.
_NO_CHARSETS = frozenset(
    ["idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape",
     "ascii"]
)  # fmt: skip


def codec_of(label: str) -> str | None:
    """Return the name of Python's codec for the charset `label`, or None if it tells nothing (an
    unknown name, or ASCII, which is the name for want of another)."""
    key = _UNNAMED.sub("", label.lower())
    windows = _WINDOWS.fullmatch(key)
    if windows:
        key = f"cp{windows.group(1)}"
    if key in _LABELS:
        return _LABELS[key]
    try:
        name = codecs.lookup(label.strip()).name
        b"".decode(name)
    except (LookupError, ValueError):
        return None
    return None if name in _NO_CHARSETS else name
