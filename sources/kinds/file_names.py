"""Which files of a folder can become documents, by their names."""

from pathlib import PurePosixPath
from typing import Final

from ingestion.parsing.media_types import EXTENSIONS

_READABLE: Final = frozenset(
    extension for extensions in EXTENSIONS.values() for extension in extensions
)


def is_readable(name: str) -> bool:
    """Whether a file may be read; hidden ones, locks and temporary ones are not."""
    if name.startswith((".", "~$")) or name.endswith(("~", ".tmp", ".part")):
        return False
    return PurePosixPath(name).suffix.lower() in _READABLE
