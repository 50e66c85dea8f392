"""What operators read of the jobs of a backend: why one ended, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.models import JobTemplate, ServerJob
from inference.slurm.decisions import PLANNED

_Reason = ServerJob.Reason
# By the reason of the end of a job, or of the failure of a command.
SENTENCES: Mapping[str, Promise] = {
    _Reason.IDLE: _("Stopped: no question came."),
    _Reason.SURPLUS: _("Cancelled before it answered: no question waits any more."),
    _Reason.REPLACED: _("Stopped: a newer job has replaced it before the end of its wall time."),
    _Reason.DISABLED: _("Stopped: the backend is disabled."),
    _Reason.STOPPED: _("Stopped by an operator."),
    _Reason.WALL_TIME: _("Its wall time has ended."),
    _Reason.NO_COMMAND: _(
        "The commands of Slurm were not found. Install slurm-client where the workers run, or"
        " correct SLURM_COMMAND_PREFIXES and the choice in the job template."
    ),
    _Reason.NO_ANSWER: _(
        "The command of Slurm did not answer in time. Check that the login node and the controller"
        " respond."
    ),
    _Reason.UNREACHABLE: _(
        "The controller of Slurm cannot be reached. Check slurmctld and munge, the network, and"
        " the SSH key of the workers."
    ),
    _Reason.PARTITION: _(
        "Slurm does not accept the partition. Check its name and state with sinfo, then correct the"
        " job template."
    ),
    _Reason.ACCOUNT: _(
        "Slurm does not let this account use the partition. Add #SBATCH --account=… to the script,"
        " or ask the operators of the cluster."
    ),
    _Reason.TIME_LIMIT: _(
        "The wall time is longer than the partition allows. Shorten it in the job template."
    ),
    _Reason.REFUSED: _("Slurm refused the job. Its message says why."),
    _Reason.ENDED_EARLY: _(
        "The job ended before it registered. Its output (#SBATCH --output) says why."
    ),
    _Reason.LATE: _(
        "The job did not register in time. Check that its node can reach this site, or give it a"
        " longer start."
    ),
    _Reason.ADDRESS: _(
        "The job registered with an address outside the networks of the template. Correct the"
        " script, or add the network."
    ),
    _Reason.NOT_ANSWERING: _(
        "The server of the job does not answer. Check that this site can reach it, its key, and its"
        " output."
    ),
    _Reason.CANCELLED: _("Somebody cancelled the job in Slurm."),
    _Reason.NODE: _("The node of the job failed. Another job is started when questions wait."),
    _Reason.PREEMPTED: _("Slurm gave the node to another job."),
    _Reason.MEMORY: _(
        "The job needed more memory than it had. Ask for more with #SBATCH --mem in the script."
    ),
    _Reason.FAILED: _("The server ended by itself. Its output (#SBATCH --output) says why."),
    _Reason.LOST: _("Slurm no longer knows the job."),
}
_SHOWN_JOBS = 10


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job as operators see it."""

    job: ServerJob
    # Host and port of its server.
    address: str
    sentence: str
    is_failure: bool

    @property
    def key(self) -> str:
        """Its number here, as text."""
        return str(self.job.pk)

    @property
    def may_stop(self) -> bool:
        """Whether it is neither ending nor over."""
        return self.job.state not in (ServerJob.State.DRAINING, ServerJob.State.ENDED)


@dataclass(frozen=True, slots=True)
class SlurmProblem:
    """The last error; ``detail`` is what Slurm said."""

    sentence: str
    detail: str


def shown_jobs(template: JobTemplate) -> list[ShownJob]:
    """Return the active jobs, then those that ended last."""
    jobs = list(template.jobs.all()[:_SHOWN_JOBS])
    jobs.sort(key=lambda job: job.state == ServerJob.State.ENDED)
    return [
        ShownJob(
            job,
            urlsplit(job.base_url).netloc,
            str(SENTENCES.get(job.reason, "")),
            job.ready_at is None and _failed(job),
        )
        for job in jobs
    ]


def problem_of(template: JobTemplate) -> SlurmProblem | None:
    """Return the last error of the commands, or of the last job unless one has answered since."""
    if template.problem:
        return _problem(template.problem, template.problem_detail)
    last = template.jobs.exclude(ready_at=None, reason="").first()
    if last is None or last.ready_at is not None or not _failed(last):
        return None
    return _problem(last.reason, last.detail)


def _failed(job: ServerJob) -> bool:
    return bool(job.reason) and job.reason not in PLANNED


def _problem(reason: str, detail: str) -> SlurmProblem:
    return SlurmProblem(str(SENTENCES.get(reason, SENTENCES[_Reason.REFUSED])), detail)
