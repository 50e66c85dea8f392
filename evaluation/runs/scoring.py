"""Scores the answer to a golden question: document, page, words, refusal."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from chat.answers.result import AnswerResult
from evaluation.models import EvaluationResult, GoldenQuestion
from retrieval.results import RetrievedChunk
from usage.models import AnswerStatus

# The expected document is right among the first five.
GOOD_RANK = 5
_APOSTROPHES = str.maketrans("’ʼ‘´`", "'''''")
_MARKDOWN = re.compile(r"[*_`\\]+|\[\d{1,2}(?:\s*[,;]\s*\d{1,2})*\]")


def score(
    result: EvaluationResult,
    golden: GoldenQuestion,
    answered: AnswerResult,
    *,
    expected_ids: Collection[UUID],
) -> None:
    """Set what the result says of an answer that has ended.

    ``expected_ids`` are all versions of the expected document.

    It passes when a question to be refused was refused; or when another one was answered, with the
    expected document among the first five, the expected page among the passages, and the expected
    words in the answer.
    """
    chunks = answered.chunks
    result.must_be_refused = golden.must_be_refused
    result.is_refused = answered.status == AnswerStatus.NOTHING_FOUND
    result.answer = answered.text
    result.error_code = _failure(answered)
    result.relevance = max((chunk.relevance for chunk in chunks), default=0.0)
    result.total_ms = round(answered.total_ms)
    if golden.must_be_refused:
        result.passed = result.is_refused and not result.error_code
        return
    if golden.document_name:
        result.document_rank = _rank_of(golden, chunks, expected_ids)
        if golden.page is not None:
            result.page_found = any(
                _is_of(golden, chunk, expected_ids)
                and chunk.page_start <= golden.page <= chunk.page_end
                for chunk in chunks
            )
    if golden.phrases:
        result.words_in_passages = holds(golden.phrases, (chunk.text for chunk in chunks))
        result.words_in_answer = not result.is_refused and holds(golden.phrases, [answered.text])
    result.passed = not result.error_code and not result.is_refused and _has_expected(result)


def _failure(answered: AnswerResult) -> str:
    """Return why there is no answer of the model; remarks on whole answers are none."""
    is_replaced = answered.model_id != answered.chosen_model.id
    if answered.status == AnswerStatus.FAILED or is_replaced:
        return answered.error_code or "failed"
    return ""


def _has_expected(result: EvaluationResult) -> bool:
    return (
        (result.document_rank is None or 1 <= result.document_rank <= GOOD_RANK)
        and result.page_found is not False
        and result.words_in_answer is not False
    )


def _rank_of(
    golden: GoldenQuestion, chunks: Sequence[RetrievedChunk], expected_ids: Collection[UUID]
) -> int:
    """Return the rank of the expected document among the documents found; 0 when it is not."""
    best = sorted(chunks, key=lambda chunk: -chunk.score)
    documents = dict.fromkeys(
        _is_of(golden, chunk, expected_ids) or chunk.document_id for chunk in best
    )
    return next((rank for rank, found in enumerate(documents, 1) if found is True), 0)


def _is_of(golden: GoldenQuestion, chunk: RetrievedChunk, expected_ids: Collection[UUID]) -> bool:
    """Whether a passage is of the expected document, or of one that has its name since."""
    if golden.document_id is not None:
        return chunk.document_id in expected_ids
    return chunk.document_name == golden.document_name


def holds(phrases: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether each of the phrases is in one of the texts, whatever capitals, accents and marks."""
    folded = [_folded(text) for text in texts]
    return all(any(_folded(phrase) in text for text in folded) for phrase in phrases)


def _folded(text: str) -> str:
    """Return a text without accents, capitals, marks of Markdown and citations, in one line."""
    plain = _MARKDOWN.sub("", text.translate(_APOSTROPHES))
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(letters.split())
