"""Starts a job: first its row, then sbatch, so that no job runs without a row.

A process may be killed anywhere between the two. The job carries the number of its row in its name:
the next pass of the reconciler finds it in squeue and adopts it, or submits it again.
"""

import logging
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.slurm import commands, scripts
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
    template: JobTemplate, lease: Lease, *, partition: str, replaces: ServerJob | None = None
) -> None:
    """Start one more job; a failure of sbatch is noted in its row."""
    job = ServerJob.objects.create(
        template=template, partition=partition, replaces=replaces, requested_at=timezone.now()
    )
    submit(job, lease)


def submit(job: ServerJob, lease: Lease) -> None:
    """Submit a job whose row exists. Raises LeaseLost before anything was submitted."""
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
        end(job, error.reason, str(error))
        return
    now = timezone.now()
    # The job may have registered already. If its token has been replaced since, another process
    # has submitted it meanwhile: the reconciler cancels the one that this row does not name.
    mine = ServerJob.objects.filter(pk=job.pk, token_hash__in=[job.token_hash, ""])
    mine.update(slurm_id=slurm_id, submitted_at=now)
    mine.filter(state=ServerJob.State.REQUESTED).update(state=ServerJob.State.PENDING)
    logger.info("job %s of %s was submitted as %s", job.pk, template, slurm_id)


def end(job: ServerJob, reason: ServerJob.Reason | str, detail: str = "") -> None:
    """Note the end of a job; its token and its key are forgotten."""
    job.state, job.ended_at = ServerJob.State.ENDED, timezone.now()
    job.reason, job.detail = str(reason), detail[:500]
    job.token_hash = job.encrypted_key = job.base_url = ""
    job.save(
        update_fields=[
            *("state", "ended_at", "reason", "detail"),
            *("token_hash", "encrypted_key", "base_url"),
        ]
    )
    logger.info("job %s of %s has ended: %s %s", job.pk, job.template, reason, detail)
