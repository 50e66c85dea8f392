"""The headers of the tus protocol 1.0: read from requests, written to responses."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.http import http_date

from ingestion.models import ResumableUpload
from ingestion.resumable.creation import AnnouncedFile
from ingestion.resumable.refusals import UploadRefused
from instances.models import Sensitivity

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
ALGORITHMS = ("sha1", "sha256")
CONTENT_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_MAX_METADATA_CHARS = 16 << 10

Headers = Mapping[str, str]


@dataclass
class Checksum:
    """The digest that the bytes of a request must have."""

    digest: Any
    expected: bytes

    def update(self, part: bytes) -> None:
        """Take in the next bytes."""
        self.digest.update(part)

    @property
    def is_right(self) -> bool:
        """Whether the bytes so far have the digest that was announced."""
        return hmac.compare_digest(self.digest.digest(), self.expected)


def require_version(headers: Headers) -> None:
    """Raise UploadRefused for another version of the protocol, or none."""
    if headers.get("Tus-Resumable", "") != VERSION:
        raise UploadRefused(HTTPStatus.PRECONDITION_FAILED, "version")


def announced_file(headers: Headers) -> AnnouncedFile:
    """Read what is said of a new file. Raises UploadRefused."""
    metadata = _metadata(headers.get("Upload-Metadata", ""))
    sensitivity = metadata.get("sensitivity", "")
    if sensitivity and sensitivity not in Sensitivity.values:
        raise UploadRefused(HTTPStatus.BAD_REQUEST, "sensitivity")
    replaces = metadata.get("replaces", "")
    try:
        replaced = UUID(replaces) if replaces else None
    except ValueError as error:
        raise UploadRefused(HTTPStatus.NOT_FOUND, "replaces") from error
    return AnnouncedFile(
        length_bytes=_number(headers, "Upload-Length", "length"),
        name=metadata.get("filename") or metadata.get("name", ""),
        folder=metadata.get("folder", ""),
        sensitivity=sensitivity,
        replaces=replaced,
        is_first=metadata.get("priority", "0") not in ("", "0"),
        metadata=headers.get("Upload-Metadata", ""),
    )


def announced_offset(headers: Headers) -> int:
    """Return the offset at which the bytes of a request begin. Raises UploadRefused."""
    return _number(headers, "Upload-Offset", "offset")


def require_content_type(headers: Headers) -> None:
    """Raise UploadRefused unless the body has the type of the protocol."""
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise UploadRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content_type")


def brings_bytes(headers: Headers) -> bool:
    """Whether an announcement comes with bytes. Raises UploadRefused if they have another type."""
    is_typed = headers.get("Content-Type", "").startswith(CONTENT_TYPE)
    if declared_bytes(headers) and not is_typed:
        raise UploadRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content_type")
    return is_typed


def announced_checksum(headers: Headers) -> Checksum | None:
    """Return the checksum of the body, None without one. Raises UploadRefused."""
    value = headers.get("Upload-Checksum", "")
    if not value:
        return None
    algorithm, _space, encoded = value.partition(" ")
    if algorithm not in ALGORITHMS:
        raise UploadRefused(HTTPStatus.BAD_REQUEST, "checksum")
    try:
        expected = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadRefused(HTTPStatus.BAD_REQUEST, "checksum") from error
    return Checksum(hashlib.new(algorithm, usedforsecurity=False), expected)


def declared_bytes(headers: Headers) -> int:
    """Return the length of the body, 0 if it is not declared."""
    declared = headers.get("Content-Length", "")
    return int(declared) if _NUMBER.fullmatch(declared) else 0


def server_headers() -> dict[str, str]:
    """Return what the server can do."""
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        "Tus-Max-Size": str(settings.MAX_RESUMABLE_BYTES),
    }


def upload_headers(upload: ResumableUpload) -> dict[str, str]:
    """Return where an upload stands; its outcome in headers of our own."""
    headers = {
        "Tus-Resumable": VERSION,
        "Cache-Control": "no-store",
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Length": str(upload.length_bytes),
        "Upload-Expires": http_date(upload.expires_at.timestamp()),
        "Upload-Outcome": outcome(upload),
    }
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    if upload.document:
        headers["Upload-Document"] = str(upload.document)
    return headers


def outcome(upload: ResumableUpload) -> str:
    """Return ``receiving``, ``checking``, ``stored``, ``duplicate``, ``refused`` or
    ``needs_password``."""
    if upload.state == ResumableUpload.State.STORED:
        return "stored" if upload.is_new else "duplicate"
    if upload.state == ResumableUpload.State.REFUSED:
        return "refused"
    if upload.error_code:
        return "needs_password"
    return "checking" if upload.is_received else "receiving"


def _number(headers: Headers, name: str, code: str) -> int:
    value = headers.get(name, "")
    if not _NUMBER.fullmatch(value):
        raise UploadRefused(HTTPStatus.BAD_REQUEST, code)
    return int(value)


def _metadata(value: str) -> dict[str, str]:
    """Return the pairs of ``Upload-Metadata``: keys, and values in Base64 of UTF-8."""
    if len(value) > _MAX_METADATA_CHARS:
        raise UploadRefused(HTTPStatus.BAD_REQUEST, "metadata")
    pairs = {}
    for pair in filter(None, (part.strip() for part in value.split(","))):
        key, _space, encoded = pair.partition(" ")
        try:
            text = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise UploadRefused(HTTPStatus.BAD_REQUEST, "metadata") from error
        if not key.isascii() or key in pairs or "\0" in text:
            raise UploadRefused(HTTPStatus.BAD_REQUEST, "metadata")
        pairs[key] = text
    return pairs
