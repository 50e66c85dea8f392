"""Compares a new search index with the present one by the golden questions, before it answers.

An index that is complete answers by itself if whoever started it wanted so, it has all documents,
and as many golden questions pass as before; else an administrator decides on the page *Search
index*. Without golden questions nothing is compared. Runs inside ``tenant(instance)``.
"""

import logging
from uuid import UUID, uuid5

from django.db import OperationalError

from evaluation.held_changes.before_and_after import BeforeAndAfter
from evaluation.models import EvaluationRun, GoldenQuestion
from evaluation.runs.starting import start_run
from evaluation.tried_settings import TriedSettings
from inference.errors import ModelNotFound
from ingestion.models import IndexGeneration
from ingestion.reindexing.documents import failures_in
from ingestion.reindexing.switching import NotInStep, switch
from instances.audit.log import Origin, acting_as
from instances.models import Instance

logger = logging.getLogger(__name__)

_GROUPS = UUID("6f0e0f5c-6f5e-4a1f-9d0b-0a2f3c1b7d53")


def comparison_of(generation: IndexGeneration) -> BeforeAndAfter | None:
    """Return the comparison of an index, None if there is none."""
    runs = EvaluationRun.objects.for_instance(generation.instance_id).filter(
        group=_group(generation)
    )
    found = {run.index_number == generation.number: run for run in runs}
    return BeforeAndAfter(found[False], found[True]) if len(found) == 2 else None


def decide_index(instance: Instance) -> None:
    """Compare the index that is complete, or let it answer; nothing without one."""
    generation = (
        IndexGeneration.objects.for_instance(instance)
        .select_for_update(of=("self",))
        .select_related("requested_by")
        .filter(status=IndexGeneration.Status.BUILT)
        .first()
    )
    if generation is None:
        return
    has_questions = GoldenQuestion.objects.for_instance(instance).exists()
    if has_questions and not generation.is_return:
        comparison = comparison_of(generation)
        if comparison is None:
            _compare(instance, generation)
            return
        if not comparison.is_not_lower:
            return
    if generation.switches_itself and not failures_in(instance.pk, generation.number):
        _switch(generation)


def _compare(instance: Instance, generation: IndexGeneration) -> None:
    for number in (instance.index_generation, generation.number):
        start_run(
            instance=instance,
            reason=EvaluationRun.Reason.INDEX,
            settings=TriedSettings.of(instance),
            is_by_model=False,
            user=generation.requested_by,
            group=_group(generation),
            index_number=number,
        )


def _switch(generation: IndexGeneration) -> None:
    """Let it answer, as the person who asked for it; later if it is not in step."""
    try:
        with acting_as(Origin(user=generation.requested_by)):
            switch(generation.instance_id, generation.number)
    except (NotInStep, OperationalError, ModelNotFound) as error:
        logger.info("index %s of instance %s: %s", generation.number, generation.instance_id, error)


def _group(generation: IndexGeneration) -> UUID:
    return uuid5(_GROUPS, f"{generation.instance_id}/{generation.number}")
