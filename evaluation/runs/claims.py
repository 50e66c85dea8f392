"""Claims of the runs of golden questions by workers: one run of the site at a time."""

from datetime import timedelta
from typing import Final

from evaluation.models import EvaluationRun
from evaluation.runs.asking import TIMEOUT_S
from instances.claimed_runs import RunQueue

# Extracts need a fraction of a second.
_LEASE_OF_EXTRACTS: Final = timedelta(seconds=30)
_LEASE_OF_MODEL: Final = timedelta(seconds=TIMEOUT_S + 30)
# Threads of the worker that embeds documents and runs the reconcilers.
_LIMIT: Final = 1

evaluation_runs = RunQueue(
    model=EvaluationRun,
    unfinished_function="evaluation_runs_unfinished",
    limit=lambda: _LIMIT,
    first_status=lambda _run: EvaluationRun.Status.RUNNING,
    lease=lambda run: _LEASE_OF_MODEL if run.is_by_model else _LEASE_OF_EXTRACTS,
    related=("created_by",),
)
