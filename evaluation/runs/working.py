"""Asks the questions of runs, some seconds of a run at a time.

Each result is saved at once, so that a worker that was killed loses one question, which is asked
again. No database connection is held while a model generates.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone, translation

from chat.answering import Question
from chat.answers.result import AnswerResult
from chat.confidentiality.question_guard import QuestionGuard, QuestionHeld
from chat.expected_usage import expected_of
from evaluation.models import EvaluationResult, EvaluationRun, GoldenQuestion
from evaluation.runs.asking import ask, record
from evaluation.runs.claims import evaluation_runs
from evaluation.runs.figures import Figures
from evaluation.runs.scoring import score
from evaluation.tried_settings import TriedSettings
from inference.catalogue import choose_model
from inference.llm.connections import close_shared_client
from inference.offered_models import EXTRACTS
from ingestion.indexing.generations import asked_in
from ingestion.models import Document
from ingestion.versions import all_versions
from instances.claimed_runs import Claim
from instances.tenancy import in_tenant
from usage.admission import RequestRefused
from usage.quotas.charging import reserve
from usage.quotas.subjects import QuotaHolder
from usage.recording import Requester

# The next run then has its turn.
SLICE_S: Final = 15.0
QUOTA: Final = "quota_reached"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question to ask with its result; without ``question`` it may not be asked."""

    result: EvaluationResult
    golden: GoldenQuestion
    question: Question | None


def work() -> Claim | None:
    """Ask questions of the run whose turn it is; return its claim, None when none waited."""
    claim = evaluation_runs.claim_next()
    if claim is not None:
        asyncio.run(_work(claim))
    return claim


async def _work(claim: Claim) -> None:
    until = monotonic() + SLICE_S
    try:
        while True:
            asked = await in_tenant(claim.instance_id, _next, claim)
            if asked is None:
                return
            answered = await _answer(asked)
            await in_tenant(claim.instance_id, _save, claim, asked, answered)
            if monotonic() > until:
                return
    finally:
        await in_tenant(claim.instance_id, evaluation_runs.release, claim)
        await close_shared_client()


async def _answer(asked: _Asked) -> AnswerResult | None:
    """Ask a question in the language of its instance; None if it may not be asked."""
    if asked.question is None:
        return None
    with translation.override(asked.question.instance.language):
        return await ask(asked.question)


def _next(claim: Claim) -> _Asked | None:
    """Return the next question of a run, with its quotas reserved; finish the run after the last.

    None when there is nothing more to do.
    """
    run = evaluation_runs.claimed_run(claim)
    if run is None:
        return None
    results = EvaluationResult.objects.for_instance(claim.instance_id).filter(run=run)
    result = results.filter(asked_at=None).select_related("question").first()
    if result is None:
        _finish(run)
        return None
    # What a killed worker has reserved expires by itself.
    result.request_id = uuid4()
    result.save(update_fields=["request_id"])
    return _reserved(run, result, result.question)


def _reserved(run: EvaluationRun, result: EvaluationResult, golden: GoldenQuestion) -> _Asked:
    settings = TriedSettings.from_json(run.settings)
    tried = asked_in(settings.applied_to(run.instance), run.index_number)
    tried.tried_version = _version(run)
    model = choose_model(tried) if run.is_by_model else EXTRACTS
    question = Question(
        instance=tried, text=golden.question, model=model, may_fall_back=False, is_batch=True
    )
    try:
        QuestionGuard(tried, model).guarded(golden.question, "")
        holder = QuotaHolder(instance=run.instance, user=run.created_by)
        with transaction.atomic():
            reserve(holder, result.request_id, expected_of(question))
    except QuestionHeld as held:
        result.error_code = held.code
        return _Asked(result, golden, None)
    except RequestRefused:
        result.error_code = QUOTA
        return _Asked(result, golden, None)
    return _Asked(result, golden, question)


def _version(run: EvaluationRun) -> tuple[UUID, int] | None:
    """Return the version that a run tries, with its attempt; None without one."""
    if run.version_id is None:
        return None
    versions = Document.objects.for_instance(run.instance_id)
    held = versions.filter(pk=run.version_id, status=Document.Status.HELD)
    return held.values_list("pk", "attempt").first()


def _save(claim: Claim, asked: _Asked, answered: AnswerResult | None) -> None:
    """Record what an answer cost; save its score unless the run was cancelled or taken over."""
    run = evaluation_runs.claimed_run(claim)
    if answered is not None:
        user_id = run.created_by_id if run is not None else None
        requester = Requester(instance_id=claim.instance_id, user_id=user_id)
        record(answered, request_id=asked.result.request_id, requester=requester)
    if run is None:
        return
    result = asked.result
    if answered is not None:
        expected = [asked.golden.document_id] if asked.golden.document_id else []
        versions = all_versions(claim.instance_id, expected)
        score(result, asked.golden, answered, expected_ids=versions)
    result.asked_at = timezone.now()
    # A question that was removed meanwhile has no result.
    if EvaluationResult.objects.for_instance(claim.instance_id).filter(pk=result.pk).exists():
        result.save(force_update=True)


def _finish(run: EvaluationRun) -> None:
    results = EvaluationResult.objects.for_instance(run.instance_id).filter(run=run)
    run.figures = Figures.of(results).as_json()
    run.status, run.finished_at = EvaluationRun.Status.DONE, timezone.now()
    run.save(update_fields=["figures", "status", "finished_at"])
