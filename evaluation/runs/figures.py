"""The figures of a run, added up over its results."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from evaluation.models import EvaluationResult
from evaluation.runs.scoring import GOOD_RANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers of questions; each ``…_found`` is a part of its ``…_expected``.

    ``refused_rightly`` is a part of ``to_refuse``, ``refused_wrongly`` of the others.
    """

    questions: int = 0
    passed: int = 0
    documents_expected: int = 0
    documents_found: int = 0
    words_expected: int = 0
    words_in_passages: int = 0
    words_in_answers: int = 0
    to_refuse: int = 0
    refused_rightly: int = 0
    refused_wrongly: int = 0
    failed: int = 0
    total_ms: int = 0

    @classmethod
    def of(cls, results: Iterable[EvaluationResult]) -> Self:
        """Add up the results of questions that were asked."""
        asked = [result for result in results if result.asked_at is not None]
        return cls(
            questions=len(asked),
            passed=sum(one.passed for one in asked),
            documents_expected=sum(one.document_rank is not None for one in asked),
            documents_found=sum(1 <= (one.document_rank or 0) <= GOOD_RANK for one in asked),
            words_expected=sum(one.words_in_passages is not None for one in asked),
            words_in_passages=sum(one.words_in_passages is True for one in asked),
            words_in_answers=sum(one.words_in_answer is True for one in asked),
            to_refuse=sum(one.must_be_refused for one in asked),
            refused_rightly=sum(one.must_be_refused and one.is_refused for one in asked),
            refused_wrongly=sum(not one.must_be_refused and one.is_refused for one in asked),
            failed=sum(bool(one.error_code) for one in asked),
            total_ms=sum(one.total_ms for one in asked),
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Self:
        """Return what ``as_json`` has stored; zeros for None."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in (stored or {}).items() if name in known})

    def as_json(self) -> dict[str, int]:
        """Return the figures for a JSON column."""
        return asdict(self)

    @property
    def score(self) -> float:
        """The share of the questions that passed, in [0, 1]."""
        return self.passed / self.questions if self.questions else 0.0

    @property
    def to_answer(self) -> int:
        """Questions that are not to be refused."""
        return self.questions - self.to_refuse
