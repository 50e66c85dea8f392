"""The files of the storage: those of a directory, or of a bucket."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage

from ingestion.documents.picture_cache import FOLDER as PICTURES
from ingestion.storing.object_storage import ObjectStorage


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the storage; with the same ``state``, it was not written anew."""

    name: str
    state: str


def found_files() -> Iterator[FoundFile]:
    """Yield the stored files but pictures of pages, which are drawn again."""
    storage: Any = default_storage
    found = (
        (FoundFile(*each) for each in storage.stored_objects())
        if isinstance(storage, ObjectStorage)
        else _in_folder(Path(storage.location))
    )
    return (file for file in found if PICTURES not in file.name.split("/")[1:-1])


def is_storage_empty() -> bool:
    """Whether no file is stored."""
    return next(found_files(), None) is None


def _in_folder(root: Path) -> Iterator[FoundFile]:
    for folder, _folders, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            state = f"{found.st_size} {found.st_mtime_ns}"
            yield FoundFile(path.relative_to(root).as_posix(), state)
