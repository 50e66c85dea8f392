"""Office Open XML files that are one XML file instead of a zip ("flat OPC", "Word XML")."""

import re
import zipfile
from io import BytesIO
from typing import BinaryIO

from lxml import etree

from ingestion.parsing.archive import Archive, attribute, parse_xml
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ooxml import children

FLAT_PACKAGE = re.compile(rb"<(?:\w+:)?package\b[^>]*2006/xmlPackage")
_HEAD_BYTES = 4096


def open_package(file: BinaryIO, limits: ParseLimits) -> Archive:
    """Open a package in either form; raises as `Archive` and `parse_xml`."""
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    package = _zipped(file.read()) if FLAT_PACKAGE.search(head) else file
    return Archive(package, max_unpacked_bytes=limits.max_unpacked_bytes)


def _zipped(data: bytes) -> BinaryIO:
    """Return the zip of a package in one XML file; pictures and other binary parts are left out."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for part in children(parse_xml(data, "flat package"), "part"):
            name = (attribute(part, "name") or "").lstrip("/")
            for content in children(part, "xmlData"):
                package.writestr(name, b"".join(etree.tostring(root) for root in content))
    stream.seek(0)
    return stream
