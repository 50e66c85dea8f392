"""Sums of usage over instances: of a day of an organisation; of a month of one, or of the site."""

from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from instances.models import Organisation
from usage.models.sums import UsageSums


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
    each of every method and currency. ``usage_cells``, a function of PostgreSQL, says to which
    cells a record belongs: to one of each dimension.
    """

    # A value of the dimension ``frugality``.
    SPARED = "spared"

    class Dimension(models.TextChoices):
        ALL = "all"
        DAY = "day"
        # Primary keys.
        INSTANCE = "instance"
        ORGANISATION = "organisation"
        KIND = "kind"
        # Of questions.
        OUTCOME = "outcome"
        # Of Dewey: its digit, and the division.
        CLASS = "class"
        SUBJECT = "subject"
        DURATION = "duration"
        MODEL = "model"
        # Of work of language models.
        BACKEND = "backend"
        # Of the persons, where their institutions release them.
        AFFILIATION = "affiliation"
        TRADE = "trade"
        # Who asks about what: the digit of a class, a space, and the other value.
        CLASS_AFFILIATION = "class_affiliation"
        CLASS_TRADE = "class_trade"
        # Of answers: given again (``cached``), first ones, those on demand, others (""). Beside
        # them, ``spared``: the first answers that no other followed, and what they saved.
        FRUGALITY = "frugality"

    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.CASCADE, related_name="+"
    )
    # Its first day.
    month = models.DateField()
    dimension = models.CharField(max_length=20, choices=Dimension)
    value = models.CharField(max_length=200, blank=True)
    method = models.CharField(max_length=20, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    # In the row of all methods; None: not counted.
    persons = models.PositiveIntegerField(null=True)
    # Too small to be shown to people outside it, or hidden with one that is
    # (``usage.rollups.masking``).
    is_masked = models.BooleanField(default=True)

    objects = MonthlyCellQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["organisation", "month"], name="cells_by_month")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value} of {self.organisation_id}, {self.month:%Y-%m}"


class DailyCell(UsageSums):
    """The usage of one day in an organisation, of one value of one dimension, by one method.

    Months are the sums of these; persons are counted from ``MonthlyPerson``.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    day = models.DateField()
    dimension = models.CharField(max_length=20, choices=MonthlyCell.Dimension)
    value = models.CharField(max_length=200, blank=True)
    method = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "day"], name="cells_by_day"),
            # The months of the site.
            BrinIndex(fields=["day"], name="cells_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value} of {self.organisation_id} on {self.day}"


class CellName(models.Model):
    """A number for one value of one dimension, by which persons refer to it."""

    id = models.AutoField(primary_key=True)
    dimension = models.CharField(max_length=20)
    value = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dimension", "value"], name="one_number_a_cell"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}"


class PendingDay(models.Model):
    """A day of an organisation whose cells are to be computed again, with those of its month."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "day"], name="one_pending_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} of {self.organisation_id}"


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
