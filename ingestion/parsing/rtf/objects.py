"""Files embedded in an RTF file (OLE 1.0; MS-OLEDS 2.2.4, and the native data of packages)."""

import re
import struct

_HEADER = struct.Struct("<III")
_EMBEDDED = 2
_PACKAGE = re.compile(rb"\x02\x00([^\x00]{1,255})\x00")
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")


def embedded_name(digits: str) -> str:
    """Return the name of the file that the beginning of `\\objdata` holds, or what program made it;
    "" for links and for equations, whose pictures show them."""
    digits = _NOT_HEX.sub("", digits)
    data = bytes.fromhex(digits[: len(digits) & ~1])
    if len(data) < _HEADER.size:
        return ""
    _, form, length = _HEADER.unpack_from(data)
    program = data[_HEADER.size : _HEADER.size + length].rstrip(b"\x00").decode("latin-1")
    if form != _EMBEDDED or program.startswith("Equation"):
        return ""
    package = _PACKAGE.search(data, _HEADER.size + length) if program == "Package" else None
    return package.group(1).decode("cp1252", "replace") if package else program
