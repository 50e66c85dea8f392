"""Names of uploaded files: as Django receives them, and as they are stored.

Django's parser of forms loses names and files: it removes characters that it does not know, reads
references of HTML in names, refuses the header of a part above 1 kB, and drops a part whose header
is not UTF-8, as curl writes it on Windows. Here its rules are replaced.
"""

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from pathlib import PurePosixPath
from typing import Any

from django.http import multipartparser

# A name of 255 characters, percent-encoded and repeated in another form.
MAX_PART_HEADER_BYTES = 16 << 10
# What else a header in the encoding of Windows may contain is replaced.
_ENCODING_OF_WINDOWS = "cp1252"

# Zero-width non-joiner and joiner: part of Persian words and of emoji.
_JOINERS = "\u200c\u200d"
# They are not seen, or turn the order of the letters around, so that one name looks like another.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e00ff]"
)
# The flags of England, Scotland and Wales: a black flag and letters that are not seen.
_FLAG = re.compile("(\U0001f3f4[\U000e0061-\U000e007a]{3,6}\U000e007f)")
# RFC 2047, as clients in .NET and Java write names.
_ENCODED_WORDS = re.compile(r"=\?[\w-]+\?[BbQq]\?[^?]*\?=(\s*=\?[\w-]+\?[BbQq]\?[^?]*\?=)*")


def read_names_of_files() -> None:
    """Replace Django's rules for the names of uploaded files."""
    parser: Any = multipartparser
    parser.MAX_TOTAL_HEADER_SIZE = MAX_PART_HEADER_BYTES
    parser.MultiPartParser.sanitize_file_name = _without_path
    parse_part = parser.parse_boundary_stream

    def parse_part_in_utf_8(stream: Any, max_header_size: int) -> Any:
        head = stream.read(max_header_size)
        stream.unget(_in_utf_8(head))
        return parse_part(stream, max_header_size)

    parser.parse_boundary_stream = parse_part_in_utf_8


def without_invisible(name: str) -> str:
    """Return a name without control characters, invisible ones, and joiners at its ends.

    Characters that this version of Unicode does not know are kept: they are new letters and emoji.
    """
    parts = _FLAG.split(name)
    # Every other part is a flag.
    kept = [part if n % 2 else _INVISIBLE.sub("", part) for n, part in enumerate(parts)]
    shown = (c for c in "".join(kept) if unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(shown).strip().strip(_JOINERS).strip()


def clean_name(name: str) -> str:
    """Return a file name that can be shown: no path, no invisible characters, composed accents.

    The joiners of Persian words and of emoji are kept.
    """
    base = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    printable = without_invisible(base)
    if len(printable) > 255:
        suffix = PurePosixPath(printable).suffix[:20]
        printable = printable[: 255 - len(suffix)] + suffix
    return printable or "document"


def clean_folder(folder: str) -> str:
    """Return a relative folder path without empty, dot or dot-dot parts."""
    parts = PurePosixPath(folder.replace("\\", "/")).parts
    return "/".join(clean_name(part) for part in parts if part not in ("/", ".", ".."))[:500]


def _without_path(_parser: Any, file_name: str) -> str | None:
    """Return the name without its path; None (no file) when nothing is left."""
    if _ENCODED_WORDS.fullmatch(file_name):
        file_name = _decoded(file_name)
    # Browsers write quotation marks this way (HTML Standard, "multipart form data").
    file_name = file_name.replace("%22", '"')
    base = without_invisible(file_name.replace("\\", "/").rsplit("/", 1)[-1])
    return None if base in {"", ".", ".."} else base


def _decoded(name: str) -> str:
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name


def _in_utf_8(part: bytes) -> bytes:
    """Return the beginning of a part with its header in UTF-8."""
    header, end, content = part.partition(b"\r\n\r\n")
    if not end:
        return part
    try:
        header.decode()
    except UnicodeDecodeError:
        header = header.decode(_ENCODING_OF_WINDOWS, errors="replace").encode()
    return header + end + content
