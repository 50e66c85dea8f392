"""Kill the worker with -9 while it asks golden questions: the run continues where it was."""

import json
from typing import Any

import pytest

from bench.stack import Stack
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.crash

N_QUESTIONS = 300

_START = """
from evaluation.models import GoldenQuestion, question_digest
from evaluation.runs.starting import start_run
from evaluation.tried_settings import TriedSettings
from instances.models import Instance
from instances.tenancy import tenant
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    texts = ["Quelle est la règle numéro %d ?" % number for number in range({n_questions})]
    GoldenQuestion.objects.bulk_create(
        GoldenQuestion(instance=instance, question=text, digest=question_digest(text),
                       must_be_refused=True) for text in texts)
    start_run(instance=instance, reason="asked", settings=TriedSettings.of(instance),
              is_by_model=False, user=None)
"""
_STATE = """
import json
from evaluation.models import EvaluationResult, EvaluationRun
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import UsageRecord
with tenant(Instance.objects.get(slug="{slug}")):
    run = EvaluationRun.objects.get()
    asked = EvaluationResult.objects.exclude(asked_at=None)
    records = UsageRecord.objects.filter(kind="evaluation")
    print(json.dumps(dict(
        status=run.status,
        attempt=run.attempt,
        asked=asked.count(),
        first=str(min(asked.values_list("asked_at", flat=True), default="")),
        recorded=records.values("request_id").distinct().count(),
        figures=run.figures,
    )))
"""


def state(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.shell(_STATE.format(slug=stack.tenancy.slug)))
    return found


def test_run_continues_after_its_worker_is_killed(stack: Stack) -> None:
    stack.shell(_START.format(slug=stack.tenancy.slug, n_questions=N_QUESTIONS))
    wait_until(lambda: state(stack)["asked"] > 0, "the first questions")
    stack.kill("worker-embed")
    before = state(stack)
    assert before["status"] == "running"
    assert before["asked"] < N_QUESTIONS
    wait_until(lambda: state(stack)["status"] == "done", "the end of the run")
    after = state(stack)
    # What was asked before is kept; one question at most was asked twice.
    assert after["first"] == before["first"]
    assert after["attempt"] > before["attempt"]
    assert after["figures"]["questions"] == N_QUESTIONS
    assert after["recorded"] in (N_QUESTIONS, N_QUESTIONS + 1)
