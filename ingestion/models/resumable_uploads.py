"""Files that are sent in pieces (``ingestion.resumable``)."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from instances.models import InstanceOwnedModel, Sensitivity


class ResumableUpload(InstanceOwnedModel):
    """A file of which some bytes have been received; kept for a while after its end.

    While it is received, its whole length counts in the quotas of the instance (a trigger keeps
    ``InstanceTotals.reserved_bytes``).
    """

    class State(models.TextChoices):
        RECEIVING = "receiving"
        STORED = "stored"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # A person continues her own uploads, a key those of all keys of the instance.
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    by_key = models.BooleanField(default=False)
    # In the end, that of its document.
    name = models.CharField(max_length=255)
    folder = models.CharField(max_length=500, blank=True)
    sensitivity = models.CharField(max_length=10, choices=Sensitivity, blank=True, default="")
    # The document of which it is a new version.
    replaces = models.UUIDField(null=True)
    # That of its document.
    priority = models.PositiveSmallIntegerField(default=0, db_default=0)
    # The header Upload-Metadata, which the protocol wants back as it was.
    metadata = models.TextField(blank=True)
    length_bytes = models.PositiveBigIntegerField()
    # Bytes that are in the storage: only these are acknowledged.
    offset_bytes = models.PositiveBigIntegerField(default=0)
    # Names of its files in the storage, in the order of the bytes (``ingestion.resumable.pieces``).
    pieces = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVING)
    # The outcome: its document, which may be an older one with the same bytes, or a code of
    # ``ingestion.errors``; of a file that needs a password, the code while it is still RECEIVING.
    document = models.UUIDField(null=True)
    is_new = models.BooleanField(default=False)
    error_code = models.CharField(max_length=50, blank=True)
    # Until then a process is storing its document; renewed as long as it does.
    finishing_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offset_bytes__lte=models.F("length_bytes")),
                name="upload_within_its_length",
            ),
        ]
        indexes = [
            # For the functions that query all instances.
            models.Index(
                fields=["instance", "created_at"],
                name="upload_being_received",
                condition=models.Q(state="receiving"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.offset_bytes} of {self.length_bytes} bytes"

    @property
    def is_received(self) -> bool:
        """Whether all its bytes are in the storage, or were."""
        return self.offset_bytes == self.length_bytes
