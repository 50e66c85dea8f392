"""Runs of the same questions side by side: their figures, and the questions that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.models import EvaluationResult, EvaluationRun, GoldenQuestion
from evaluation.runs.figures import Figures
from evaluation.runs.history import RunCost, costs_of
from evaluation.settings_wording import MODEL_LINE, setting_lines
from evaluation.tried_settings import TriedSettings
from instances.models import Instance


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run with its figures and costs, while it is under way as well."""

    run: EvaluationRun
    figures: Figures
    cost: RunCost
    settings: list[tuple[str, Any]]
    total: int

    @property
    def model(self) -> str:
        """The name of its model."""
        return str(self.settings[MODEL_LINE][1])


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """Runs, and the questions that passed in some of them only, with the result in each."""

    runs: list[ComparedRun]
    differing: list[tuple[GoldenQuestion, list[EvaluationResult | None]]]

    @property
    def unfinished(self) -> EvaluationRun | None:
        """One of those under way, if any."""
        return next((one.run for one in self.runs if one.run.is_unfinished), None)


def compared_runs(instance: Instance, runs: Sequence[EvaluationRun | None]) -> ComparedRuns:
    """Compare runs; deleted ones are left out. Runs inside ``tenant(instance)``."""
    present = [run for run in runs if run is not None]
    results = EvaluationResult.objects.for_instance(instance).filter(run__in=present)
    by_run: dict[Any, dict[int, EvaluationResult]] = {run.pk: {} for run in present}
    questions: dict[int, GoldenQuestion] = {}
    for result in results.select_related("question"):
        by_run[result.run_id][result.question_id] = result
        questions[result.question_id] = result.question
    costs = costs_of(instance.pk, present)
    compared = [
        ComparedRun(
            run,
            _figures(run, by_run[run.pk].values()),
            costs[run.pk],
            setting_lines(instance, TriedSettings.from_json(run.settings)),
            len(by_run[run.pk]),
        )
        for run in present
    ]
    rows = {pk: [_asked(by_run[run.pk].get(pk)) for run in present] for pk in questions}
    differing = [
        (questions[pk], row)
        for pk, row in rows.items()
        if len({one.passed for one in row if one is not None}) > 1
    ]
    return ComparedRuns(compared, differing)


def _asked(result: EvaluationResult | None) -> EvaluationResult | None:
    return result if result is not None and result.asked_at is not None else None


def _figures(run: EvaluationRun, results: Any) -> Figures:
    done = run.status == EvaluationRun.Status.DONE
    return Figures.from_json(run.figures) if done else Figures.of(results)
