"""The measurements, inside the application."""

import json
import random
import statistics
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from time import perf_counter, process_time
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Instance
from instances.tenancy import tenant
from people.models import User
from usage.estimates import past_estimates
from usage.models import Quota
from usage.quotas.charging import Expected, reserve
from usage.quotas.subjects import QuotaHolder
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, new_record, record_requests
from usage.request_costs import RequestCost

MODEL = ModelFigures(
    id="bench",
    active_parameters_b=24.0,
    total_parameters_b=24.0,
    pue=1.3,
    prompt_price=Decimal(1),
    completion_price=Decimal(2),
)


QUOTAS = [
    # Per, measure, period.
    (Quota.Per.MEMBER, Quota.Measure.REQUESTS, Quota.Period.HOUR),
    (Quota.Per.MEMBER, Quota.Measure.TOKENS, Quota.Period.DAY),
    (Quota.Per.INSTANCE, Quota.Measure.ENERGY, Quota.Period.DAY),
    (Quota.Per.ORGANISATION, Quota.Measure.COST, Quota.Period.MONTH),
]


def measure(slug: str, answers: int) -> None:
    """Print the measurements; runs inside the application."""
    instance = Instance.objects.get(slug=slug)
    user = User.objects.get(username=f"{slug}-0")
    found = {"no_quota": record_answers(instance, user, answers)}
    for per, measure, period in QUOTAS:
        Quota.objects.create(
            organisation=instance.organisation,
            per=per,
            measure=measure,
            period=period,
            amount=10**9,
        )
    found["four_quotas"] = record_answers(instance, user, answers)
    print(json.dumps({"answers": answers} | found, indent=2))


def record_answers(instance: Instance, user: User, answers: int) -> dict[str, object]:
    """Reserve quotas for questions, and record them; return times, queries and estimates."""
    holder = QuotaHolder(instance=instance, user=user)
    requester = Requester(instance_id=instance.pk, user_id=user.pk)
    times: defaultdict[str, list[float]] = defaultdict(list)
    inside = []
    for requests in question_requests(answers):
        request_id = uuid4()
        started = process_time()
        for each in requests:
            new_record(each, request_id)
        times["computing_cpu_ms"].append(1000 * (process_time() - started))
        expected = Expected(model=MODEL, tokens=TokenUsage(4_000, 1_000))
        with tenant(instance), timed(times["reserving_ms"]):
            reserve(holder, request_id, expected)
        with tenant(instance):
            known = past_estimates(instance.pk).get(MODEL.id)
            cpu_s = process_time()
            with timed(times["recording_ms"]):
                records = record_requests(requests, request_id=request_id, requester=requester)
            times["recording_cpu_ms"].append(1000 * (process_time() - cpu_s))
        if known is not None:
            low, high = known.energy_wh
            inside.append(low <= RequestCost.of(records).energy_wh <= high)
    with tenant(instance), CaptureQueriesContext(connection) as captured:
        record_requests(requests, request_id=request_id, requester=requester)
    both = zip(times["reserving_ms"], times["recording_ms"], strict=True)
    times["together_ms"] = [sum(each) for each in both]
    return {name: quantiles(values) for name, values in times.items()} | {
        "statements": len(captured),
        "estimated": len(inside),
        "inside_the_estimate": round(statistics.mean(inside), 3),
    }


@contextmanager
def timed(times: list[float]) -> Iterator[None]:
    """Add the milliseconds of a block to ``times``."""
    started = perf_counter()
    yield
    times.append(1000 * (perf_counter() - started))


def question_requests(answers: int) -> Iterator[list[MeasuredRequest]]:
    """Yield the requests of questions of random lengths, the same at every run."""
    chance = random.Random(10)
    for _ in range(answers):
        written = 20 + int(chance.lognormvariate(5.3, 0.7))
        seconds = written / chance.uniform(20, 60)
        yield [
            MeasuredRequest(
                kind=Kind.ANSWER,
                outcome=Outcome.COMPLETE,
                model_id=MODEL.id,
                llm=MODEL,
                tokens=TokenUsage(int(chance.uniform(1_000, 3_000)), written),
                latency_s=seconds,
                total_ms=1000 * seconds,
            ),
            MeasuredRequest(
                kind=Kind.REWRITING,
                outcome=Outcome.COMPLETE,
                model_id=MODEL.id,
                llm=MODEL,
                tokens=TokenUsage(int(chance.uniform(200, 800)), 20),
            ),
            MeasuredRequest(
                kind=Kind.EMBEDDING,
                outcome=Outcome.COMPLETE,
                model_id="embedding",
                cpu_seconds=chance.uniform(0.01, 0.1),
            ),
        ]


def quantiles(values: list[float]) -> dict[str, float]:
    """The median and the 95th percentile."""
    ordered = sorted(values)
    return {
        "p50": round(ordered[len(ordered) // 2], 2),
        "p95": round(ordered[len(ordered) * 95 // 100], 2),
    }
