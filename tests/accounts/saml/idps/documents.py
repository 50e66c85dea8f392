"""XML texts in octets that two parsers may decode differently."""

import codecs
import re

MARK = codecs.BOM_UTF8


def declared(encoding: str, *, version: str = "1.0") -> bytes:
    """An XML declaration."""
    return f'<?xml version="{version}" encoding="{encoding}"?>'.encode()


def in_utf_7(text: str) -> bytes:
    """Text in UTF-7 whose ``alice`` is spelt with an escape."""
    return text.replace("alice", "+AGE-lice").encode("ascii", "xmlcharrefreplace")


# By name, how to write a text that has no declaration. Behind a byte order mark, libxml2 2.9 (which
# xmlsec1 uses) goes by the declaration, and libxml2 2.14 (which lxml uses) by the mark.
AMBIGUOUS = {
    "mark-latin-1": lambda text: MARK + declared("ISO-8859-1") + text.encode("latin-1"),
    "mark-windows-1252": lambda text: MARK + declared("windows-1252") + text.encode("cp1252"),
    "mark-utf-7": lambda text: MARK + declared("UTF-7") + in_utf_7(text),
    "mark-utf-16": lambda text: MARK + declared("UTF-16") + text.encode(),
    "mark-alone": lambda text: MARK + text.encode(),
    "mark-utf-8": lambda text: MARK + declared("UTF-8") + text.encode(),
    "two-marks": lambda text: MARK + MARK + declared("UTF-8") + text.encode(),
    "mark-after-declaration": lambda text: declared("UTF-8") + MARK + text.encode(),
    "mark-after-space": lambda text: b"\n" + MARK + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-no-mark": lambda text: text.encode("utf-16-le"),
    "utf-16-declared": lambda text: declared("UTF-16").decode().encode("utf-16") + text.encode(),
    "utf-32": lambda text: text.encode("utf-32"),
    "utf-32-no-mark": lambda text: text.encode("utf-32-be"),
    "utf-7": lambda text: declared("UTF-7") + in_utf_7(text),
    "ebcdic": lambda text: (declared("IBM037").decode() + text).encode("cp037", "replace"),
    "latin-1": lambda text: declared("ISO-8859-1") + text.encode("latin-1"),
    "latin-1-lower-case": lambda text: declared("iso-8859-1") + text.encode("latin-1"),
    "latin-1-single-quotes": lambda text: (
        declared("ISO-8859-1").replace(b'"', b"'") + text.encode("latin-1")
    ),
    "latin-1-wrong-order": lambda text: (
        b'<?xml encoding="ISO-8859-1" version="1.0"?>' + text.encode("latin-1")
    ),
    "latin-1-after-standalone": lambda text: (
        b'<?xml version="1.0" standalone="yes" encoding="ISO-8859-1"?>' + text.encode("latin-1")
    ),
    "latin-1-after-space": lambda text: b"\n" + declared("ISO-8859-1") + text.encode("latin-1"),
    "two-encodings": lambda text: (
        b'<?xml version="1.0" encoding="UTF-8" encoding="ISO-8859-1"?>' + text.encode("latin-1")
    ),
    "capital-xml": lambda text: declared("UTF-8").replace(b"xml", b"XML") + text.encode(),
    "xml-1.1": lambda text: declared("UTF-8", version="1.1") + text.encode(),
    "overlong": lambda text: declared("utf-8") + text.encode().replace(b"alice", b"\xc1\xa1lice"),
    "surrogates": lambda text: (
        declared("utf-8") + text.encode().replace(b"alice", b"alice\xed\xa0\xbd\xed\xb8\x80")
    ),
}
# Every parser reads these alike.
PLAIN = {
    "no-declaration": lambda text: text.encode(),
    "space-before": lambda text: b"\n " + text.encode(),
    "utf-8": lambda text: declared("UTF-8") + text.encode(),
    "utf-8-lower-case": lambda text: declared("utf-8") + text.encode(),
    "version-alone": lambda text: b'<?xml version="1.0"?>' + text.encode(),
    "single-quotes": lambda text: declared("UTF-8").replace(b'"', b"'") + text.encode(),
    "standalone": lambda text: (
        b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n' + text.encode()
    ),
    "spaces": lambda text: b"<?xml  version = '1.0'\n encoding = 'UTF-8' ?>" + text.encode(),
    "references": lambda text: re.sub(r"[^\x00-\x7f]", lambda m: f"&#{ord(m[0])};", text).encode(),
}
