"""Parts of recordings, and what is said in them."""

from django.db import models

from ingestion.models.documents import Document
from instances.models import InstanceOwnedModel


class TranscribedPart(InstanceOwnedModel):
    """What is said in a part of a recording: ``segments`` as
    ``ingestion.transcription.transcript`` packs them. Written when the part is transcribed, so that
    a dead worker loses one at most."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="part_set")
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    is_last = models.BooleanField()
    # Of another one that is no longer in use, the part is transcribed again.
    model = models.CharField(max_length=200)
    segments = models.JSONField()
    # ISO 639-1, as heard; "" where nothing is said.
    language = models.CharField(max_length=5, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "start_ms"], name="one_part_per_start"),
        ]

    def __str__(self) -> str:
        return f"part {self.document_id} {self.start_ms} ms"
