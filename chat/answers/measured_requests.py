"""The requests to models that an answer made, for its usage records.

The answer itself, the rewriting of its question, the search for passages, their reranking, and the
check of its sentences by a model. The search is that of our own machines; it includes finding
extracts when they replace the answer of a language model that spent tokens, since the record of the
answer is then the language model's.
"""

from chat.answers.result import AnswerResult
from inference.offered_models import EXTRACTIVE, ModelFigures
from retrieval.measured_requests import embedding_request, search_requests
from retrieval.verification.verdicts import Outcome as Found
from usage.recording import CheckedSentences, Kind, MeasuredRequest, Outcome


def measured_requests(result: AnswerResult) -> list[MeasuredRequest]:
    """Return the requests of an answer that has ended, the answer first."""
    llm, tokens = _llm(result), result.generation
    is_llm = tokens is not None and llm is not None
    answer = MeasuredRequest(
        kind=Kind.ANSWER,
        outcome=Outcome.CACHED if result.reused else Outcome(result.status),
        model_id=result.chosen_model.id if is_llm else result.model_id,
        is_extractive=result.model_id == EXTRACTIVE,
        llm=llm if is_llm else None,
        tokens=tokens,
        latency_s=result.generation_s if is_llm else None,
        cpu_seconds=0.0 if is_llm else result.extraction_seconds,
        queue_ms=result.queue_ms,
        retrieval_ms=result.retrieval_ms,
        first_token_ms=result.first_token_ms,
        total_ms=result.total_ms,
        subject=result.subject,
        frugal_step=result.frugal_step,
        avoided=result.reused.avoided if result.reused else None,
        sentences=_sentences(result),
    )
    after = [result.entailment] if result.entailment is not None else []
    return [answer, *requests_before(result, is_llm=is_llm), *after]


def requests_before(result: AnswerResult, *, is_llm: bool = False) -> list[MeasuredRequest]:
    """Return the requests that came before the answer: the rewriting, and the search.

    ``is_llm``: a language model spent tokens on the answer.
    """
    requests = []
    if result.rewriting_outcome is not None:
        requests.append(
            MeasuredRequest(
                kind=Kind.REWRITING,
                outcome=result.rewriting_outcome,
                model_id=result.chosen_model.id,
                llm=_llm(result),
                tokens=result.rewriting_usage,
                total_ms=result.rewriting_ms,
            )
        )
    if result.found is not None:
        extraction_seconds = result.extraction_seconds if is_llm else 0.0
        requests += search_requests(result.found, extraction_seconds=extraction_seconds)
    elif result.search_outcome is not None:
        requests.append(
            embedding_request(outcome=result.search_outcome, model_id=result.embedding_model)
        )
    return requests


def _llm(result: AnswerResult) -> ModelFigures | None:
    model = result.measured_model
    return None if model.is_extractive else model


def _sentences(result: AnswerResult) -> CheckedSentences:
    """Count what was found of the sentences; those of a repeated answer were counted with it."""
    verification = result.verification
    if verification is None or result.reused:
        return CheckedSentences()
    return CheckedSentences(
        checked=verification.checked,
        unsupported=verification.checked - verification.supported,
        moved=sum(each.outcome == Found.MOVED for each in verification.sentences),
    )
