"""Backends whose servers are jobs of Slurm: the template of the jobs, and the jobs.

The rows are changed by ``inference.slurm`` (docs/decisions/032-slurm.md).
"""

from collections.abc import Iterable
from enum import StrEnum
from secrets import token_hex

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inference.models.backends import Backend

# They are arguments of commands, also of a remote shell.
_PARTITION = RegexValidator(r"^[A-Za-z0-9_.,-]*\Z", _("Write the name of a partition."))
_PATH = RegexValidator(r"^[A-Za-z0-9._/@:+-]*\Z", _("Write a path without spaces and quotes."))


def new_key() -> str:
    """Return the key of a new template."""
    return token_hex(4)


def _limits(lowest: int, highest: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(lowest), MaxValueValidator(highest)]


class JobTemplate(models.Model):
    """How the jobs of one backend are started, and when; times are in minutes.

    ``Backend.max_concurrency`` is that of each job.
    """

    backend = models.OneToOneField(Backend, on_delete=models.CASCADE, related_name="job_template")
    # Begins the names of its jobs, by which they are found in squeue.
    key = models.CharField(max_length=8, unique=True, default=new_key, editable=False)
    # One of SLURM_COMMAND_PREFIXES; "": the commands of this machine.
    command_prefix = models.CharField(_("command prefix"), max_length=200, blank=True)
    script = models.TextField(_("script"), max_length=20_000)
    model_path = models.CharField(_("model"), max_length=300, blank=True, validators=[_PATH])
    partition = models.CharField(
        _("partition"), max_length=100, blank=True, validators=[_PARTITION]
    )
    overflow_partition = models.CharField(
        _("second partition"), max_length=100, blank=True, validators=[_PARTITION]
    )
    overflow_waiting = models.PositiveIntegerField(
        _("waiting questions for the second partition"),
        default=20,
        validators=_limits(1, 10_000),
    )
    waiting_per_job = models.PositiveIntegerField(
        _("waiting questions for one more job"), default=8, validators=_limits(1, 10_000)
    )
    min_jobs = models.PositiveSmallIntegerField(
        _("jobs at least"), default=0, validators=_limits(0, 100)
    )
    max_jobs = models.PositiveSmallIntegerField(
        _("jobs at most"), default=1, validators=_limits(1, 100)
    )
    wall_minutes = models.PositiveIntegerField(
        _("wall time (min)"), default=240, validators=_limits(2, 43_200)
    )
    start_minutes = models.PositiveIntegerField(
        _("longest start (min)"), default=15, validators=_limits(1, 240)
    )
    idle_minutes = models.PositiveIntegerField(
        _("time without questions before a job is stopped (min)"),
        default=15,
        validators=_limits(1, 10_080),
    )
    # Networks in CIDR notation, separated by commas.
    networks = models.CharField(_("networks of the servers"), max_length=500)
    # "": SITE_URL.
    site_url = models.CharField(_("address of this site for the jobs"), max_length=300, blank=True)
    # Why Slurm could not be asked, a ``ServerJob.Reason``; "" when the last command succeeded.
    problem = models.CharField(max_length=20, blank=True, editable=False)
    problem_detail = models.CharField(max_length=500, blank=True, editable=False)
    # Until then, one process alone reconciles its jobs, and is named by ``lease``.
    leased_until = models.DateTimeField(null=True, editable=False)
    lease = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.backend.name


class ServerJobQuerySet(models.QuerySet["ServerJob"]):
    """Jobs by their state."""

    def active(self) -> "ServerJobQuerySet":
        """Those that have not ended."""
        return self.exclude(state=ServerJob.State.ENDED)

    def wanted(self) -> "ServerJobQuerySet":
        """Those that have not ended and are not being stopped."""
        return self.exclude(state__in=(ServerJob.State.DRAINING, ServerJob.State.ENDED))

    def in_states(self, states: Iterable["ServerJob.State"]) -> "ServerJobQuerySet":
        """Those in one of these states."""
        return self.filter(state__in=list(states))

    def that_answered(self) -> "list[ServerJob]":
        """The last five that have answered, the latest first."""
        return list(self.exclude(ready_at=None)[:5])

    def that_are_over(self) -> "list[ServerJob]":
        """The last twenty that have ended or are being stopped, the latest first."""
        return list(self.in_states((ServerJob.State.DRAINING, ServerJob.State.ENDED))[:20])


class ServerJob(models.Model):
    """A job of a template, from the decision to start it until its end is known."""

    class State(models.TextChoices):
        # Written before sbatch is called, so that a job without a row is never started.
        REQUESTED = "requested", _("being submitted")
        PENDING = "pending", _("waiting in Slurm")
        RUNNING = "running", _("starting")
        REGISTERED = "registered", _("loading the model")
        READY = "ready", _("answering")
        # It gets no more questions.
        DRAINING = "draining", _("finishing its answers")
        ENDED = "ended", _("job ended")

    class Reason(StrEnum):
        """Why it is stopped or has ended; the words are in ``inference.slurm.sentences``."""

        IDLE = "idle"
        REPLACED = "replaced"
        DISABLED = "disabled"
        SURPLUS = "surplus"
        STOPPED = "stopped"
        NO_COMMAND = "no_command"
        NO_ANSWER = "no_answer"
        UNREACHABLE = "unreachable"
        PARTITION = "partition"
        ACCOUNT = "account"
        TIME_LIMIT = "time_limit"
        REFUSED = "refused"
        ENDED_EARLY = "ended_early"
        LATE = "late"
        ADDRESS = "address"
        NOT_ANSWERING = "not_answering"
        WALL_TIME = "wall_time"
        CANCELLED = "cancelled"
        NODE = "node"
        PREEMPTED = "preempted"
        MEMORY = "memory"
        FAILED = "failed"
        LOST = "lost"

    template = models.ForeignKey(JobTemplate, on_delete=models.CASCADE, related_name="jobs")
    state = models.CharField(max_length=12, choices=State, default=State.REQUESTED)
    partition = models.CharField(max_length=100, blank=True)
    # Of Slurm; None until sbatch has answered, or squeue lists it.
    slurm_id = models.PositiveBigIntegerField(null=True)
    # SHA-256 of the token, which registers one address; "": not given yet, or the job is stopped.
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    token_expires_at = models.DateTimeField(null=True)
    # The key that its server asks for, by ``web.encryption``.
    encrypted_key = models.TextField(blank=True)
    # By IP address, so that it is that which was checked; "" before the registration.
    base_url = models.CharField(max_length=300, blank=True)
    # An operator started it: it is kept while it starts, even if no question waits.
    is_manual = models.BooleanField(default=False)
    replaces = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField()
    # Without ``slurm_id``: sbatch did not answer then, and squeue has not listed the job yet.
    submitted_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    # The end of its wall time, as squeue tells it.
    ends_at = models.DateTimeField(null=True)
    # Since when no question is at it; None while one is.
    idle_since = models.DateTimeField(null=True)
    failed_checks = models.PositiveSmallIntegerField(default=0)
    draining_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # A ``Reason``; "" while it has no end.
    reason = models.CharField(max_length=20, blank=True)
    # What Slurm said, for operators.
    detail = models.CharField(max_length=500, blank=True)

    objects = ServerJobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["template", "state"])]

    def __str__(self) -> str:
        return f"job {self.pk} of {self.template_id}"

    @property
    def name(self) -> str:
        """Its name in Slurm, which leads back to this row."""
        return f"ragapp-{self.template.key}-{self.pk}"
