"""Writes small OLE2 files for the tests: storages as nested mappings, streams as bytes."""

import struct
from collections.abc import Mapping
from pathlib import Path

Tree = Mapping[str, "bytes | Tree"]

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5


def write_ole2(path: Path, tree: Tree) -> Path:
    """Write an OLE2 file of version 3."""
    path.write_bytes(ole2_bytes(tree))
    return path


def ole2_bytes(tree: Tree) -> bytes:
    """Return an OLE2 file of version 3, whose FAT fits in the header."""
    entries: list[dict[str, int | str | bytes]] = []
    _collect(entries, "Root Entry", tree, _ROOT)
    mini = b""
    mini_fat: list[int] = []
    big: list[tuple[int, bytes]] = []
    for number, entry in enumerate(entries):
        data = entry["data"]
        assert isinstance(data, bytes)
        entry["size"] = len(data)
        if data and len(data) < _CUTOFF:
            entry["start"] = len(mini) // _MINI
            count = -(-len(data) // _MINI)
            mini += data.ljust(count * _MINI, b"\0")
            mini_fat += [*range(len(mini_fat) + 1, len(mini_fat) + count), _END]
        elif data:
            big.append((number, data))
    sectors: list[bytes] = []
    fat: list[int] = []

    def add(data: bytes) -> int:
        """Store data in a chain of sectors; return the first."""
        first, count = len(sectors), -(-len(data) // _SECTOR)
        padded = data.ljust(count * _SECTOR, b"\0")
        sectors.extend(padded[n : n + _SECTOR] for n in range(0, len(padded), _SECTOR))
        fat.extend([*range(first + 1, first + count), _END])
        return first

    for number, data in big:
        entries[number]["start"] = add(data)
    if mini:
        entries[0]["start"], entries[0]["size"] = add(mini), len(mini)
    packed = struct.pack(f"<{len(mini_fat)}L", *mini_fat)
    mini_fat_sectors = -(-len(packed) // _SECTOR)
    mini_fat_start = add(packed.ljust(mini_fat_sectors * _SECTOR, b"\xff")) if packed else _END
    directory = add(b"".join(_packed(entry) for entry in entries))
    fat_sectors = 1
    while fat_sectors * _SECTOR // 4 < len(fat) + fat_sectors:
        fat_sectors += 1
    places = list(range(len(fat), len(fat) + fat_sectors))
    table = [*fat, *[_FAT] * fat_sectors]
    table += [_FREE] * (fat_sectors * _SECTOR // 4 - len(table))
    header = struct.pack(
        "<8s16xHHHHH6xLLLLLLLLL", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, fat_sectors, directory, 0, _CUTOFF, mini_fat_start, mini_fat_sectors, _END, 0,
    )  # fmt: skip
    difat = [*places, *[_FREE] * (109 - len(places))]
    return b"".join(
        [header, struct.pack("<109L", *difat), *sectors, struct.pack(f"<{len(table)}L", *table)]
    )


def _collect(
    entries: list[dict[str, int | str | bytes]], name: str, content: bytes | Tree, kind: int
) -> int:
    """Add an entry and what is in it; siblings are a chain to the right."""
    number = len(entries)
    data = content if isinstance(content, bytes) else b""
    entry: dict[str, int | str | bytes] = {
        "name": name, "kind": kind, "data": data, "start": _END if kind == _STREAM else 0,
        "right": _FREE, "child": _FREE,
    }  # fmt: skip
    entries.append(entry)
    if not isinstance(content, bytes):
        before = None
        for child, inner in content.items():
            found = _collect(
                entries, child, inner, _STREAM if isinstance(inner, bytes) else _STORAGE
            )
            if before is None:
                entry["child"] = found
            else:
                entries[before]["right"] = found
            before = found
    return number


def _packed(entry: dict[str, int | str | bytes]) -> bytes:
    name = str(entry["name"]).encode("utf-16-le")
    return struct.pack(
        "<64sHBBLLL16xL16xLQ", name, len(name) + 2, entry["kind"], 1, _FREE, entry["right"],
        entry["child"], 0, entry["start"], entry["size"],
    )  # fmt: skip
