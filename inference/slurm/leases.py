"""One process at a time reconciles the jobs of a template.

A lease is a value of the template's row, with its end by the clock of the database: it needs no
session, so it also works behind PgBouncer, and the lease of a killed process ends by itself. It is
longer than a command of Slurm may take, so that a command which a killed process has started has
ended when the next process begins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from django.db.models import Q
from django.db.models.functions import Now

from inference.models import JobTemplate
from inference.slurm.commands import COMMAND_TIMEOUT_S
from inference.slurm.errors import LeaseLost

LEASE = timedelta(seconds=2 * COMMAND_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to reconcile the jobs of a template, for a while."""

    template_id: int
    holder: str

    def renew(self) -> None:
        """Extend it; to be called before each command. Raises LeaseLost."""
        mine = JobTemplate.objects.filter(pk=self.template_id, lease=self.holder)
        if not mine.update(leased_until=Now() + LEASE):
            raise LeaseLost(f"template {self.template_id}")


@contextmanager
def lease_of(template: JobTemplate) -> Iterator[Lease | None]:
    """Hold the lease of a template inside the block; None while another process holds it."""
    lease = Lease(template.pk, token_hex(16))
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    taken = JobTemplate.objects.filter(free, pk=template.pk)
    if not taken.update(lease=lease.holder, leased_until=Now() + LEASE):
        yield None
        return
    try:
        yield lease
    finally:
        mine = JobTemplate.objects.filter(pk=template.pk, lease=lease.holder)
        mine.update(lease="", leased_until=None)
