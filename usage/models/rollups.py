"""Sums of the usage records of an instance, by day and by month, kept by ``usage.rollups``.

The records of a day are summed again whenever one of them changes, and its month from the days; no
sum is updated in place.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from instances.models import InstanceOwnedModel, Organisation
from usage.models.sums import UsageSums


class AccountSums(UsageSums):
    """Sums by all that a statement, or the savings of an instance, tell apart."""

    kind = models.CharField(max_length=15)
    outcome = models.CharField(max_length=15)
    frugal_step = models.CharField(max_length=10, blank=True)
    other_model = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    cost_centre = models.CharField(max_length=60, blank=True)
    charged_organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    charged_cost_centre = models.CharField(max_length=60, blank=True, default="", db_default="")
    model = models.CharField(max_length=200, blank=True)
    backend_name = models.CharField(max_length=200, blank=True)
    serving_organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        abstract = True


class SubjectSums(UsageSums):
    """Sums of questions by subject."""

    subject = models.CharField(max_length=3, blank=True)
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        abstract = True


class DurationSums(models.Model):
    """Numbers of complete answers, by their time (``usage.rollups.buckets``)."""

    bucket = models.SmallIntegerField()
    requests = models.BigIntegerField()

    class Meta:
        abstract = True


class DailyUsage(InstanceOwnedModel, AccountSums):
    """The usage of one day in an instance."""

    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="usage_by_day")]

    def __str__(self) -> str:
        return f"{self.requests} requests of {self.instance_id} on {self.day}"


class DailySubject(InstanceOwnedModel, SubjectSums):
    """The questions of one day in an instance."""

    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="subjects_by_day")]

    def __str__(self) -> str:
        return f"{self.requests} questions of class {self.subject} on {self.day}"


class DailyDuration(InstanceOwnedModel, DurationSums):
    """The complete answers of one day in an instance."""

    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="durations_by_day")]

    def __str__(self) -> str:
        return f"{self.requests} answers of bucket {self.bucket} on {self.day}"


class PersonCells(models.Model):
    """A person (by pseudonym), or a key of no person, with what they used in an instance.

    ``cells`` are numbers of ``CellName``: models, subjects and so on, from which the persons of an
    organisation and of the site are counted. Of an instance that changed its organisation, each
    has a row of its own.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    person = models.CharField(max_length=40)
    cells = ArrayField(models.IntegerField(), default=list)

    class Meta:
        abstract = True


class DailyPerson(InstanceOwnedModel, PersonCells):
    """A person with requests in an instance on one day."""

    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "day"], name="persons_by_day")]

    def __str__(self) -> str:
        return f"{self.person} on {self.day}"


class MonthlyUsage(InstanceOwnedModel, AccountSums):
    """The usage of one month in an instance; ``month`` is its first day, as in the others."""

    month = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "month"], name="usage_by_month")]

    def __str__(self) -> str:
        return f"{self.requests} requests of {self.instance_id} in {self.month:%Y-%m}"


class MonthlySubject(InstanceOwnedModel, SubjectSums):
    """The questions of one month in an instance."""

    month = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "month"], name="subjects_by_month")]

    def __str__(self) -> str:
        return f"{self.requests} questions of class {self.subject} in {self.month:%Y-%m}"


class MonthlyDuration(InstanceOwnedModel, DurationSums):
    """The complete answers of one month in an instance."""

    month = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["instance", "month"], name="durations_by_month")]

    def __str__(self) -> str:
        return f"{self.requests} answers of bucket {self.bucket} in {self.month:%Y-%m}"


class MonthlyPerson(InstanceOwnedModel, PersonCells):
    """A person with requests in an instance in one month."""

    month = models.DateField()

    class Meta:
        constraints = [
            # Its index alone answers how many persons there were.
            models.UniqueConstraint(
                fields=["instance", "month", "person", "organisation"], name="person_once_a_month"
            ),
        ]
        indexes = [
            # The months of organisations and of the site.
            models.Index(fields=["month", "organisation"], name="persons_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.month:%Y-%m}"


class PendingUsage(InstanceOwnedModel):
    """A usage record was added or changed: its day is to be summed again. Written by a trigger."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.created_at} of {self.instance_id}"
