"""The golden questions asked before and after a change."""

from dataclasses import dataclass

from evaluation.models import EvaluationRun
from evaluation.runs.figures import Figures


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """The runs of the golden questions without a change and with it; None: deleted."""

    before: EvaluationRun | None
    after: EvaluationRun | None

    @property
    def runs(self) -> list[EvaluationRun]:
        """Those that were not deleted."""
        return [run for run in (self.before, self.after) if run is not None]

    @property
    def is_unfinished(self) -> bool:
        """Whether questions are still to be asked."""
        return any(run.is_unfinished for run in self.runs)

    @property
    def is_not_lower(self) -> bool:
        """Whether both runs are done, and as many questions pass in the second or more."""
        done = EvaluationRun.Status.DONE
        if self.before is None or self.after is None:
            return False
        if {self.before.status, self.after.status} != {done}:
            return False
        after = Figures.from_json(self.after.figures).score
        return after >= Figures.from_json(self.before.figures).score
