"""Golden questions of an instance, their runs, and changes that wait for them."""

from evaluation.models.golden_questions import GoldenQuestion, question_digest
from evaluation.models.policies import EvaluationPolicy, HeldChange
from evaluation.models.runs import EvaluationResult, EvaluationRun

__all__ = [
    "EvaluationPolicy",
    "EvaluationResult",
    "EvaluationRun",
    "GoldenQuestion",
    "HeldChange",
    "question_digest",
]
