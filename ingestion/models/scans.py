"""Pages that are images, and what OCR read on them."""

from django.db import models

from ingestion.models.documents import Document
from instances.models import InstanceOwnedModel


class ScannedPage(InstanceOwnedModel):
    """A page to be read by OCR; ``content`` is what was read, packed as in
    ``ingestion.parsing.recognised``, NULL before and when it failed with ``error_code``."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="scan_set")
    number = models.PositiveIntegerField()
    # ``OcrData.method``: a page that another method read is read again.
    method = models.CharField(max_length=100)
    content = models.JSONField(null=True)
    error_code = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="one_scan_per_page"),
        ]

    def __str__(self) -> str:
        return f"scan {self.document_id} p. {self.number}"
