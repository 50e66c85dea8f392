"""What the kernel may lend to the process that reads untrusted files, and how a lack is told."""

from collections.abc import Collection
from enum import StrEnum


class Protection(StrEnum):
    """A protection that depends on the kernel or on the rights of whoever starts the workers."""

    USER = "a user of its own"
    NAMESPACES = "namespaces"
    EMPTY_ROOT = "an empty root directory"
    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


def lack(missing: Collection[Protection]) -> str:
    """Return the line that tells operators what is missing here."""
    names = ", ".join(protection for protection in Protection if protection in missing)
    return (
        "The process that reads uploaded files lacks on this machine: "
        f"{names} (docs/operations.md, Reading untrusted files)."
    )
