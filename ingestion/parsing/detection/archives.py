"""Archives and compressed files, told by their first bytes."""

from collections.abc import Mapping

from ingestion.parsing import media_types as types

SEVEN_ZIP_MAGIC = b"7z\xbc\xaf\x27\x1c"
_MAGICS: Mapping[bytes, str] = {
    SEVEN_ZIP_MAGIC: types.SEVEN_ZIP,
    b"\x1f\x8b\x08": types.GZIP,
    b"BZh": types.BZIP2,
    b"\xfd7zXZ\0": types.XZ,
}
_TAR_MAGIC_AT, _TAR_MAGIC = 257, b"ustar"


def archive_type(head: bytes) -> str | None:
    """Return the media type of an archive, other than zip and tar, that begins with `head`."""
    return next((kind for magic, kind in _MAGICS.items() if head.startswith(magic)), None)


def is_tar(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a tar."""
    return head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + len(_TAR_MAGIC)] == _TAR_MAGIC
