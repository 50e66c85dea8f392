"""Long work of an instance that workers continue step by step, one worker at a time."""

import uuid
from typing import ClassVar

from django.db import models

from instances.models.base import InstanceOwnedModel
from people.models import User


class ClaimedRun(InstanceOwnedModel):
    """Work that outlives its workers; claimed through ``instances.claimed_runs``.

    Among the choices of ``status`` are "queued", "cancelled" and those of ``UNFINISHED``.
    """

    UNFINISHED: ClassVar[tuple[str, ...]]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.CharField(max_length=10, default="queued")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    # The worker at a step is thought dead after this time; NULL while the run waits.
    claimed_until = models.DateTimeField(null=True)
    # Incremented by each worker that takes the run: writes of an earlier one are refused.
    attempt = models.PositiveIntegerField(default=0)
    # When it last had its turn among the runs of all instances.
    turn_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["-created_at", "-pk"]

    @property
    def is_unfinished(self) -> bool:
        """Whether there is work left."""
        return self.status in self.UNFINISHED
