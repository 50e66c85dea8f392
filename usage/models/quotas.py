"""Quotas, what each subject has used of them, and what requests under way have reserved."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from instances.models import Instance, InstanceOwnedModel, Organisation


class Quota(models.Model):
    """A limit on requests, tokens, energy or money in each hour, day or month.

    Set by operators (for the whole site), by the administrators of ``organisation`` or by those of
    ``instance``. Each subject (``per``) has the whole amount; a period ends in the time zone of the
    site.
    """

    class Per(models.TextChoices):
        # A person, in all instances that the quota covers; an API key that belongs to no person
        # counts as one.
        MEMBER = "member", _("Each member")
        KEY = "key", _("Each API key")
        INSTANCE = "instance", _("Each instance")
        ORGANISATION = "organisation", _("Each organisation")
        SITE = "site", _("The whole site")

    class Measure(models.TextChoices):
        REQUESTS = "requests", pgettext_lazy("usage", "Requests")
        TOKENS = "tokens", _("Tokens (read and written)")
        ENERGY = "energy", _("Energy (Wh)")
        COST = "cost", _("Cost of inference (€)")

    class Period(models.TextChoices):
        HOUR = "hour", _("Hour")
        DAY = "day", _("Day")
        MONTH = "month", _("Month")

    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="quotas"
    )
    instance = models.ForeignKey(
        Instance, null=True, blank=True, on_delete=models.CASCADE, related_name="quotas"
    )
    per = models.CharField(_("applies to"), max_length=12, choices=Per)
    measure = models.CharField(
        _("what is counted"), max_length=10, choices=Measure, default=Measure.REQUESTS
    )
    amount = models.DecimalField(
        _("limit"),
        max_digits=18,
        decimal_places=4,
        validators=[MinValueValidator(Decimal("0.0001"))],
    )
    period = models.CharField(_("period"), max_length=5, choices=Period, default=Period.DAY)
    # An alias; "": all models together.
    model = models.CharField(_("model"), max_length=120, blank=True)
    warning_percent = models.PositiveSmallIntegerField(
        _("warning from (%)"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    # Otherwise it only warns.
    is_hard = models.BooleanField(_("refuse requests beyond it"), default=True)

    class Meta:
        ordering = ["per", "measure", "period", "model"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(organisation=None) | models.Q(instance=None),
                name="quota_of_one_place",
            ),
            models.UniqueConstraint(
                fields=["organisation", "instance", "per", "measure", "period", "model"],
                name="one_quota_of_a_kind",
                nulls_distinct=False,
                violation_error_message=_(
                    "There is already a quota of this kind. Change that one."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.measure} / {self.period} / {self.per}"


class QuotaCounter(models.Model):
    """What one subject has used of a quota in one period.

    ``reserved`` is the upper estimate of the requests under way. Row security: visible inside its
    instance; counters over several instances are visible in all of them.
    """

    # The database deletes the counters of a deleted quota, also those of other tenants.
    quota = models.ForeignKey(
        Quota, on_delete=models.DO_NOTHING, db_constraint=False, related_name="counters"
    )
    # "instance:7", "member:<pseudonym>" (``usage.quotas.subjects``).
    subject = models.CharField(max_length=60)
    starts_at = models.DateTimeField()
    # None: the subject may be active in several instances.
    instance = models.ForeignKey(
        Instance, null=True, on_delete=models.CASCADE, related_name="quota_counters"
    )
    used = models.DecimalField(max_digits=24, decimal_places=8, default=0)
    reserved = models.DecimalField(max_digits=24, decimal_places=8, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["quota", "subject", "starts_at"], name="one_counter_a_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.starts_at:%Y-%m-%d %H:%M}"


class QuotaCharge(InstanceOwnedModel):
    """What one request has reserved of a counter, and what was counted when it had ended."""

    request_id = models.UUIDField()
    counter = models.ForeignKey(
        QuotaCounter, on_delete=models.DO_NOTHING, db_constraint=False, related_name="charges"
    )
    # 0 when the request has ended.
    reserved = models.DecimalField(max_digits=24, decimal_places=8)
    counted = models.DecimalField(max_digits=24, decimal_places=8, default=0)
    # After this time a reservation is that of a killed process.
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="quota_charges_by_age"),
            models.Index(
                fields=["expires_at"],
                name="quota_charges_under_way",
                condition=models.Q(reserved__gt=0),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["request_id", "counter"], name="one_charge_of_a_request"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.counter_id}"
