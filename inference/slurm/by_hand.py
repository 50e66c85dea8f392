"""Jobs that an operator starts or stops; the reconciler does the rest, at its next pass."""

from django.db import transaction
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm.publication import publish
from instances import audit

_State = ServerJob.State


def request_job(template: JobTemplate) -> bool:
    """Have one more job started, in the first partition; return whether it may be.

    Not beyond the most jobs of the template, and not while its backend is disabled. It is stopped
    like any other: when no question has come for the idle time since it answers.
    """
    with transaction.atomic():
        locked = JobTemplate.objects.select_for_update().get(pk=template.pk)
        is_full = locked.jobs.wanted().count() >= locked.max_jobs
        if is_full or not locked.backend.is_enabled:
            return False
        # The reconciler submits a row that Slurm does not know.
        job = ServerJob.objects.create(
            template=locked,
            partition=locked.partition,
            requested_at=timezone.now(),
            is_manual=True,
        )
        audit.record(audit.Action.JOB_STARTED, target=locked, job=job.pk)
    return True


def stop_job(job: ServerJob) -> bool:
    """Take questions off a job, which is cancelled after its answers; return whether it ran."""
    with transaction.atomic():
        running = ServerJob.objects.wanted().filter(pk=job.pk)
        is_stopped = running.update(
            state=_State.DRAINING,
            draining_at=timezone.now(),
            reason=ServerJob.Reason.STOPPED,
            token_hash="",
        )
        if not is_stopped:
            return False
        audit.record(audit.Action.JOB_STOPPED, target=job.template, job=job.pk)
        transaction.on_commit(lambda: publish(job.template))
    return True
