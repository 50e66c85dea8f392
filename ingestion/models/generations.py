"""The indexes of an instance: that which answers, that which is built, and those before."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from instances.models import InstanceOwnedModel


class IndexGeneration(InstanceOwnedModel):
    """An index of an instance: ``building → built → active → kept → deleting``.

    An instance has no row until its first re-indexing: its only index is number 0. Which of them
    answers is said by ``Instance.index_generation`` alone.
    """

    class Status(models.TextChoices):
        BUILDING = "building", _("Being prepared")
        # Complete; the golden questions or an administrator decide.
        BUILT = "built", _("Complete")
        ACTIVE = "active", _("In use")
        # Answered before; may answer again until ``kept_until``.
        KEPT = "kept", _("Kept")
        DELETING = "deleting", _("Being deleted")

    UNFINISHED = (Status.BUILDING, Status.BUILT)

    number = models.PositiveIntegerField()
    # Its name, never "": EMBEDDING_MODEL may change while the vectors are kept. NULL below: the
    # setting CHUNK_TOKENS.
    embedding_model = models.CharField(max_length=200)
    chunk_tokens = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.BUILDING)
    # Whether it answers as soon as it is complete, unless the golden questions are lower.
    switches_itself = models.BooleanField(default=True)
    # An index that has answered before is not compared again.
    is_return = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Documents that could not be prepared for it (``ingestion.reindexing.documents.as_failure``).
    failures = models.JSONField(default=dict)
    # A failure that was not a document's: its code, and when to try again.
    error_code = models.CharField(max_length=50, blank=True)
    retries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # What building it took so far: passages, and seconds of work.
    embedded_chunks = models.PositiveIntegerField(default=0)
    working_seconds = models.FloatField(default=0.0)
    built_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)
    # Incremented by each worker that takes it: writes of an earlier one are refused.
    attempt = models.PositiveIntegerField(default=0)
    # Heartbeat of the worker at work; NULL while none is.
    worker_seen_at = models.DateTimeField(null=True)
    # When it last had its turn among those of all instances.
    turn_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "number"], name="one_index_per_number"),
            models.UniqueConstraint(
                fields=["instance"],
                name="one_index_in_preparation",
                condition=Q(status__in=["building", "built"]),
            ),
            models.UniqueConstraint(
                fields=["instance"], name="one_active_index", condition=Q(status="active")
            ),
        ]
        indexes = [
            # For ``index_generations_at_work``, which queries all instances.
            models.Index(
                fields=["turn_at"],
                name="index_at_work",
                condition=~Q(status="active"),
            ),
        ]

    def __str__(self) -> str:
        return f"index {self.number} of {self.instance_id}: {self.status}"
