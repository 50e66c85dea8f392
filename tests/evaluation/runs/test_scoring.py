"""What a golden question passes by."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from chat.answers.result import AnswerResult
from evaluation.models import EvaluationResult, GoldenQuestion
from evaluation.runs.figures import Figures
from evaluation.runs.scoring import holds, score
from inference.offered_models import EXTRACTS
from tests.chat.answers.quoting.test_extractive import passage
from usage.models import AnswerStatus

LEAVE, OTHER = UUID(int=1), UUID(int=2)


def scored(
    expected: dict[str, Any],
    *,
    documents: tuple[UUID, ...] = (LEAVE,),
    text: str = "Vingt-cinq jours [1].",
    status: str = AnswerStatus.COMPLETE,
    **answered: Any,
) -> EvaluationResult:
    """The result of a golden question for an answer made from passages of these documents."""
    chunks = tuple(
        replace(
            passage("Ils ont **vingt-cinq** jours par an.", score=float(-rank)),
            document_id=document,
            document_name=f"{document.int}.pdf",
            page_start=3,
            page_end=4,
        )
        for rank, document in enumerate(documents)
    )
    answer = replace(
        AnswerResult.empty(EXTRACTS.figures), chunks=chunks, text=text, status=status, **answered
    )
    result = EvaluationResult()
    score(result, GoldenQuestion(**expected), answer, expected_ids={LEAVE})
    return result


DOCUMENT = {"document_id": LEAVE, "document_name": "1.pdf"}


@pytest.mark.parametrize(
    ("expected", "answer", "passed"),
    [
        pytest.param({"must_be_refused": True}, {"status": "nothing_found"}, True, id="refused"),
        pytest.param({"must_be_refused": True}, {}, False, id="answered"),
        pytest.param(DOCUMENT, {}, True, id="document"),
        pytest.param(DOCUMENT, {"status": "nothing_found"}, False, id="wrongly refused"),
        pytest.param(DOCUMENT, {"documents": (OTHER,)}, False, id="other document"),
        pytest.param({"document_name": "1.pdf"}, {}, True, id="deleted document, by name"),
        pytest.param(DOCUMENT | {"page": 4}, {}, True, id="page"),
        pytest.param(DOCUMENT | {"page": 5}, {}, False, id="other page"),
        pytest.param({"words": "VINGT-CINQ jours"}, {}, True, id="words"),
        pytest.param({"words": "vingt-cinq\ntrente"}, {}, False, id="not all words"),
        pytest.param({"words": "jours"}, {"text": "Oui [1]."}, False, id="words not in answer"),
        pytest.param({}, {"status": "failed", "error_code": "timeout"}, False, id="failed"),
        pytest.param({}, {"model_id": "another"}, False, id="replaced by extracts"),
    ],
)
def test_question_passes(expected: dict[str, Any], answer: dict[str, Any], passed: bool) -> None:
    assert scored(expected, **answer).passed is passed


def test_document_has_its_rank_among_documents() -> None:
    others = [uuid4() for _ in range(5)]
    second = scored(DOCUMENT, documents=(others[0], others[0], LEAVE))
    assert (second.document_rank, second.passed) == (2, True)
    sixth = scored(DOCUMENT, documents=(*others, LEAVE))
    assert (sixth.document_rank, sixth.passed) == (6, False)
    assert scored(DOCUMENT, documents=tuple(others)).document_rank == 0


def test_what_is_not_expected_has_no_result() -> None:
    result = scored({})
    found = (result.document_rank, result.page_found, result.words_in_passages)
    assert (*found, result.words_in_answer) == (None, None, None, None)
    assert result.passed


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("l’été", "Pendant l'ÉTÉ, tout ferme."),
        ("au moins 25 jours", "Au **moins** 25 [1]\njours"),
        ("1 200 €", "Il coûte 1\u202f200\u00a0€."),
    ],
)
def test_words_are_found_whatever_their_marks(phrase: str, text: str) -> None:
    assert holds([phrase], [text])
    assert not holds([phrase + "x"], [text])


def test_figures_add_up() -> None:
    results = [
        scored(DOCUMENT | {"words": "jours"}),
        scored(DOCUMENT, documents=(OTHER,)),
        scored(DOCUMENT, status="nothing_found"),
        scored({"must_be_refused": True}, status="nothing_found"),
        scored({"must_be_refused": True}),
    ]
    for result in results:
        result.asked_at = result.asked_at or 1  # type: ignore[assignment]
    figures = Figures.of([*results, EvaluationResult()])
    assert (figures.questions, figures.passed, figures.score) == (5, 2, 0.4)
    assert (figures.documents_expected, figures.documents_found) == (3, 2)
    assert (figures.words_expected, figures.words_in_answers) == (1, 1)
    assert (figures.to_refuse, figures.refused_rightly, figures.refused_wrongly) == (2, 1, 1)
    assert Figures.from_json(figures.as_json()) == figures
    assert Figures.from_json(None).score == 0.0
