"""The measurements, inside the application."""

import json
import random
import statistics
from collections.abc import Iterator
from time import perf_counter, process_time
from uuid import uuid4

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from instances.models import Instance
from instances.tenancy import tenant
from usage.estimates import past_estimates
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, new_record, record_requests
from usage.request_costs import RequestCost

MODEL = ModelFigures(
    id="bench",
    active_parameters_b=24.0,
    total_parameters_b=24.0,
    pue=1.3,
)


def measure(slug: str, answers: int) -> None:
    """Print the measurements; runs inside the application."""
    instance = Instance.objects.get(slug=slug)
    requester = Requester(instance_id=instance.pk)
    recorded_ms, computed_ms, inside = [], [], []
    for requests in question_requests(answers):
        started = process_time()
        for each in requests:
            new_record(each, uuid4())
        computed_ms.append(1000 * (process_time() - started))
        with tenant(instance):
            known = past_estimates(instance.pk).get(MODEL.id)
            started_at = perf_counter()
            records = record_requests(requests, request_id=uuid4(), requester=requester)
            recorded_ms.append(1000 * (perf_counter() - started_at))
        if known is not None:
            low, high = known.energy_wh
            inside.append(low <= RequestCost.of(records).energy_wh <= high)
    print(
        json.dumps(
            {
                "answers": answers,
                "recording_ms": quantiles(recorded_ms),
                "computing_cpu_ms": quantiles(computed_ms),
                "estimated": len(inside),
                "inside_the_estimate": round(statistics.mean(inside), 3),
            },
            indent=2,
        )
    )


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
