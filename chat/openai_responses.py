"""Answers in the format of OpenAI's chat completions, with citations and impact added."""

import time
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from chat.answering import Question
from chat.answers.access_checks import ACCESS_ENDED
from chat.answers.citations import citation_data, cited_passages
from chat.answers.error_messages import INTERNAL, user_message
from chat.answers.events import AnswerEvent, Extracted, NothingFound
from chat.answers.measured_requests import measured_requests
from chat.answers.result import AnswerResult
from chat.conversations.passages import page_of_quote
from chat.models import Citation
from chat.running import RunningAnswer
from inference.llm.events import ReasoningDelta, TextDelta
from instances.access.api_keys import is_usable
from instances.api import ApiError
from instances.models import ApiKey
from instances.tenancy import in_tenant
from usage.admission import Admission
from usage.models import AnswerStatus
from usage.recording import new_record
from usage.request_costs import RequestCost
from web.json_errors import error_body
from web.server_sent_events import ServerSentEvent

_DONE = ServerSentEvent(b"[DONE]")
# Failures before the first word; a client may try again after a 503.
_HTTP_STATUS = {
    "backend_rejected": 502,
    "authentication_failed": 502,
    "model_not_found": 502,
    ACCESS_ENDED: 403,
    INTERNAL: 500,
}
_UNAVAILABLE = 503


class CompletionResponse:
    """Runs an answer for a client of the API; closing its stream stops the model."""

    def __init__(self, question: Question, key: ApiKey, admission: Admission) -> None:
        self._answer = RunningAnswer(
            answer_id=uuid4(),
            question=question,
            user_id=key.created_by_id,
            api_key_id=key.pk,
            admission=admission,
            may_continue=partial(is_usable, key),
            convert=self._convert,
            is_message=False,
        )
        self._head = {
            "id": f"chatcmpl-{self._answer.answer_id.hex}",
            "created": int(time.time()),
            "model": question.model.id,
        }

    async def begin(self) -> None:
        """Start the answer and wait for its first words; raises ApiError when it fails first."""
        self._answer.start()
        try:
            await self._answer.wait_for_first_words()
        except BaseException:
            await self._answer.stop_and_wait()
            raise
        result = self._answer.result
        if self._answer.done and result.status == AnswerStatus.FAILED and not _has_words(result):
            raise _api_error(result.error_code)

    async def whole(self) -> dict[str, Any]:
        """Return the whole answer; one that was cut has the finish reason "length"."""
        try:
            async for _event in self._answer.follow():
                pass
        finally:
            await self._answer.stop_and_wait()
        result = self._answer.result
        if result.error_code in (ACCESS_ENDED, INTERNAL):
            raise _api_error(result.error_code)
        message: dict[str, Any] = {"role": "assistant", "content": result.text}
        if result.reasoning:
            message["reasoning_content"] = result.reasoning
        choice = {"index": 0, "message": message, "finish_reason": _finish_reason(result)}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(result),
            **await self._evidence(),
        }

    async def stream(self, *, include_usage: bool) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the answer as server-sent events."""
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            async for event in self._answer.follow():
                yield ServerSentEvent(event.data)
        finally:
            await self._answer.stop_and_wait()
        result = self._answer.result
        if result.status == AnswerStatus.FAILED:
            code = result.error_code
            yield ServerSentEvent(error_body(code, user_message(code), type="server"))
        else:
            evidence = await self._evidence()
            yield self._chunk({}, finish_reason=_finish_reason(result), **evidence)
            if include_usage:
                yield self._chunk(None, usage=_usage(result), **evidence)
        yield _DONE

    def _convert(self, event: AnswerEvent) -> ServerSentEvent | None:
        match event:
            case TextDelta(text) | NothingFound(text) | Extracted(text):
                return self._chunk({"content": text})
            case ReasoningDelta(text):
                return self._chunk({"reasoning_content": text})
        return None

    def _chunk(
        self, delta: dict[str, Any] | None, finish_reason: str | None = None, **more: Any
    ) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        choices = [] if delta is None else [choice]
        payload = {**self._head, "object": "chat.completion.chunk", "choices": choices, **more}
        return ServerSentEvent(payload)

    async def _evidence(self) -> dict[str, Any]:
        """Return the citations and the impact, also of an answer that could not be saved."""
        result, saved = self._answer.result, self._answer.cost
        cost = saved or _unsaved_cost(result)
        shown = {
            "energy_wh": cost.energy_wh,
            "gco2e": cost.gco2e,
            "method": cost.answer.method,
        }
        cited = cited_passages(result)
        on_one_page = all(citation.page_start == citation.page_end for citation in cited)
        if saved is None or on_one_page:
            # Without a record, the database cannot be reached, or the instance is deleted.
            pages = [citation.page_start for citation in cited]
        else:
            pages = await in_tenant(self._answer.question.instance, _pages, cited)
        citations = [_citation(*each) for each in zip(cited, pages, strict=True)]
        return {"citations": citations, "impact": shown}


def _unsaved_cost(result: AnswerResult) -> RequestCost:
    """Return the cost of an answer that could not be saved."""
    return RequestCost.of(new_record(request, uuid4()) for request in measured_requests(result))


def _api_error(code: str) -> ApiError:
    return ApiError(_HTTP_STATUS.get(code, _UNAVAILABLE), code, user_message(code))


def _has_words(result: AnswerResult) -> bool:
    return result.first_token_ms is not None


def _pages(cited: Sequence[Citation]) -> list[int]:
    return [page_of_quote(citation) for citation in cited]


def _citation(citation: Citation, page: int) -> dict[str, Any]:
    data = citation_data(citation)
    shown = {key: data[key] for key in ("number", "document_id", "document")}
    return shown | {"page": page, "quote": data["quote"] or data["text"]}


def _finish_reason(result: AnswerResult) -> str:
    was_cut = result.status == AnswerStatus.FAILED or result.error_code == "length"
    return "length" if was_cut else "stop"


def _usage(result: AnswerResult) -> dict[str, int]:
    prompt = result.usage.prompt_tokens if result.usage else 0
    completion = result.usage.completion_tokens if result.usage else 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
