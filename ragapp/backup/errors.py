"""Errors of backups, all permanent: an operator has to act.

::

    BackupFailed        what cannot be written, read or restored; the message says what to do
    └── Damaged         a stored part is missing, or not what was stored
"""


class BackupFailed(Exception):
    """A backup cannot be made, read or restored."""


class Damaged(BackupFailed):
    """A part of a backup is missing or was changed."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
