"""Starts a job: first its row, then sbatch, so that no job runs without a row.

A process may be killed anywhere between the two. The job carries the number of its row in its name:
the next pass of the reconciler finds it in squeue and adopts it, or submits it again.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm import commands, scripts
from inference.slurm.decisions import Start
from inference.slurm.errors import SlurmFailed
from inference.slurm.leases import Lease
from web.encryption import encrypt

logger = logging.getLogger(__name__)

# A job may wait in Slurm so long; from its start on, ``start_minutes`` count.
_TOKEN_LIFETIME = timedelta(days=7)


def hash_of(token: str) -> str:
    """Return what is stored of a token, which is long and random: it needs no salt."""
    return sha256(token.encode()).hexdigest()


def start_job(
    template: JobTemplate, lease: Lease, start: Start, *, beside: Iterable[ServerJob]
) -> None:
    """Start one more job; a failure of sbatch is noted in its row.

    ``beside`` are the jobs among which it was decided. If another was requested meanwhile, by an
    operator for example, none is started: the next pass decides again. Raises LeaseLost.
    """
    with transaction.atomic():
        # Locks the row of the template, as ``by_hand.request_job`` does.
        lease.renew()
        if template.jobs.wanted().exclude(pk__in=[job.pk for job in beside]).exists():
            return
        job = ServerJob.objects.create(
            template=template,
            partition=start.partition,
            replaces=start.replaces,
            requested_at=timezone.now(),
        )
    submit(job, lease)


def submit(job: ServerJob, lease: Lease) -> None:
    """Submit a job whose row exists. Raises LeaseLost before anything was submitted.

    An sbatch without an answer may have submitted it all the same: the row keeps its token, so
    that the job can register, and waits for squeue to list it.
    """
    template = job.template
    token, key = token_urlsafe(32), token_urlsafe(32)
    job.token_hash, job.token_expires_at = hash_of(token), timezone.now() + _TOKEN_LIFETIME
    job.encrypted_key = encrypt(key)
    job.save(update_fields=["token_hash", "token_expires_at", "encrypted_key"])
    script = scripts.filled(
        template.script,
        {
            "token": token,
            "register_url": f"{template.site_url or settings.SITE_URL}{reverse('slurm_register')}",
            "api_key": key,
            "port": str(scripts.port_of(job.pk)),
            "model_path": template.model_path,
            "minutes": str(template.wall_minutes),
        },
    )
    lease.renew()
    try:
        slurm_id = commands.submit(
            template.command_prefix,
            name=job.name,
            script=script,
            partition=job.partition,
            minutes=template.wall_minutes,
        )
    except SlurmFailed as error:
        if error.reason == ServerJob.Reason.NO_ANSWER:
            row = ServerJob.objects.filter(pk=job.pk, slurm_id=None)
            row.update(submitted_at=timezone.now(), detail=str(error)[:500])
        else:
            end(job, error.reason, str(error))
        return
    # The job may have registered already. If its token has been replaced since, another process
    # has submitted it meanwhile: the reconciler cancels the one that this row does not name.
    mine = ServerJob.objects.filter(pk=job.pk, token_hash__in=[job.token_hash, ""])
    mine.update(slurm_id=slurm_id, submitted_at=timezone.now())
    mine.filter(state=ServerJob.State.REQUESTED).update(state=ServerJob.State.PENDING)
    logger.info("job %s of %s was submitted as %s", job.pk, template, slurm_id)


def end(job: ServerJob, reason: ServerJob.Reason | str, detail: str = "") -> None:
    """Note the end of a job; its token and its key are forgotten.

    A job whose state has changed since it was read, by its registration for example, is left to the
    next pass.
    """
    row = ServerJob.objects.filter(pk=job.pk, state=job.state)
    forgotten = {"token_hash": "", "encrypted_key": "", "base_url": ""}
    is_ended = row.update(
        state=ServerJob.State.ENDED,
        ended_at=timezone.now(),
        reason=str(reason),
        detail=detail[:500],
        **forgotten,
    )
    if is_ended:
        logger.info("job %s of %s has ended: %s %s", job.pk, job.template, reason, detail)
