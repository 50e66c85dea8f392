"""Claims of the runs of sources by workers."""

from datetime import timedelta
from typing import Final

from django.conf import settings

from instances.claimed_runs import RunQueue
from sources.models import SourceRun

# The longest request but for files, and the wait after it.
_STEP_S: Final = 120.0


def _first_status(run: SourceRun) -> str:
    is_deletion = run.reason == SourceRun.Reason.DELETION
    return SourceRun.Status.REMOVING if is_deletion else SourceRun.Status.LISTING


def _lease(_run: SourceRun) -> timedelta:
    return timedelta(seconds=max(_STEP_S, settings.SOURCE_FILE_SECONDS + 60))


source_runs = RunQueue(
    model=SourceRun,
    unfinished_function="source_runs_unfinished",
    limit=lambda: settings.SOURCE_RUNS_AT_ONCE,
    first_status=_first_status,
    lease=_lease,
    related=("source__created_by",),
)
