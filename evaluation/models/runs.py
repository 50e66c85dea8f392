"""Runs of the golden questions, with a result for each question."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from evaluation.models.golden_questions import GoldenQuestion
from instances.models import ClaimedRun, InstanceOwnedModel


class EvaluationRun(ClaimedRun):
    """The golden questions asked under some settings: ``queued → running → done | cancelled``."""

    class Reason(models.TextChoices):
        ASKED = "asked", _("On demand")
        SCHEDULED = "scheduled", _("On schedule")
        CHANGE = "change", _("Before a change of settings")
        COMPARISON = "comparison", _("Comparison of models")
        INDEX = "index", _("Before a change of the search index")
        VERSION = "version", _("Before a new version of a document")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    UNFINISHED = (Status.QUEUED, Status.RUNNING)

    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    # ``TriedSettings`` of the run.
    settings = models.JSONField()
    # The number of the search index that is asked; NULL: that which answers.
    index_number = models.PositiveIntegerField(null=True)
    # The version of a document that is asked in place of the one that answers; NULL: none.
    version_id = models.UUIDField(null=True)
    # Whether the model of the settings writes the answers; else extracts do.
    is_by_model = models.BooleanField(_("answers by the model"), default=False)
    # ``Figures`` of a run that is done: they remain when a question is removed.
    figures = models.JSONField(null=True)
    # Common to the runs that are shown side by side.
    group = models.UUIDField(null=True)

    class Meta(ClaimedRun.Meta):
        indexes = [
            models.Index(fields=["instance", "-created_at"], name="run_by_instance"),
            # For ``evaluation_runs_waiting``, which queries all instances.
            models.Index(
                fields=["turn_at"],
                name="run_waiting",
                condition=Q(status__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.status} {self.pk}"


class EvaluationResult(InstanceOwnedModel):
    """The result of one golden question in a run; asked once ``asked_at`` is set.

    Of what is expected, None: nothing of this kind was. ``request_id`` is that of its usage
    records, new in each attempt.
    """

    request_id = models.UUIDField(default=uuid.uuid4)
    run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="results")
    question = models.ForeignKey(GoldenQuestion, on_delete=models.CASCADE, related_name="results")
    asked_at = models.DateTimeField(null=True)
    must_be_refused = models.BooleanField(default=False)
    is_refused = models.BooleanField(default=False)
    # The rank of the expected document among those found, from 1; 0: it was not found.
    document_rank = models.PositiveSmallIntegerField(null=True)
    page_found = models.BooleanField(null=True)
    words_in_passages = models.BooleanField(null=True)
    words_in_answer = models.BooleanField(null=True)
    # Of the most relevant passage, in [0, 1].
    relevance = models.FloatField(default=0.0)
    passed = models.BooleanField(default=False)
    answer = models.TextField(blank=True)
    # Why it could not be asked: a key of ``chat.answers.error_messages``, or a quota.
    error_code = models.CharField(max_length=50, blank=True)
    total_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["question_id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "question"], name="one_result_per_question"),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} in {self.run_id}"
