"""When golden questions are asked by themselves, and changes of settings that wait for them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from evaluation.models.runs import EvaluationRun
from instances.models import InstanceOwnedModel


class EvaluationPolicy(InstanceOwnedModel):
    """The schedule of the runs of an instance, and whether they hold back changes."""

    class Schedule(models.TextChoices):
        NEVER = "never", _("Never")
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")

    schedule = models.CharField(
        _("schedule"), max_length=10, choices=Schedule, default=Schedule.NEVER
    )
    is_by_model = models.BooleanField(_("answers by the model"), default=False)
    holds_back = models.BooleanField(_("hold back changes that lower the score"), default=False)
    # NULL: never.
    next_run_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instance"], name="one_policy_per_instance"),
        ]
        indexes = [
            # For ``instances_with_due_evaluation``, which queries all instances.
            models.Index(
                fields=["next_run_at"],
                name="evaluation_due",
                condition=Q(next_run_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} in {self.instance_id}"


class HeldChange(InstanceOwnedModel):
    """A change of settings that is tried on the golden questions before it is made.

    ``trying → applied`` by itself if the score does not fall, else ``held → accepted | discarded``
    by an administrator.
    """

    class Status(models.TextChoices):
        TRYING = "trying", _("Being tried")
        HELD = "held", _("Held back")
        APPLIED = "applied", _("Made: the score did not fall")
        ACCEPTED = "accepted", _("Made by decision of an administrator")
        DISCARDED = "discarded", _("Discarded")

    OPEN = (Status.TRYING, Status.HELD)

    status = models.CharField(max_length=10, choices=Status, default=Status.TRYING)
    # By name of a setting: its values before and after.
    changes = models.JSONField()
    run_before = models.ForeignKey(
        EvaluationRun, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    run_after = models.ForeignKey(
        EvaluationRun, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"],
                name="one_open_change",
                condition=Q(status__in=["trying", "held"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.changes)} {self.status}"

    @property
    def is_open(self) -> bool:
        """Whether it is neither made nor discarded."""
        return self.status in self.OPEN
