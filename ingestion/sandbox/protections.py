"""The protections of the process that reads untrusted files, and the message when some lack."""

from collections.abc import Collection
from enum import StrEnum


class Protection(StrEnum):
    """A protection that depends on the kernel, or on the user who starts the workers."""

    USER = "a user of its own"
    NAMESPACES = "namespaces"
    EMPTY_ROOT = "an empty root directory"
    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


def missing_message(missing: Collection[Protection]) -> str:
    """Return the message to operators about the protections that are missing here."""
    names = ", ".join(protection for protection in Protection if protection in missing)
    return (
        "Protections missing on this machine for the process that reads uploaded files: "
        f"{names} (docs/operations.md, Reading untrusted files)."
    )
