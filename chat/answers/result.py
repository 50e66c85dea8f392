"""Adds up the events of an answer: ``result = result.add(event, elapsed_ms=…)``."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from chat.answers.events import AnswerEvent, Extracted, Failed, ModelFoundNothing, NothingFound
from chat.answers.follow_up import Rewriting, SearchQuery
from chat.answers.prompts import Prompt
from chat.answers.quoting.quotes import cited_numbers, quotes
from chat.answers.reuse import Reusable, ReusedAnswer
from chat.answers.verification.checking import Verification, Verified
from chat.confidentiality.withholding import (
    PASSAGES_WITHHELD,
    SEARCH_NOT_CLEARED,
    sent_passages,
)
from inference.llm.events import (
    Finished,
    PromptTruncated,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from inference.llm.tokens import estimate_tokens
from inference.offered_models import EXTRACTIVE, EXTRACTS, ModelFigures
from inference.queueing.fair_queue import Position
from inference.routing import Rerouted
from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from retrieval.filters.matching import AppliedFilter
from retrieval.search import RetrievedChunk, SearchResult
from usage.models import AnswerStatus
from usage.recording import FrugalStep, MeasuredRequest, Outcome
from usage.subjects.classifier import UNCLASSIFIED, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerResult:
    """The state of an answer.

    ``model_id`` is the model that answered: extracts, when the chosen one (``chosen_model``) failed
    before its first word. ``error_code`` is a key of ``chat.answers.error_messages``: why
    the answer failed, or a remark on a complete answer. ``quotes`` (at the end) maps
    each number that the text cites to words found verbatim in that passage.

    ``found`` and ``extraction_seconds`` have the times, in seconds of one processor, that our own
    machines computed for the answer: embedding its question and ranking; reranking (the request's
    share, as our model server reports it); finding extracts. PostgreSQL and the event loop are not
    included, as their time cannot be measured for one answer.
    """

    model_id: str
    chosen_model: ModelFigures
    status: AnswerStatus = AnswerStatus.STREAMING
    error_code: str = ""
    text: str = ""
    reasoning: str = ""
    # The calls of functions, as pieces.
    tool_calls: tuple[ToolCallDelta, ...] = ()
    search_query: str = ""
    # The highest level of what the answer was made from.
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    # ``chunks[n - 1]`` is the passage with the number n.
    chunks: tuple[RetrievedChunk, ...] = ()
    filter: AppliedFilter | None = None
    subject: Subject = UNCLASSIFIED
    quotes: Mapping[int, str] = field(default_factory=dict)
    # None when its sentences were not checked; what a model was asked about them.
    verification: Verification | None = None
    entailment: MeasuredRequest | None = None
    # The earlier answer that this one repeats; else the digest under which this one is reused.
    reused: ReusedAnswer | None = None
    reuse_digest: str = ""
    frugal_step: FrugalStep | None = None
    # Estimated; None before a prompt is sent.
    prompt_tokens: int | None = None
    generation_usage: TokenUsage | None = None
    # Of the rewriting of the question by a model; its outcome is None without one.
    rewriting_usage: TokenUsage | None = None
    rewriting_outcome: Outcome | None = None
    # None: no search has begun.
    search_outcome: Outcome | None = None
    found: SearchResult | None = None
    embedding_model: str = ""
    extraction_seconds: float = 0.0
    rewriting_ms: float = 0.0
    retrieval_ms: float = 0.0
    # When the passages were found, and the language model could begin; None without a search.
    found_ms: float | None = None
    # Since when it waits for a slot of a backend, and how long it has waited before.
    queued_ms: float | None = None
    queue_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float = 0.0

    @classmethod
    def empty(cls, model: ModelFigures, **known: Any) -> Self:
        """Return the result before the first event, with other columns that are ``known``."""
        return cls(model_id=model.id, chosen_model=model, **known)

    def add(self, event: AnswerEvent, *, elapsed_ms: float) -> Self:
        """Return the result after one more event, ``elapsed_ms`` after the question."""
        match event:
            case TextDelta(text):
                return self._with_words(elapsed_ms, text=self.text + text)
            case ReasoningDelta(text):
                return self._with_words(elapsed_ms, reasoning=self.reasoning + text)
            case ToolCallDelta():
                return self._with_words(elapsed_ms, tool_calls=(*self.tool_calls, event))
            case Rewriting(usage):
                return replace(self, rewriting_usage=usage, rewriting_outcome=Outcome.STOPPED)
            case SearchQuery():
                return self._with_query(event, elapsed_ms)
            case SearchResult():
                return self._with_passages(event, elapsed_ms)
            case NothingFound(text):
                return self._with_words(elapsed_ms, text=text, status=AnswerStatus.NOTHING_FOUND)
            case ModelFoundNothing(text):
                return replace(self, text=self.text + text, status=AnswerStatus.NOTHING_FOUND)
            case Verified(text, verification, request):
                return replace(self, text=text, verification=verification, entailment=request)
            case Reusable(digest):
                return replace(self, reuse_digest=digest)
            case ReusedAnswer():
                return self._with_reused(event, elapsed_ms)
            case Prompt(estimated_tokens=tokens, sensitivity=level):
                return replace(self, prompt_tokens=tokens, sensitivity=self._at_least(level))
            case Position(place):
                return self._queued(place, elapsed_ms)
            case Rerouted(model):
                return replace(self, chosen_model=model)
            case PromptTruncated():
                return replace(self, error_code="prompt_truncated")
            case Finished(reason, usage):
                has_answer = bool(self.text.strip() or self.tool_calls)
                return replace(
                    self,
                    status=AnswerStatus.COMPLETE if has_answer else self.status,
                    generation_usage=usage,
                    error_code="length" if reason == "length" else self.error_code,
                )
            case Failed(code, usage):
                return self._with_failure(code, usage)
            case Extracted(text, cpu_seconds, is_cut):
                return self._with_words(
                    elapsed_ms,
                    text=self.text + text,
                    status=AnswerStatus.COMPLETE,
                    error_code="length" if is_cut else self.error_code,
                    model_id=EXTRACTIVE,
                    extraction_seconds=self.extraction_seconds + cpu_seconds,
                )
        return self

    def end(self, status: AnswerStatus, error_code: str = "", *, elapsed_ms: float) -> Self:
        """Return the final result: with ``status``, unless the events have already decided it."""
        if self.status != AnswerStatus.STREAMING:
            status, error_code = self.status, self.error_code
        found = quotes(self.text, [chunk.text for chunk in self.chunks])
        cited = cited_numbers(self.text, len(sent_passages(self.chunks)))
        if status == AnswerStatus.NOTHING_FOUND:
            cited = []  # A model may cite what does not answer.
        return replace(
            self,
            status=status,
            error_code=error_code or self.error_code,
            quotes={number: found.get(number, "") for number in cited},
            queue_ms=self._queue_ms(elapsed_ms),
            total_ms=elapsed_ms,
        )

    @property
    def is_reusable(self) -> bool:
        """Whether the answer may be given again: as the model meant it, with its sources."""
        is_whole = self.status == AnswerStatus.COMPLETE and not self.error_code
        return bool(self.reuse_digest and is_whole and self.quotes)

    @property
    def called_functions(self) -> list[ToolCallDelta]:
        """Return the calls of functions, each in one piece."""
        calls: dict[int, ToolCallDelta] = {}
        for piece in self.tool_calls:
            call = calls.setdefault(piece.number, replace(piece, arguments=""))
            calls[piece.number] = replace(call, arguments=call.arguments + piece.arguments)
        return list(calls.values())

    @property
    def usage(self) -> TokenUsage | None:
        """Return the tokens of every request to a language model that belongs to the answer."""
        generation = self.generation
        if generation is None or self.rewriting_usage is None:
            return generation or self.rewriting_usage
        return self.rewriting_usage + generation

    @property
    def generation(self) -> TokenUsage | None:
        """Return the tokens of the answer itself, estimated when the model has not reported them.

        None when no prompt was sent, as when the answer was stopped in the queue of a backend.
        """
        generation = self.generation_usage
        is_unreported = generation is None and self.model_id == self.chosen_model.id
        if is_unreported and self.prompt_tokens is not None and not self.is_queued:
            generation = TokenUsage(
                prompt_tokens=self.prompt_tokens,
                completion_tokens=estimate_tokens(self.text) + estimate_tokens(self.reasoning),
                estimated=True,
            )
        return generation

    @property
    def is_queued(self) -> bool:
        """Whether it waits for a slot of a backend, or was stopped while it did."""
        return self.queued_ms is not None

    @property
    def generation_s(self) -> float | None:
        """Return the seconds from the first prompt to the end, without waiting for a turn."""
        if self.found_ms is None:
            return None
        return max(0.0, self.total_ms - self.found_ms - self.queue_ms) / 1000

    @property
    def measured_model(self) -> ModelFigures:
        """Return the model to which the cost is attributed: the one that spent tokens, if any."""
        is_chosen = self.usage is not None or self.model_id == self.chosen_model.id
        return self.chosen_model if is_chosen else EXTRACTS.figures

    def _with_reused(self, earlier: ReusedAnswer, elapsed_ms: float) -> Self:
        return self._with_words(
            elapsed_ms,
            text=earlier.text,
            reasoning=earlier.reasoning,
            verification=earlier.verification,
            status=AnswerStatus.COMPLETE,
            reused=earlier,
        )

    def _queued(self, place: int, elapsed_ms: float) -> Self:
        if place:
            queued_ms = elapsed_ms if self.queued_ms is None else self.queued_ms
            return replace(self, queued_ms=queued_ms)
        return replace(self, queued_ms=None, queue_ms=self._queue_ms(elapsed_ms))

    def _queue_ms(self, elapsed_ms: float) -> float:
        """Return how long it has waited for slots so far."""
        waiting_ms = 0.0 if self.queued_ms is None else elapsed_ms - self.queued_ms
        return self.queue_ms + waiting_ms

    def _with_query(self, query: SearchQuery, elapsed_ms: float) -> Self:
        return replace(
            self,
            search_query=query.text,
            sensitivity=query.sensitivity,
            rewriting_usage=query.usage,
            rewriting_outcome=query.rewriting,
            rewriting_ms=elapsed_ms,
            # Until it has ended.
            search_outcome=Outcome.STOPPED,
        )

    def _with_passages(self, found: SearchResult, elapsed_ms: float) -> Self:
        levels = [chunk.sensitivity for chunk in sent_passages(found.chunks)]
        remark = PASSAGES_WITHHELD if len(levels) < len(found.chunks) else ""
        return replace(
            self,
            chunks=found.chunks,
            sensitivity=self._at_least(*levels),
            error_code=self.error_code or remark,
            filter=found.filter,
            subject=found.subject,
            retrieval_ms=found.timing.total_ms,
            search_outcome=Outcome.COMPLETE,
            found=found,
            found_ms=elapsed_ms if self.found_ms is None else self.found_ms,
        )

    def _with_failure(self, code: str, usage: TokenUsage | None) -> Self:
        searched = self.search_outcome
        if self.found is None:
            # What may not be sent is no search.
            searched = None if code == SEARCH_NOT_CLEARED else Outcome.FAILED
        return replace(
            self,
            search_outcome=searched,
            status=AnswerStatus.FAILED,
            error_code=code,
            generation_usage=usage or self.generation_usage,
        )

    def _at_least(self, *levels: Sensitivity) -> Sensitivity:
        return Sensitivity.highest([self.sensitivity, *levels])

    def _with_words(self, elapsed_ms: float, **changes: Any) -> Self:
        first = elapsed_ms if self.first_token_ms is None else self.first_token_ms
        return replace(self, first_token_ms=first, **changes)
