"""Golden questions of an instance."""

from evaluation.models.golden_questions import GoldenQuestion, question_digest

__all__ = ["GoldenQuestion", "question_digest"]
