"""The status of answers, and what each cost: one ``UsageRecord`` an answer."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from instances.models import ApiKey, InstanceOwnedModel


class AnswerStatus(models.TextChoices):
    """The status of an answer, in the conversation and in its usage record."""

    STREAMING = "streaming", _("Being written")
    COMPLETE = "complete", _("Complete")
    # No passage was relevant, so no model was called.
    NOTHING_FOUND = "nothing_found", _("Nothing found")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Interrupted")


class UsageRecord(InstanceOwnedModel):
    """Tokens, times, energy and carbon of one answer, with the method of the estimate."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The message, or the answer of the API, that is measured: one record each. Not a foreign key,
    # as the record is kept when the conversation is deleted, and holds nothing of its content.
    answer_id = models.UUIDField(unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=200)
    # Never "streaming": the record is written at the end.
    status = models.CharField(max_length=15, choices=AnswerStatus)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    tokens_estimated = models.BooleanField(default=False)
    retrieval_ms = models.PositiveIntegerField(default=0)
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(default=0)
    # Processor time of our own machines, without waiting (``chat.answers.result.AnswerResult``).
    cpu_seconds = models.FloatField(default=0.0)
    energy_wh = models.FloatField(default=0.0)
    gco2e_usage = models.FloatField(default=0.0)
    gco2e_embodied = models.FloatField(default=0.0)
    method = models.CharField(max_length=20)
    method_version = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["instance", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d %H:%M}"
