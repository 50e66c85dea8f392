"""Whether there is room for a file, beside those that are being received.

A directory has what its disk has left. Of a bucket nobody knows: there, a file passes through the
directory of temporary files when its document is stored.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from ingestion.resumable.refusals import storage_full
from instances.across_instances import call_function


def check_disk_space(length_bytes: int) -> None:
    """Raise UploadRefused unless there is room for a file of ``length_bytes``.

    Its pieces, and for a moment its document beside them.
    """
    ((outstanding,),) = call_function("outstanding_upload_bytes")
    needed = int(outstanding) + 2 * length_bytes + settings.STORAGE_RESERVE_BYTES
    if _free_bytes() < needed:
        raise storage_full()


def _free_bytes() -> int:
    storage: Any = default_storage
    is_directory = isinstance(storage._wrapped, FileSystemStorage)
    folder = Path(storage.location if is_directory else tempfile.gettempdir()).absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
