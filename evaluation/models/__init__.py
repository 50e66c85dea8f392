"""Golden questions of an instance, and their runs."""

from evaluation.models.golden_questions import GoldenQuestion, question_digest
from evaluation.models.runs import EvaluationResult, EvaluationRun

__all__ = ["EvaluationResult", "EvaluationRun", "GoldenQuestion", "question_digest"]
