"""The trace of an answer (``usage.traces``), from its events and its usage records.

    invoke_agent ragapp
        chat MODEL              the rewriting of the question
        retrieval
            embeddings MODEL
        chat MODEL              one for each prompt, and for each backend that was asked
        extract                 the extracts that are the answer

Questions, passages and answers are in it only with ``TRACES_WITH_CONTENT``.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from chat.answering import Question
from chat.answers.events import AnswerEvent, Extracted, Failed
from chat.answers.follow_up import SearchQuery
from chat.answers.prompts import Prompt
from chat.answers.result import AnswerResult
from inference.embedding.offered import offered_embedding
from inference.errors import ContextOverflow
from inference.llm.backend import ChatMessage
from inference.llm.events import Finished, ReasoningDelta, TextDelta
from inference.offered_models import ModelFigures
from inference.queueing.fair_queue import Position
from inference.routing import Rerouted
from retrieval.search import SearchResult
from usage.models import AnswerStatus, UsageRecord
from usage.request_costs import RequestCost
from usage.traces import exporter
from usage.traces.spans import (
    NS_PER_MS,
    Attributes,
    Span,
    content,
    footprint,
    operation,
    parameters,
    token_usage,
)

_AGENT = "ragapp"
Kind = UsageRecord.Kind


@dataclass(slots=True)
class _Request:
    """A request to a model that is under way."""

    prompt: Prompt
    started_ns: int
    first_text_ns: int | None = None
    text: list[str] = field(default_factory=list)


class AnswerTrace:
    """Collects the spans of an answer from its events, at the times at which they come.

    Does nothing while traces are off.
    """

    def __init__(self, question: Question, conversation_id: UUID | None) -> None:
        self._is_on = exporter.is_enabled()
        self._question = question
        self._conversation_id = conversation_id
        self._figures = question.model.figures
        self._query = question.text
        self._started_ns = self._last_ns = time.time_ns()
        # With the kind of the usage record that belongs to the step.
        self._steps: list[tuple[Kind | None, Span]] = []
        self._has_searched = False
        self._request: _Request | None = None

    def add(self, event: AnswerEvent) -> None:
        """Take an event that has just come."""
        if not self._is_on:
            return
        now_ns = time.time_ns()
        match event:
            case TextDelta() | ReasoningDelta() if self._request is not None:
                self._request.first_text_ns = self._request.first_text_ns or now_ns
                if isinstance(event, TextDelta):
                    self._request.text.append(event.text)
            case SearchQuery(query, _level, usage, _rewriting):
                self._query = query
                if usage is not None:
                    self._steps.append((Kind.REWRITING, self._chat(self._last_ns, now_ns)))
            case SearchResult():
                self._end_search(now_ns, event)
            case Prompt():
                # The one before was too long.
                self._end_request(now_ns, error=ContextOverflow.code)
                self._request = _Request(event, now_ns)
            case Position(0) if self._request is not None:
                self._request.started_ns = now_ns
            case Rerouted(figures, error_code):
                self._reroute(figures, error_code, now_ns)
            case Finished():
                self._end_request(now_ns, event)
            case Failed(code):
                self._end_search(now_ns, error=code)
                self._end_request(now_ns, error=code)
            case Extracted(_text, cpu_seconds):
                extract = self._step("extract", now_ns, {"ragapp.cpu_seconds": cpu_seconds})
                self._steps.append((Kind.ANSWER if self._is_extractive else None, extract))
        self._last_ns = now_ns

    def send(self, answer_id: UUID, result: AnswerResult, cost: RequestCost | None) -> None:
        """Hand the trace over from a thread, for which nobody waits; the answer has ended.

        ``cost`` is None if the answer could not be saved.
        """
        if self._is_on:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, exporter.export, answer_id, self._root(result, cost))

    def _root(self, result: AnswerResult, cost: RequestCost | None) -> Span:
        ended_ns = self._started_ns + round(result.total_ms * NS_PER_MS)
        if not result.is_queued:
            self._end_request(ended_ns)
        attributes: Attributes = {
            **operation("invoke_agent", provider=_AGENT, model=self._question.model.id),
            "gen_ai.agent.name": _AGENT,
            "gen_ai.conversation.id": _pseudonym(self._conversation_id),
            "gen_ai.data_source.id": str(self._question.instance.pk),
            "gen_ai.response.model": result.model_id,
            "ragapp.outcome": result.status,
            "ragapp.first_token_ms": result.first_token_ms,
            "ragapp.energy_wh": cost.energy_wh if cost else None,
            "ragapp.gco2e": cost.gco2e if cost else None,
            "gen_ai.input.messages": _messages([self._question.message]),
            "gen_ai.output.messages": _answer(result.text, _finish_reason(result)),
        }
        return Span(
            name=f"invoke_agent {_AGENT}",
            started_ns=self._started_ns,
            ended_ns=ended_ns,
            attributes=attributes,
            error=result.error_code if result.status == AnswerStatus.FAILED else "",
            children=tuple(self._with_records(cost)),
        )

    @property
    def _is_extractive(self) -> bool:
        return self._question.model.is_extractive

    def _step(self, name: str, ended_ns: int, attributes: Attributes, error: str = "") -> Span:
        """Return a step that began at the event before."""
        return Span(
            name=name,
            started_ns=self._last_ns,
            ended_ns=ended_ns,
            attributes=attributes,
            error=error,
        )

    def _end_search(
        self, now_ns: int, found: SearchResult | None = None, *, error: str = ""
    ) -> None:
        """Add the search, once: a second result has the passages in another order."""
        if self._has_searched:
            return
        self._has_searched = True
        instance = self._question.instance
        attributes: Attributes = {
            **operation("retrieval", provider=_AGENT),
            "gen_ai.data_source.id": str(instance.pk),
            "gen_ai.retrieval.top_k": instance.top_k,
            "gen_ai.retrieval.query.text": content(self._query),
        }
        retrieval = self._step("retrieval", now_ns, attributes, error)
        if found is not None:
            retrieval = self._with_result(retrieval, found)
        self._steps.append((Kind.EMBEDDING, retrieval))

    def _with_result(self, retrieval: Span, found: SearchResult) -> Span:
        offered = offered_embedding(found.embedding_model)
        model, url = offered.name, offered.base_url
        embedding = Span(
            name=f"embeddings {model}",
            started_ns=retrieval.started_ns,
            ended_ns=retrieval.started_ns + round(found.timing.embed_ms * NS_PER_MS),
            attributes=operation("embeddings", provider=_AGENT, model=model, url=url),
            is_call=True,
        )
        documents = [{"id": str(chunk.chunk_id), "score": chunk.score} for chunk in found.chunks]
        attributes: Attributes = {
            **retrieval.attributes,
            "gen_ai.retrieval.documents": content(documents),
            "ragapp.relevant": found.relevant,
            "ragapp.rerank_model": found.rerank_model or None,
        }
        return replace(retrieval, attributes=attributes, children=(embedding,))

    def _reroute(self, figures: ModelFigures, error_code: str, now_ns: int) -> None:
        """End the request to the backend before, unless that was passed over."""
        if self._request is not None:
            prompt = self._request.prompt
            if error_code:
                self._end_request(now_ns, error=error_code)
            self._request = _Request(prompt, now_ns)
        self._figures = figures

    def _end_request(
        self, now_ns: int, finished: Finished | None = None, *, error: str = ""
    ) -> None:
        """Add the request to a model that is under way, if one is."""
        request, self._request = self._request, None
        if request is None:
            return
        first_ns = request.first_text_ns
        wait_ns = None if first_ns is None else first_ns - request.started_ns
        chat = self._chat(request.started_ns, now_ns)
        attributes: Attributes = {
            **chat.attributes,
            "gen_ai.conversation.id": _pseudonym(self._conversation_id),
            **parameters(
                self._question.extras.options,
                temperature=self._question.temperature_or_default,
                stop=self._question.stop,
                max_tokens=request.prompt.max_tokens,
            ),
            "gen_ai.response.model": (finished.model or None) if finished else None,
            "gen_ai.response.finish_reasons": [finished.finish_reason] if finished else None,
            "gen_ai.response.time_to_first_chunk": None if wait_ns is None else wait_ns / 1e9,
            "gen_ai.input.messages": _messages(request.prompt.messages),
            "gen_ai.output.messages": _answer(
                "".join(request.text), finished.finish_reason if finished else "error"
            ),
        }
        self._steps.append((Kind.ANSWER, replace(chat, attributes=attributes, error=error)))

    def _chat(self, started_ns: int, ended_ns: int) -> Span:
        model = self._figures
        connections = self._question.model.connections
        url = next((backend.base_url for one, backend in connections if one is model), "")
        return Span(
            name=f"chat {model.server_id}",
            started_ns=started_ns,
            ended_ns=ended_ns,
            attributes=operation(
                "chat", provider=model.backend_name, model=model.server_id, url=url
            ),
            is_call=True,
        )

    def _with_records(self, cost: RequestCost | None) -> Iterator[Span]:
        """Yield the steps; the last one of each kind has what its usage record says."""
        records = {record.kind: record for record in cost.records} if cost else {}
        last = {kind: step for kind, step in self._steps}
        for kind, step in self._steps:
            record = records.get(kind) if kind is not None and last[kind] is step else None
            if record is None:
                yield step
                continue
            tokens = token_usage(record) if step.is_call else {}
            yield replace(step, attributes={**step.attributes, **tokens, **footprint(record)})


def _pseudonym(conversation_id: UUID | None) -> str | None:
    """Return what tells conversations apart without naming them."""
    if conversation_id is None:
        return None
    return salted_hmac(__name__, str(conversation_id), algorithm="sha256").hexdigest()[:32]


def _finish_reason(result: AnswerResult) -> str:
    if result.status == AnswerStatus.FAILED:
        return "error"
    return "length" if result.error_code == "length" else "stop"


def _messages(messages: Sequence[ChatMessage]) -> str | None:
    """Return messages in the JSON of the conventions, if traces have content."""
    return content([_message(each.role, each.content) for each in messages])


def _answer(text: str, finish_reason: str) -> str | None:
    return content([_message("assistant", text) | {"finish_reason": finish_reason}])


def _message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}
