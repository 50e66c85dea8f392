"""What each answer cost: one ``UsageRecord`` an answer."""

import uuid

from django.conf import settings
from django.db import models

from instances.models import ApiKey, InstanceOwnedModel


class UsageRecord(InstanceOwnedModel):
    """Tokens, times, energy and carbon of one answer, with the method that produced the figures."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The message, or the completion of the API, that it measures: one record each. No foreign key:
    # a record outlives its conversation, and knows nothing of what was said.
    answer_id = models.UUIDField(unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=200)
    # "complete", "stopped", "failed", "nothing_found".
    outcome = models.CharField(max_length=20)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    tokens_estimated = models.BooleanField(default=False)
    retrieval_ms = models.PositiveIntegerField(default=0)
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(default=0)
    # Processor time of our own machines, not waiting time: ``chat.answers.result.AnswerResult``.
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
