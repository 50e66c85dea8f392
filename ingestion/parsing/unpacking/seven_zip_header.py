"""The directory of a 7z archive (7zFormat.txt of the LZMA SDK): folders of streams, and files."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.errors import CorruptDocument, UnsafeDocument

END, HEADER, STREAMS, FILES, PACK, UNPACK, SUBSTREAMS = 0, 1, 4, 5, 6, 7, 8
_SIZES, _DIGESTS, _FOLDERS, _UNPACKED_SIZES, _COUNTS = 9, 10, 11, 12, 13
_EMPTY_STREAM, _EMPTY_FILE, _NAMES, _ATTRIBUTES = 14, 15, 17, 21
ENCODED_HEADER = 23
_ARCHIVE_PROPERTIES = 2
_MAX_FOLDERS, _MAX_CODERS, _MAX_FILES = 100_000, 8, 1_000_000
_IS_DIRECTORY = 0x10
# In the upper half of the attributes, the mode of Unix.
_HAS_UNIX_MODE = 0x8000


@dataclass(frozen=True, slots=True)
class Coder:
    """A method of compression, with its properties."""

    method: bytes
    properties: bytes


@dataclass(slots=True)
class Folder:
    """Bytes that are packed together: its coders, its packed and unpacked size, and the size and
    checksum of each file in it.

    `chain` are the numbers of its coders from the packed to the unpacked bytes, and `sizes` how
    much each gives; it is empty if they are not one after the other.
    """

    coders: tuple[Coder, ...]
    chain: tuple[int, ...]
    packed_streams: int
    outputs: int
    sizes: tuple[int, ...] = ()
    packed_bytes: int = 0
    unpacked_bytes: int = 0
    digest: int | None = None
    files: list[tuple[int, int | None]] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """A file or directory; its bytes are in a folder if it has any."""

    name: str = ""
    has_stream: bool = True
    is_empty_file: bool = False
    attributes: int = 0

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return bool(self.attributes & _IS_DIRECTORY) or not (self.has_stream or self.is_empty_file)

    @property
    def mode(self) -> int:
        """Its mode in Unix, 0 if none was stored."""
        return self.attributes >> 16 if self.attributes & _HAS_UNIX_MODE else 0


class Reader:
    """Reads numbers, bit fields and the structures of a header."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        """Return the next bytes; raises CorruptDocument at the end."""
        if count < 0 or self._at + count > len(self._data):
            raise CorruptDocument("the directory of the 7z archive is too short")
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def number(self, most: int = 1 << 62) -> int:
        """Return a number of variable length; raises UnsafeDocument if it is above `most`."""
        first = self.byte()
        extra = 0
        while extra < 8 and first & (0x80 >> extra):
            extra += 1
        low = int.from_bytes(self.take(extra), "little")
        high = first & ((0x80 >> extra) - 1) if extra < 8 else 0
        value = low | high << (8 * extra)
        if value > most:
            raise UnsafeDocument(f"a number in the 7z archive is {value}")
        return value

    def bits(self, count: int) -> list[bool]:
        """Return a field of bits."""
        data = self.take((count + 7) // 8)
        return [bool(data[n // 8] & (0x80 >> n % 8)) for n in range(count)]

    def optional_bits(self, count: int) -> list[bool]:
        """Return a field of bits that is left out when all are set."""
        return [True] * count if self.byte() else self.bits(count)

    def digests(self, count: int) -> list[int | None]:
        """Return checksums; None where there is none."""
        defined = self.optional_bits(count)
        return [struct.unpack("<L", self.take(4))[0] if given else None for given in defined]

    def streams(self) -> tuple[int, list[Folder]]:
        """Return where the packed bytes begin, and the folders."""
        start, packed, folders = 0, list[int](), list[Folder]()
        has_substreams = False
        while (kind := self.byte()) != END:
            if kind == PACK:
                start, packed = self._packed()
            elif kind == UNPACK:
                folders = self._folders()
            elif kind == SUBSTREAMS:
                self._substreams(folders)
                has_substreams = True
            else:
                raise CorruptDocument(f"part {kind} of the 7z archive is not known")
        at = 0
        for folder in folders:
            folder.packed_bytes = sum(packed[at : at + folder.packed_streams])
            at += folder.packed_streams
            if not has_substreams:
                folder.files = [(folder.unpacked_bytes, folder.digest)]
        return start, folders

    def _packed(self) -> tuple[int, list[int]]:
        start, count = self.number(), self.number(_MAX_FOLDERS)
        sizes = [0] * count
        while (kind := self.byte()) != END:
            if kind == _SIZES:
                sizes = [self.number() for _ in range(count)]
            elif kind == _DIGESTS:
                self.digests(count)
            else:
                raise CorruptDocument(f"part {kind} of the packed streams is not known")
        return start, sizes

    def _folders(self) -> list[Folder]:
        self._expect(_FOLDERS)
        count = self.number(_MAX_FOLDERS)
        self._expect(0)  # the folders are here, not in another stream
        folders = [self._folder() for _ in range(count)]
        self._expect(_UNPACKED_SIZES)
        for folder in folders:
            folder.sizes = tuple(self.number() for _ in range(folder.outputs))
            folder.unpacked_bytes = folder.sizes[folder.chain[-1] if folder.chain else -1]
        while (kind := self.byte()) != END:
            if kind != _DIGESTS:
                raise CorruptDocument(f"part {kind} of the folders is not known")
            for folder, digest in zip(folders, self.digests(count), strict=True):
                folder.digest = digest
        return folders

    def _folder(self) -> Folder:
        coders, inputs, outputs = list[Coder](), 0, 0
        for _ in range(self.number(_MAX_CODERS)):
            flags = self.byte()
            method = self.take(flags & 0xF)
            is_complex = bool(flags & 0x10)
            inputs += self.number(_MAX_CODERS) if is_complex else 1
            outputs += self.number(_MAX_CODERS) if is_complex else 1
            properties = self.take(self.number()) if flags & 0x20 else b""
            coders.append(Coder(method, properties))
        if not coders or outputs < 1:
            raise CorruptDocument("a folder of the 7z archive has no method")
        pairs = [(self.number(_MAX_CODERS), self.number(_MAX_CODERS)) for _ in range(outputs - 1)]
        packed = inputs - (outputs - 1)
        if packed > 1:
            for _ in range(packed):
                self.number()
        is_chain = len(coders) == inputs == outputs and packed == 1
        return Folder(tuple(coders), _chain(pairs) if is_chain else (), packed, outputs)

    def _substreams(self, folders: Sequence[Folder]) -> None:
        counts = [1] * len(folders)
        kind = self.byte()
        if kind == _COUNTS:
            counts = [self.number(_MAX_FILES) for _ in folders]
            kind = self.byte()
        if sum(counts) > _MAX_FILES:
            raise UnsafeDocument("the 7z archive lists too many files")
        sizes: list[list[int]] = []
        for folder, count in zip(folders, counts, strict=True):
            given = [self.number() for _ in range(count - 1)] if kind == _SIZES else []
            last = [folder.unpacked_bytes - sum(given)] if count else []
            sizes.append([*given, *last])
        if kind == _SIZES:
            kind = self.byte()
        known = [folder.digest if count == 1 else None
                 for folder, count in zip(folders, counts, strict=True)]  # fmt: skip
        missing = sum(count for count, digest in zip(counts, known, strict=True) if digest is None)
        digests = self.digests(missing) if kind == _DIGESTS else [None] * missing
        if kind != END:
            self._skip_to_end(kind)
        left = iter(digests)
        for folder, count, digest, own in zip(folders, counts, known, sizes, strict=True):
            folder.files = [
                (size, digest if digest is not None else next(left, None)) for size in own
            ]
            if len(folder.files) != count or any(size < 0 for size, _ in folder.files):
                raise CorruptDocument("the sizes in the 7z archive contradict one another")

    def _skip_to_end(self, kind: int) -> None:
        if kind == _DIGESTS:
            self._expect(END)
        else:
            raise CorruptDocument(f"part {kind} of the substreams is not known")

    def files(self) -> list[Entry]:
        """Return the files and directories in order."""
        count = self.number(_MAX_FILES)
        entries = [Entry() for _ in range(count)]
        empty: list[Entry] = []
        while (kind := self.byte()) != END:
            part = Reader(self.take(self.number()))
            if kind == _EMPTY_STREAM:
                for entry, is_empty in zip(entries, part.bits(count), strict=True):
                    entry.has_stream = not is_empty
                empty = [entry for entry in entries if not entry.has_stream]
            elif kind == _EMPTY_FILE:
                for entry, is_file in zip(empty, part.bits(len(empty)), strict=True):
                    entry.is_empty_file = is_file
            elif kind == _NAMES:
                part._expect(0)
                for entry, name in zip(entries, part._names(), strict=False):
                    entry.name = name
            elif kind == _ATTRIBUTES:
                given = part.optional_bits(count)
                part._expect(0)
                for entry, is_given in zip(entries, given, strict=True):
                    if is_given:
                        (entry.attributes,) = struct.unpack("<L", part.take(4))
        return entries

    def _names(self) -> list[str]:
        rest = self._data[self._at :]
        return rest[: len(rest) & ~1].decode("utf-16-le", "replace").split("\0")

    def skip_properties(self) -> None:
        """Skip the properties of the archive, which nothing uses."""
        while self.byte() != END:
            self.take(self.number())

    def _expect(self, wanted: int) -> None:
        found = self.byte()
        if found != wanted:
            raise CorruptDocument(f"{found} in the 7z archive where {wanted} is expected")


def _chain(pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return the order of coders with one input and one output each, of which every pair takes
    the output of the second; () if it is none."""
    source = dict(pairs)
    last = next((n for n in range(len(pairs) + 1) if n not in source.values()), None)
    chain: list[int] = []
    while last is not None and last not in chain:
        chain.append(last)
        last = source.get(last)
    return tuple(reversed(chain)) if len(chain) == len(pairs) + 1 else ()
