"""The members of an archive: files with their bytes, or the reason why there are none."""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, get_args

# Why a member is not read; "junk" is what systems leave in folders.
Refusal = Literal["", "junk", "not_a_file", "encrypted", "damaged", "method", "too_large"]

REFUSALS: frozenset[str] = frozenset(get_args(Refusal))
BLOCK_BYTES = 1 << 16


class MemberDamaged(Exception):
    """The bytes of a member end early, or are not those that were stored."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive under the name, and of the size, that it has there.

    `blocks` yields its bytes, once and before the next member is asked for, or raises
    MemberDamaged. The size is 0 where it is not known before.
    """

    name: str
    size: int = 0
    refusal: Refusal = ""
    blocks: Callable[[], Iterator[bytes]] = lambda: iter(())


def base_name(name: str) -> str:
    """Return a name without the folders before it."""
    return name.replace("\\", "/").rpartition("/")[2]


def archive_stem(name: str) -> str:
    """Return the name of an archive without its ends: "cours" for "cours.tar.gz"."""
    path = PurePosixPath(name)
    stem = path.stem if path.suffix else path.name
    return stem.removesuffix(".tar") or name


def is_regular(mode: int) -> bool:
    """Tell whether a mode of Unix, 0 if none was stored, is that of a file."""
    return stat.S_IFMT(mode) in (0, stat.S_IFREG)
