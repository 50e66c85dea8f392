"""Removes what is gone, and ends runs. Each function runs inside ``tenant(instance)``."""

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from sources.models import Source, SourceItem, SourceRun
from sources.runs.notices import failure_told
from sources.runs.storing import add_line, remove_item

# Documents removed in one transaction.
_BATCH: Final = 10
# Its owner is told after so many runs that failed one after the other.
TOLD_AFTER: Final = 3
# Runs that are kept for each source.
_KEPT_RUNS: Final = 50


def remove_gone(run: SourceRun) -> bool:
    """Remove some of what is gone, or end the run; return whether there is more to do."""
    if run.reason == SourceRun.Reason.DELETION:
        return _remove_source(run)
    items = SourceItem.objects.for_instance(run.instance_id).filter(source=run.source_id)
    if not run.is_truncated:
        unseen = items.filter(Q(run=None) | ~Q(run=run.pk))
        unseen.filter(missing_since=None).update(missing_since=timezone.now())
    # Also those that went missing before, if this run has not seen them.
    limit = timezone.now() - timedelta(days=run.source.grace_days)
    gone = list(items.filter(missing_since__lte=limit).select_related("document")[:_BATCH])
    for row in gone:
        if remove_item(row):
            run.removed += 1
            add_line(run, row, SourceItem.Outcome.REMOVED)
    if gone:
        run.save(update_fields=["removed", "lines"])
        return True
    _finish(run)
    return False


def fail_run(run: SourceRun, code: str) -> None:
    """End a run of which nothing more can be done; what it has stored remains."""
    SourceItem.objects.for_instance(run.instance_id).filter(run=run, is_pending=True).update(
        is_pending=False
    )
    run.error_code = code
    _end(run, SourceRun.Status.FAILED)


def _finish(run: SourceRun) -> None:
    succeeded = run.added + run.changed + run.unchanged
    has_failed = run.failed > 0 and succeeded == 0
    if has_failed:
        run.error_code = next((line["code"] for line in run.lines if line["code"]), run.error_code)
    _end(run, SourceRun.Status.FAILED if has_failed else SourceRun.Status.DONE)


def _end(run: SourceRun, status: SourceRun.Status) -> None:
    run.status, run.finished_at, run.claimed_until = status, timezone.now(), None
    run.save()
    source = Source.objects.select_for_update().get(pk=run.source_id)
    if status == SourceRun.Status.DONE:
        source.failures, source.is_failure_told = 0, False
    else:
        source.failures += 1
        if source.failures >= TOLD_AFTER and not source.is_failure_told:
            source.is_failure_told = True
            failure_told(source)
    source.save(update_fields=["failures", "is_failure_told"])
    runs = SourceRun.objects.for_instance(run.instance_id).filter(source=source)
    old = runs.order_by("-created_at").values_list("pk", flat=True)[_KEPT_RUNS:]
    SourceRun.objects.for_instance(run.instance_id).filter(pk__in=list(old)).delete()


def _remove_source(run: SourceRun) -> bool:
    """Delete some documents of a source that is deleted with them; after the last, the source."""
    items = SourceItem.objects.for_instance(run.instance_id).filter(source=run.source_id)
    rows = list(items.select_related("document")[:_BATCH])
    for row in rows:
        remove_item(row)
    if not rows:
        Source.objects.for_instance(run.instance_id).filter(pk=run.source_id).delete()
    return bool(rows)
