"""Celery tasks of evaluation: the questions of runs, schedules, held changes, search indexes."""

from celery import shared_task
from django.utils import timezone

from evaluation.held_changes.indexes import decide_index
from evaluation.held_changes.policy import start_if_due
from evaluation.held_changes.trying import decide_tried
from evaluation.held_changes.versions import decide_versions
from evaluation.runs.claims import evaluation_runs
from evaluation.runs.starting import WORK
from evaluation.runs.working import work as ask_questions
from ingestion.models import IndexGeneration
from instances.across_instances import call_function
from instances.models import Instance
from instances.tenancy import tenant
from web.enqueueing import enqueue_on_commit


@shared_task(name=WORK, ignore_result=True)
def work() -> None:
    """Ask questions of the next run, for some seconds; decide the change that waited for it."""
    try:
        claim = ask_questions()
        if claim is not None:
            _decide(claim.instance_id)
    finally:
        _enqueue_if_waiting()


@shared_task(name="evaluation.tasks.reconcile", ignore_result=True, expires=60)
def reconcile() -> None:
    """Start the runs that are due, and continue what killed workers have left."""
    now = timezone.now()
    for (instance_id,) in call_function("instances_with_due_evaluation", now):
        with tenant(instance_id):
            start_if_due(Instance.objects.select_related("organisation").get(pk=instance_id), now)
    for (instance_id,) in call_function("instances_with_tried_change"):
        _decide(instance_id)
    for (instance_id,) in call_function("instances_with_held_versions"):
        _decide(instance_id)
    for instance_id, _number, status, *_times in call_function("index_generations_at_work"):
        if status == IndexGeneration.Status.BUILT:
            _decide(instance_id)
    _enqueue_if_waiting()


def _decide(instance_id: int) -> None:
    with tenant(instance_id):
        instance = Instance.objects.select_related("organisation").filter(pk=instance_id).first()
        if instance is not None:
            decide_tried(instance)
            decide_index(instance)
            decide_versions(instance)


def _enqueue_if_waiting() -> None:
    if evaluation_runs.is_work_waiting():
        enqueue_on_commit(WORK)
