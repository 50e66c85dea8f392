"""Zip and 7z archives without their password: packed again as a zip, within the limits of
archives."""

import io
import os
import zipfile
from typing import BinaryIO

from ingestion.errors import CorruptDocument, EncryptedDocument, UnsafeDocument, WrongPassword
from ingestion.parsing.archive import MAX_RATIO, RATIO_FREE_BYTES
from ingestion.parsing.detection.archives import SEVEN_ZIP_MAGIC
from ingestion.parsing.unpacking import seven_zip_members, zip_members
from ingestion.parsing.unpacking.members import Member, MemberDamaged

_FASTEST = 1


def without_password(file: BinaryIO, password: str) -> bytes | None:
    """Return the archive without its password, None if it has none.

    Raises EncryptedDocument if none is given, WrongPassword, CorruptDocument if a member is
    damaged, UnsafeDocument if it unpacks to too much.
    """
    file.seek(0)
    is_seven_zip = file.read(len(SEVEN_ZIP_MAGIC)) == SEVEN_ZIP_MAGIC
    if not (seven_zip_members if is_seven_zip else zip_members).has_password(file):
        return None
    if not password:
        raise EncryptedDocument("archive with a password")
    if is_seven_zip:
        members = seven_zip_members.seven_zip_members(file, password)
    else:
        members = zip_members.zip_members(file, password)
    left = max(RATIO_FREE_BYTES, MAX_RATIO * file.seek(0, os.SEEK_END))
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=_FASTEST) as target:
        for member in members:
            if member.refusal == "method":
                raise CorruptDocument("packed by a method that is not known")
            if not member.refusal:  # else a link or device, which nothing could read
                left = _copy(member, target, left, is_seven_zip=is_seven_zip)
    return copy.getvalue()


def _copy(member: Member, target: zipfile.ZipFile, left: int, *, is_seven_zip: bool) -> int:
    """Add a member to another archive; return how many bytes may still be unpacked."""
    try:
        with target.open(_info(member.name), "w", force_zip64=True) as part:
            for block in member.blocks():
                left -= len(block)
                if left < 0:
                    raise UnsafeDocument("the archive unpacks to more than is allowed")
                part.write(block)
    except MemberDamaged as error:
        # Of a 7z archive, a checksum is all that tells another password.
        raise (WrongPassword if is_seven_zip else CorruptDocument)(str(error)) from error
    return left


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
