"""Sums of usage records, kept by ``usage.rollups``: a day of an instance, a month of organisations.

The records of a day are summed again whenever one of them changes; no row is updated in place.
"""

from typing import Final, Self

from django.db import models

from instances.models import InstanceOwnedModel, Organisation


class UsageSums(models.Model):
    """The sums of some usage records: of the same method, and in one currency."""

    # Of every kind.
    requests = models.BigIntegerField(default=0)
    # Those of the kind ``answer``; those for which nothing was found; their time.
    questions = models.BigIntegerField(default=0)
    unanswered = models.BigIntegerField(default=0)
    answer_ms = models.BigIntegerField(default=0)
    prompt_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    cpu_seconds = models.FloatField(default=0.0)
    energy_wh = models.FloatField(default=0.0)
    energy_min_wh = models.FloatField(default=0.0)
    energy_max_wh = models.FloatField(default=0.0)
    avoided_wh = models.FloatField(default=0.0)
    gco2e_usage = models.FloatField(default=0.0)
    gco2e_embodied = models.FloatField(default=0.0)
    water_l = models.FloatField(default=0.0)
    adpe_kg_sb = models.FloatField(default=0.0)
    cost = models.DecimalField(max_digits=24, decimal_places=8, default=0)

    class Meta:
        abstract = True


SUM_COLUMNS: Final = tuple(field.name for field in UsageSums._meta.concrete_fields)


class DailyUsage(InstanceOwnedModel, UsageSums):
    """The usage of one day in an instance, by all that a statement or savings tell apart."""

    day = models.DateField()
    kind = models.CharField(max_length=15)
    outcome = models.CharField(max_length=15)
    frugal_step = models.CharField(max_length=10, blank=True)
    other_model = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    cost_centre = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=200, blank=True)
    backend_name = models.CharField(max_length=200, blank=True)
    serving_organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="usage_by_day")]

    def __str__(self) -> str:
        return f"{self.requests} requests of {self.instance_id} on {self.day}"


class DailySubject(InstanceOwnedModel, UsageSums):
    """The questions of one day in an instance, by subject."""

    day = models.DateField()
    subject = models.CharField(max_length=3, blank=True)
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="subjects_by_day")]

    def __str__(self) -> str:
        return f"{self.requests} questions of class {self.subject} on {self.day}"


class DailyDuration(InstanceOwnedModel):
    """The complete answers of one day in an instance, by their time (``usage.rollups.buckets``)."""

    day = models.DateField()
    bucket = models.SmallIntegerField()
    requests = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="durations_by_day")]

    def __str__(self) -> str:
        return f"{self.requests} answers of bucket {self.bucket} on {self.day}"


class DailyPerson(InstanceOwnedModel):
    """A person (by pseudonym), or a key of no person, with requests in an instance on one day."""

    day = models.DateField()
    person = models.CharField(max_length=40)

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="persons_by_day")]

    def __str__(self) -> str:
        return f"{self.person} on {self.day}"


class PendingUsage(InstanceOwnedModel):
    """A usage record was added or changed: its day is to be summed again. Written by a trigger."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.created_at} of {self.instance_id}"


class MonthlyCellQuerySet(models.QuerySet):
    """Reads of cells name their organisation."""

    def of(self, organisation_id: int | None) -> Self:
        """The cells of the organisation; of the site if it is None."""
        if organisation_id is None:
            return self.filter(organisation__isnull=True)
        return self.filter(organisation=organisation_id)


class MonthlyCell(UsageSums):
    """The usage of one month, of one value of one dimension: a model, a subject, an instance…

    Of an organisation, or of the whole site (``organisation`` is None). A cell has one row of all
    methods and currencies (``method`` is ""), without energy, carbon, water and cost, and one row
    each of every method and currency.
    """

    class Dimension(models.TextChoices):
        ALL = "all"
        DAY = "day"
        # Primary keys.
        INSTANCE = "instance"
        ORGANISATION = "organisation"
        KIND = "kind"
        # Of questions.
        OUTCOME = "outcome"
        SUBJECT = "subject"
        DURATION = "duration"
        MODEL = "model"
        # Of the persons, where their institutions release them.
        AFFILIATION = "affiliation"
        TRADE = "trade"

    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.CASCADE, related_name="+"
    )
    # Its first day.
    month = models.DateField()
    dimension = models.CharField(max_length=12, choices=Dimension)
    value = models.CharField(max_length=200, blank=True)
    method = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    persons = models.PositiveIntegerField()

    objects = MonthlyCellQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "month"], name="cells_by_month")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value} of {self.organisation_id}, {self.month:%Y-%m}"


class PendingMonth(models.Model):
    """A month whose cells are to be computed again; of the site if ``organisation`` is None."""

    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.CASCADE, related_name="+"
    )
    month = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "month"], name="one_pending_month", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} of {self.organisation_id}"


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
