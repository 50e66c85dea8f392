"""Runs on schedule."""

from datetime import timedelta

import pytest
from django.utils import timezone

from evaluation.held_changes.policy import holds_back_changes, policy_of, save_policy
from evaluation.models import EvaluationPolicy, EvaluationRun
from evaluation.tasks import reconcile
from instances.models import AuditEntry, Instance
from instances.tenancy import overseeing, tenant
from tests.cast import Cast
from tests.evaluation.factories import EvaluationPolicyFactory, GoldenQuestionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("evaluation.runs.starting", "evaluation.tasks"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", lambda _task: None)


def runs(cast: Cast) -> list[EvaluationRun]:
    with tenant(cast.instance):
        return list(EvaluationRun.objects.for_instance(cast.instance))


def due(cast: Cast, schedule: str) -> EvaluationPolicy:
    """A policy whose next run is due."""
    past = timezone.now() - timedelta(minutes=1)
    policy: EvaluationPolicy = EvaluationPolicyFactory(
        instance=cast.instance, schedule=schedule, next_run_at=past, is_by_model=True
    )
    return policy


@pytest.mark.parametrize(("schedule", "days"), [("daily", 1), ("weekly", 7)])
def test_due_run_is_started_once_and_the_next_is_scheduled(
    cast: Cast, schedule: str, days: int
) -> None:
    GoldenQuestionFactory(instance=cast.instance)
    policy = due(cast, schedule)
    reconcile()
    reconcile()
    (run,) = runs(cast)
    assert (run.reason, run.is_by_model, run.created_by) == ("scheduled", True, None)
    with tenant(cast.instance):
        policy.refresh_from_db()
    assert policy.next_run_at is not None
    wait = policy.next_run_at - timezone.now()
    assert timedelta(days=days, minutes=-5) < wait <= timedelta(days=days)


def test_nothing_is_started_without_questions_or_in_an_archived_instance(cast: Cast) -> None:
    due(cast, "daily")
    reconcile()
    GoldenQuestionFactory(instance=cast.instance)
    with tenant(cast.instance):
        EvaluationPolicy.objects.update(next_run_at=timezone.now())
    Instance.objects.filter(pk=cast.instance.pk).update(status=Instance.Status.ARCHIVED)
    reconcile()
    assert runs(cast) == []


def test_schedule_is_saved_and_audited(cast: Cast) -> None:
    with tenant(cast.instance):
        policy = policy_of(cast.instance)
        policy.schedule = EvaluationPolicy.Schedule.WEEKLY
        save_policy(policy, tries_versions=False)
        assert policy.next_run_at is not None
        policy = policy_of(cast.instance)
        policy.schedule = EvaluationPolicy.Schedule.NEVER
        save_policy(policy, tries_versions=False)
        assert policy_of(cast.instance).next_run_at is None
        save_policy(policy_of(cast.instance), tries_versions=False)
    with overseeing():
        entries = AuditEntry.objects.filter(action="evaluation.changed")
        # The keys of entries are in no order.
        schedules = sorted(str(entry.detail.get("schedule")) for entry in entries)
    assert schedules == ["['weekly', 'never']", "[None, 'weekly']"]


def test_changes_are_held_back_only_with_golden_questions(cast: Cast) -> None:
    EvaluationPolicyFactory(instance=cast.instance)
    with tenant(cast.instance):
        assert not holds_back_changes(cast.instance)
    GoldenQuestionFactory(instance=cast.instance)
    with tenant(cast.instance):
        assert holds_back_changes(cast.instance)
        EvaluationPolicy.objects.update(holds_back=False)
        assert not holds_back_changes(cast.instance)
