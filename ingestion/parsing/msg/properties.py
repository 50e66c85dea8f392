"""Properties of the objects in an Outlook message: texts, bytes, numbers and times ([MS-OXMSG])."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import olefile

from ingestion.errors import CorruptDocument
from ingestion.parsing.text.encoding import decode

_PROPERTIES = "__properties_version1.0"
# The bytes before the first entry: at the root, of a message in another, of anything else.
_ROOT_HEADER, _MESSAGE_HEADER, _OTHER_HEADER = 32, 24, 8
_ENTRY = struct.Struct("<HH4xQ")
_STRING, _STRING_8, _BINARY = "001F", "001E", "0102"
_TIME, _LONG, _BOOLEAN = 0x0040, 0x0003, 0x000B
_CODE_PAGES = (0x3FDE, 0x3FFD)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Storage:
    """A storage of the file: a message, a recipient or an attachment."""

    def __init__(self, ole: olefile.OleFileIO, path: tuple[str, ...], code_page: str = "") -> None:
        self._ole, self._path = ole, path
        self._streams = {
            entry[-1].lower(): entry
            for entry in ole.listdir(streams=True, storages=True)
            if len(entry) == len(path) + 1 and tuple(entry[:-1]) == path
        }
        self._numbers = dict(self._fixed())
        self._code_page = self._own_code_page() or code_page

    def text(self, *numbers: int) -> str:
        """Return the first of these properties that has text, "" if none has."""
        for number in numbers:
            wide = self._stream(number, _STRING)
            if wide:
                return wide.decode("utf-16-le", "replace").rstrip("\0")
            narrow = self._stream(number, _STRING_8)
            if narrow:
                return decode(narrow.rstrip(b"\0"), self._code_page or None)
        return ""

    def data(self, number: int) -> bytes:
        """Return the bytes of a property, none if it is absent."""
        return self._stream(number, _BINARY)

    def number(self, number: int) -> int | None:
        """Return a number or a truth value."""
        return next(
            (self._numbers[number, kind] & 0xFFFFFFFF for kind in (_LONG, _BOOLEAN)
             if (number, kind) in self._numbers),
            None,
        )  # fmt: skip

    def time(self, *numbers: int) -> datetime | None:
        """Return the first of these properties that is a time."""
        for number in numbers:
            ticks = self._numbers.get((number, _TIME))
            if ticks:
                try:
                    return _EPOCH + timedelta(microseconds=ticks // 10)
                except OverflowError:
                    return None
        return None

    def inside(self, prefix: str) -> Iterator["Storage"]:
        """Yield the storages in this one whose name begins with `prefix`, in order."""
        for name in sorted(self._streams):
            if name.startswith(prefix.lower()):
                path = tuple(self._streams[name])
                if self._ole.get_type(list(path)) == olefile.STGTY_STORAGE:
                    yield Storage(self._ole, path, self._code_page)

    def _stream(self, number: int, kind: str) -> bytes:
        return self._read(f"__substg1.0_{number:04X}{kind}")

    def _read(self, name: str) -> bytes:
        path = self._streams.get(name.lower())
        if path is None or self._ole.get_type(path) != olefile.STGTY_STREAM:
            return b""
        try:
            return bytes(self._ole.openstream(path).read())
        except (OSError, ValueError, IndexError, struct.error) as error:
            raise CorruptDocument(f"{name}: {error}") from error

    def _fixed(self) -> Iterator[tuple[tuple[int, int], int]]:
        """Yield the values that are no streams of their own: (number, kind), value."""
        data = self._read(_PROPERTIES)
        name = self._path[-1].lower() if self._path else ""
        start = _ROOT_HEADER if not self._path else _OTHER_HEADER
        if name.startswith("__substg1.0_3701"):
            start = _MESSAGE_HEADER
        usable = data[start : start + (len(data) - start) // _ENTRY.size * _ENTRY.size]
        for kind, number, value in _ENTRY.iter_unpack(usable):
            yield (number, kind), value

    def _own_code_page(self) -> str:
        """Return the name of the charset of texts in eight bits, "" if none is given."""
        pages = (self.number(number) for number in _CODE_PAGES)
        return next((f"cp{page}" for page in pages if page), "")
