"""Why a request of the protocol is refused; files are refused by ``ingestion.errors``."""

from http import HTTPStatus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHECKSUM_MISMATCH = 460  # Of the protocol's checksum extension.
MESSAGES: dict[str, Promise] = {
    "version": _("Send the header Tus-Resumable with the value 1.0.0."),
    "length": _("Send the size of the file in the header Upload-Length."),
    "metadata": _("The header Upload-Metadata cannot be read."),
    "checksum": _("The header Upload-Checksum cannot be read. Use sha1 or sha256."),
    "content_type": _("Send the bytes as application/offset+octet-stream."),
    "offset": _("Send the header Upload-Offset."),
    "sensitivity": _("Choose one of the levels of sensitivity."),
    "replaces": _("The document to replace is not in this instance."),
    "offset_differs": _(
        "Other bytes are here than those that you continue. Ask for the offset, then continue."
    ),
    "too_long": _("There are more bytes than the size that was announced."),
    "checksum_differs": _("The bytes have changed on their way. Send them again."),
    "storage_full": _(
        "The storage of this site is almost full, so the file was not taken. Inform the contact of "
        "the service, then try again."
    ),
    "too_many_uploads": _(
        "Too many files of this instance are half sent. Continue or stop some of them first."
    ),
    "not_received": _("The file has not been received whole."),
}


class UploadRefused(Exception):
    """A request that is refused: HTTP status, stable code; the message is translated."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code

    @property
    def message(self) -> str:
        """What to do, in the active language."""
        return str(MESSAGES[self.code])


def storage_full() -> UploadRefused:
    """Return the refusal of bytes for which there is no room on the disk."""
    return UploadRefused(HTTPStatus.INSUFFICIENT_STORAGE, "storage_full")
