"""Sources of an instance, what is known of their items, and their runs."""

import uuid
from datetime import timedelta

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ingestion.models import Document
from instances.models import ClaimedRun, InstanceOwnedModel
from people.models import User


class Source(InstanceOwnedModel):
    """Something outside from which documents are taken, and kept in step."""

    class Schedule(models.TextChoices):
        NEVER = "never", _("Only on demand")
        HOURLY = "hourly", _("Every hour")
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("Every week")

    STEPS = {
        Schedule.HOURLY: timedelta(hours=1),
        Schedule.DAILY: timedelta(days=1),
        Schedule.WEEKLY: timedelta(days=7),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Name of a ``SourceKind`` (sources.registry).
    kind = models.CharField(_("kind"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    # What the form of its kind asks for, without secrets; those are in ``encrypted_secrets``, JSON.
    options = models.JSONField(default=dict)
    encrypted_secrets = models.TextField(blank=True)
    folder = models.CharField(_("folder"), max_length=300, blank=True)
    schedule = models.CharField(
        _("schedule"), max_length=10, choices=Schedule, default=Schedule.DAILY
    )
    is_paused = models.BooleanField(default=False)
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace"), default=7, validators=[MaxValueValidator(365)]
    )
    # NULL: only on demand, or paused.
    next_run_at = models.DateTimeField(null=True)
    # Runs that failed since the last one that did not, and whether its owner was told.
    failures = models.PositiveIntegerField(default=0)
    is_failure_told = models.BooleanField(default=False)
    # Set while its documents are deleted with it.
    is_being_deleted = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        indexes = [
            # For ``instances_with_due_sources``, which queries all instances.
            models.Index(
                fields=["next_run_at"],
                name="source_due",
                condition=Q(next_run_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def step(self) -> timedelta | None:
        """The time between two runs; None when it runs on demand only."""
        return self.STEPS.get(self.Schedule(self.schedule))


class SourceRun(ClaimedRun):
    """One comparison of a source with its documents.

    ``queued → listing → fetching → removing → done | failed | cancelled``.
    """

    class Reason(models.TextChoices):
        ASKED = "asked", _("On demand")
        SCHEDULED = "scheduled", _("On schedule")
        DELETION = "deletion", _("Deletion of the source")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        LISTING = "listing", _("Reading the list")
        FETCHING = "fetching", _("Under way")
        REMOVING = "removing", _("Removing what is gone")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    UNFINISHED = (Status.QUEUED, Status.LISTING, Status.FETCHING, Status.REMOVING)

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    # Where its kind continues the list; the list ends with None.
    cursor = models.JSONField(null=True)
    # Whether items were left out, so that those not seen are not gone.
    is_truncated = models.BooleanField(default=False)
    listed = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # Failures of the other side, without a success in between.
    failed_in_a_row = models.PositiveIntegerField(default=0)
    # Why all of it failed: a code of ``sources.errors``.
    error_code = models.CharField(max_length=50, blank=True)
    # What was added, changed, removed or failed: {"name", "url", "outcome", "code"}.
    lines = models.JSONField(default=list)

    class Meta(ClaimedRun.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                name="one_unfinished_run_per_source",
                condition=Q(status__in=["queued", "listing", "fetching", "removing"]),
            ),
        ]
        indexes = [
            models.Index(fields=["source", "-created_at"], name="source_run_by_source"),
            # For ``source_runs_unfinished``, which queries all instances.
            models.Index(
                fields=["turn_at"],
                name="source_run_waiting",
                condition=Q(status__in=["queued", "listing", "fetching", "removing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.status} {self.pk}"


class SourceItem(InstanceOwnedModel):
    """One page, file or record of a source, with the document made from it."""

    class Outcome(models.TextChoices):
        ADDED = "added", _("Added")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Unchanged")
        REMOVED = "removed", _("Removed")
        FAILED = "failed", _("Failed")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="items")
    # What the source calls it, for ever the same; its SHA-256, since it may be long.
    key = models.TextField()
    key_digest = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    folder = models.CharField(max_length=500, blank=True)
    url = models.TextField(blank=True)
    # What its kind needs in order to fetch it.
    data = models.JSONField(default=dict)
    # The version in the list, and the one that was fetched last.
    listed_mark = models.TextField(blank=True)
    stored_mark = models.TextField(blank=True)
    fetched_mark = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    # What was found in it, for kinds that find items in others.
    found = models.JSONField(default=list)
    # NULL: never stored, or deleted by a person.
    document = models.ForeignKey(
        Document, null=True, on_delete=models.SET_NULL, related_name="source_items"
    )
    # Whether the document was made from it, and is not another one with the same bytes.
    owns_document = models.BooleanField(default=False)
    # The run in which it was seen last, its place there, and whether it is still to be fetched.
    run = models.ForeignKey(SourceRun, null=True, on_delete=models.SET_NULL, related_name="items")
    position = models.PositiveIntegerField(default=0)
    is_pending = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    # Since when it is gone; its document is removed after the days of grace.
    missing_since = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key_digest"], name="one_row_per_item"),
        ]
        indexes = [
            models.Index(
                fields=["run", "position"],
                name="source_item_pending",
                condition=Q(is_pending=True),
            ),
            models.Index(
                fields=["source", "missing_since"],
                name="source_item_missing",
                condition=Q(missing_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
