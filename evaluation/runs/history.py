"""Past runs: their scores over time as a chart, and what they cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from evaluation.models import EvaluationResult, EvaluationRun
from evaluation.runs.figures import Figures
from usage.models import UsageRecord

COLUMN_WIDTH = 10
HEIGHT = 100
# In the chart; the list below it has all.
SHOWN = 60


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run with its figures; ``x``, ``y`` and ``height`` are those of its column."""

    run: EvaluationRun
    figures: Figures
    x: int = 0

    @property
    def height(self) -> float:
        """The height of the column, up to ``HEIGHT``."""
        return round(HEIGHT * self.figures.score, 2)

    @property
    def y(self) -> float:
        """The top of the column."""
        return round(HEIGHT - self.height, 2)


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """The scores of runs, the oldest first."""

    columns: Sequence[PastRun]

    @property
    def width(self) -> int:
        """The width of the view box."""
        return COLUMN_WIDTH * len(self.columns)


def score_chart(runs: Iterable[EvaluationRun]) -> ScoreChart:
    """Return the chart of the latest runs that are done; ``runs`` are the newest first."""
    done = [run for run in runs if run.status == EvaluationRun.Status.DONE][:SHOWN]
    return ScoreChart(
        [
            PastRun(run, Figures.from_json(run.figures), number * COLUMN_WIDTH)
            for number, run in enumerate(reversed(done))
        ]
    )


@dataclass(frozen=True, slots=True)
class RunCost:
    """What the answers of a run cost; ``methods`` says how the energy was determined."""

    energy_wh: float = 0.0
    gco2e: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: Mapping[str, Decimal] = field(default_factory=dict)
    methods: tuple[str, ...] = ()


def costs_of(instance_id: int, runs: Iterable[EvaluationRun]) -> dict[UUID, RunCost]:
    """Return the cost of each run, from the usage records of its questions.

    Only the answers count: every run searches alike. Runs inside ``tenant(instance)``.
    """
    return {run.pk: _cost_of(instance_id, run) for run in runs}


def _cost_of(instance_id: int, run: EvaluationRun) -> RunCost:
    requests = EvaluationResult.objects.for_instance(instance_id).filter(run=run)
    records = UsageRecord.objects.for_instance(instance_id).filter(
        kind=UsageRecord.Kind.EVALUATION, request_id__in=requests.values("request_id")
    )
    sums = records.aggregate(
        energy_wh=Sum("energy_wh", default=0.0),
        use=Sum("gco2e_usage", default=0.0),
        made=Sum("gco2e_embodied", default=0.0),
        prompt_tokens=Sum("prompt_tokens", default=0),
        completion_tokens=Sum("completion_tokens", default=0),
    )
    money = records.exclude(currency="").values_list("currency").annotate(total=Sum("cost"))
    return RunCost(
        energy_wh=sums["energy_wh"],
        gco2e=sums["use"] + sums["made"],
        prompt_tokens=sums["prompt_tokens"],
        completion_tokens=sums["completion_tokens"],
        money=dict(money.order_by("currency")),
        methods=tuple(records.order_by("method").values_list("method", flat=True).distinct()),
    )
