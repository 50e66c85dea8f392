"""What organisations owe each other, by month."""

from django.db import models

from instances.models import Organisation


class LedgerLine(models.Model):
    """What one organisation owes another for a month: inference, or the service itself.

    One row is both the charge of one side and the credit of the other. It outlives its instance.
    """

    class Ledger(models.TextChoices):
        SERVICE = "service"
        INFERENCE = "inference"

    month = models.DateField()
    ledger = models.CharField(max_length=10, choices=Ledger)
    charged = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    cost_centre = models.CharField(max_length=60, blank=True)
    # None: the deployment itself, or a provider outside it.
    credited = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Not a foreign key: the line is kept when the instance is deleted.
    instance_number = models.BigIntegerField()
    kind = models.CharField(max_length=15)
    model = models.CharField(max_length=200, blank=True)
    backend_name = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    requests = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    amount = models.DecimalField(max_digits=24, decimal_places=8)

    class Meta:
        indexes = [
            models.Index(fields=["charged", "month"], name="ledger_by_charged"),
            models.Index(fields=["credited", "month"], name="ledger_by_credited"),
            models.Index(fields=["instance_number", "month"], name="ledger_by_instance"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.charged_id} to {self.credited_id}"
