"""Starts and cancels runs. Each function runs inside ``tenant(instance)``."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from evaluation.models import EvaluationResult, EvaluationRun, GoldenQuestion
from evaluation.tried_settings import TriedSettings
from instances.models import Instance
from people.models import User
from web.enqueueing import enqueue_on_commit

WORK = "evaluation.tasks.work"


class NoGoldenQuestion(Exception):
    """The instance has no golden question to ask."""


def start_run(
    *,
    instance: Instance,
    reason: EvaluationRun.Reason,
    settings: TriedSettings,
    is_by_model: bool,
    user: User | None,
    group: UUID | None = None,
    index_number: int | None = None,
    version_id: UUID | None = None,
) -> EvaluationRun:
    """Create a run of the present golden questions, and call a worker.

    ``index_number`` is that of the search index which is asked, None: the one that answers;
    ``version_id`` that of a version of a document, None: those that answer.
    Raises NoGoldenQuestion.
    """
    with transaction.atomic():
        questions = list(GoldenQuestion.objects.for_instance(instance))
        if not questions:
            raise NoGoldenQuestion(instance.slug)
        run = EvaluationRun.objects.create(
            instance=instance,
            reason=reason,
            settings=settings.as_json(),
            is_by_model=is_by_model,
            created_by=user,
            group=group,
            index_number=index_number,
            version_id=version_id,
        )
        EvaluationResult.objects.bulk_create(
            EvaluationResult(
                instance=instance,
                run=run,
                question=golden,
                must_be_refused=golden.must_be_refused,
            )
            for golden in questions
        )
        enqueue_on_commit(WORK)
    return run


def cancel_run(run: EvaluationRun) -> None:
    """Cancel a run unless it is done; its worker stops after the present question."""
    unfinished = EvaluationRun.objects.for_instance(run.instance_id).filter(
        pk=run.pk, status__in=EvaluationRun.UNFINISHED
    )
    unfinished.update(status=EvaluationRun.Status.CANCELLED, finished_at=timezone.now())
