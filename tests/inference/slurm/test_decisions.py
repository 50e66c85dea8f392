"""Which jobs are started and stopped, from rows and queues alone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inference.models import ServerJob
from inference.slurm.decisions import Demand, Start, next_start, retry_at, stops
from tests.inference.factories import JobTemplateFactory, ServerJobFactory

State, Reason = ServerJob.State, ServerJob.Reason
NOW = timezone.now()


@pytest.fixture
def template(db):
    return JobTemplateFactory(
        partition="main",
        overflow_partition="second",
        overflow_waiting=6,
        waiting_per_job=3,
        max_jobs=3,
        wall_minutes=60,
        start_minutes=10,
        idle_minutes=5,
    )


def job(template, state=State.READY, **fields):
    return ServerJobFactory(template=template, state=state, **fields)


def after(minutes):
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("states", "waiting", "partition"),
    [
        pytest.param([], 0, None, id="nobody-waits"),
        pytest.param([], 1, "main", id="the-first-question-starts-a-job"),
        pytest.param([State.PENDING], 2, None, id="it-is-starting-already"),
        pytest.param([State.REQUESTED], 2, None, id="it-was-requested-already"),
        pytest.param([State.READY], 2, None, id="few-wait-for-the-job"),
        pytest.param([State.READY], 3, "main", id="many-wait-for-the-job"),
        pytest.param([State.READY, State.RUNNING], 4, None, id="the-next-covers-two"),
        pytest.param([State.READY, State.RUNNING], 5, "main", id="the-next-does-not-suffice"),
        pytest.param([State.READY], 6, "second", id="second-partition-from-the-threshold"),
        pytest.param([State.PENDING], 6, "second", id="main-partition-is-full"),
        pytest.param([State.READY] * 3, 100, None, id="never-more-than-the-most"),
    ],
)
def test_next_job_depends_on_how_many_wait(template, states, waiting, partition):
    jobs = [job(template, state) for state in states]
    start = next_start(template, jobs, Demand(waiting, {}), NOW, 60)
    assert start == (Start(partition) if partition else None)


def test_least_number_of_jobs_runs_without_questions(template):
    template.min_jobs = 2
    assert next_start(template, [job(template)], Demand(0, {}), NOW, 60) == Start("main")
    both = [job(template, idle_since=after(-60)) for _ in range(2)]
    assert list(stops(template, both, NOW)) == []


def test_job_is_replaced_once_before_its_wall_time_ends(template):
    template.max_jobs = 1
    old = job(template, ends_at=after(10), partition="second")
    assert next_start(template, [old], Demand(0, {}), NOW, 60) is None
    # Half as long again as a start, and the last answers.
    old.ends_at = after(3)
    assert next_start(template, [old], Demand(0, {}), NOW, 60) == Start("second", old)
    new = job(template, State.RUNNING, replaces=old)
    assert next_start(template, [old, new], Demand(0, {}), NOW, 60) is None
    assert list(stops(template, [old, new], NOW)) == []
    new.state = State.READY
    assert list(stops(template, [old, new], NOW)) == [(old, Reason.REPLACED)]
    old.ends_at = after(1)
    assert list(stops(template, [old], NOW)) == [(old, Reason.WALL_TIME)]


@pytest.mark.parametrize(
    ("state", "fields", "reason"),
    [
        (State.READY, {"idle_since": after(-6)}, Reason.IDLE),
        (State.READY, {"idle_since": after(-4)}, None),
        (State.READY, {"idle_since": None}, None),
        (State.PENDING, {"idle_since": after(-6)}, Reason.SURPLUS),
        (State.PENDING, {"started_at": None}, None),
        (State.RUNNING, {"started_at": after(-11)}, Reason.LATE),
        (State.RUNNING, {"started_at": after(-9)}, None),
        (
            State.REGISTERED,
            {"started_at": after(-30), "registered_at": after(-11)},
            Reason.NOT_ANSWERING,
        ),
        (State.READY, {"failed_checks": 3}, Reason.NOT_ANSWERING),
        (State.READY, {"failed_checks": 2}, None),
    ],
)
def test_job_is_stopped_with_its_reason(template, state, fields, reason):
    one = job(template, state, **fields)
    assert list(stops(template, [one], NOW)) == ([(one, reason)] if reason else [])


def test_all_jobs_of_a_disabled_backend_are_stopped(template):
    template.backend.is_enabled = False
    jobs = [job(template, state) for state in (State.REQUESTED, State.PENDING, State.READY)]
    assert list(stops(template, jobs, NOW)) == [(one, Reason.DISABLED) for one in jobs]


def test_pause_doubles_with_each_failure_until_a_job_answers_or_the_template_changes(template):
    def failed(minutes, **fields):
        at = after(minutes)
        return job(
            template, State.ENDED, requested_at=at, ended_at=at, reason=Reason.LATE, **fields
        )

    template.updated_at = NOW
    assert retry_at(template, []) is None
    first, second = failed(10), failed(20)
    assert retry_at(template, [first]) == after(11)
    assert retry_at(template, [second, first]) == after(22)
    assert retry_at(template, [second, failed(15, ready_at=NOW), first]) == after(21)
    idle = job(template, State.ENDED, reason=Reason.IDLE, ended_at=after(30))
    assert retry_at(template, [idle, second]) is None
    template.updated_at = after(15)
    assert retry_at(template, [second, first]) == after(21)
