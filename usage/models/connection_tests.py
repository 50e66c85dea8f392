"""What connection tests cost, which belong to no instance."""

from django.db import models

from instances.models import Organisation
from usage.models.records import UsageRecord


class ConnectionTest(models.Model):
    """One test of a backend that asked a model; no content.

    Beside usage records: nobody asked a question, and nobody is charged. Operators see all tests,
    administrators those of their organisation. Who tested stands in the audit log.
    """

    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    # Whose administrators tested; None: operators, a backend of the site.
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=15, choices=UsageRecord.Outcome)
    model = models.CharField(max_length=200)
    backend_id = models.BigIntegerField(null=True)
    backend_name = models.CharField(max_length=200, blank=True)
    requests = models.PositiveSmallIntegerField()
    prompt_tokens = models.PositiveIntegerField()
    completion_tokens = models.PositiveIntegerField()
    tokens_estimated = models.BooleanField()
    total_ms = models.PositiveIntegerField()
    # As in ``UsageRecord``.
    energy_wh = models.FloatField()
    energy_min_wh = models.FloatField()
    energy_max_wh = models.FloatField()
    method = models.CharField(max_length=20, choices=UsageRecord.Method)
    method_version = models.CharField(max_length=120)
    gco2e_usage = models.FloatField()
    gco2e_embodied = models.FloatField()
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    currency = models.CharField(max_length=3, blank=True)

    def __str__(self) -> str:
        return f"test of {self.model} {self.created_at:%Y-%m-%d %H:%M}"
