"""One answer in the shapes of OpenAI's chat completions, with citations and impact added."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import orjson

from chat.answering import Question, answer_question
from chat.answers.events import Answered, AnswerEvent, Reasoning, Text
from chat.answers.failures import user_message
from chat.answers.persistence import FinishedAnswer
from chat.answers.rights import ACCESS_ENDED, AccessEnded, while_allowed
from chat.answers.saving import save_patiently
from chat.answers.transcript import Transcript
from chat.conversations.passages import page_of_quote
from instances.access.api_keys import is_usable
from instances.api import ApiError
from instances.models import ApiKey
from instances.tenancy import in_tenant
from retrieval.search import RetrievedChunk
from usage.admission import Admission, held
from web.client_queries import uninterrupted

_DONE = b"data: [DONE]\n\n"
# Failures before the first word; a program may try again after a 503.
_HTTP_STATUS = {"backend_rejected": 502, "authentication_failed": 502, "model_not_found": 502}
_UNAVAILABLE = 503
# The event loop itself holds tasks weakly.
_recordings: set[asyncio.Task[Any]] = set()


class Completion:
    """Runs the line of ``chat.answering`` for a program; closing it stops the model."""

    def __init__(self, question: Question, key: ApiKey, admission: Admission) -> None:
        self._question, self._key, self._admission = question, key, admission
        self._places = AsyncExitStack()
        self._transcript = Transcript(model_id=question.model.id)
        self._events = answer_question(question, self._transcript)
        self._first: AnswerEvent | None = None
        self._answer_id = uuid4()
        self._head = {
            "id": f"chatcmpl-{self._answer_id.hex}",
            "created": int(time.time()),
            "model": question.model.id,
        }

    async def begin(self) -> None:
        """Wait for the first words; raises ApiError when none will come."""
        await self._places.enter_async_context(held(self._admission))
        try:
            async with while_allowed(self._may_go_on):
                async for event in self._events:
                    if isinstance(event, Text | Reasoning | Answered):
                        self._first = event
                        break
        except AccessEnded as error:
            await self._close()
            raise _access_ended() from error
        except BaseException:
            await self._close()
            raise
        if isinstance(self._first, Answered) and self._first.outcome == "failed":
            await self._close()
            code = self._first.error_code
            raise ApiError(_HTTP_STATUS.get(code, _UNAVAILABLE), code, user_message(code))

    async def whole(self) -> dict[str, Any]:
        """Return the whole answer; one that was cut has the finish reason "length"."""
        try:
            async with while_allowed(self._may_go_on):
                async for _event in self._events:
                    pass
        except AccessEnded as error:
            raise _access_ended() from error
        finally:
            evidence = await self._close()
        ending = self._transcript.ending()
        message: dict[str, Any] = {"role": "assistant", "content": ending.text}
        if ending.reasoning:
            message["reasoning_content"] = ending.reasoning
        choice = {"index": 0, "message": message, "finish_reason": _finish_reason(ending)}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(ending),
            **evidence,
        }

    async def stream(self, *, include_usage: bool) -> AsyncGenerator[bytes, None]:
        """Yield the answer as server-sent events."""
        code = ""
        try:
            async with while_allowed(self._may_go_on):
                yield self._chunk({"role": "assistant", "content": ""})
                if self._first is not None:
                    for piece in _deltas(self._first):
                        yield self._chunk(piece)
                async for event in self._events:
                    for piece in _deltas(event):
                        yield self._chunk(piece)
        except AccessEnded:
            code = ACCESS_ENDED
        finally:
            evidence = await self._close()
        ending = self._transcript.ending()
        if ending.outcome == "failed":
            code = ending.error_code
        if code:
            yield _data({"error": {"code": code, "message": user_message(code), "type": "server"}})
        else:
            yield self._chunk({}, finish_reason=_finish_reason(ending), **evidence)
            if include_usage:
                yield self._chunk(None, usage=_usage(ending), **evidence)
        yield _DONE

    def _may_go_on(self) -> bool:
        return is_usable(self._key)

    async def _close(self) -> dict[str, Any]:
        """Stop the model if it still runs, record what it cost, whatever happened, free the places
        that the answer held, and return the citations and the impact."""
        async with self._places:
            try:
                await self._events.aclose()
            finally:
                with uninterrupted():
                    recording = asyncio.create_task(
                        self._record(), name=f"record of {self._answer_id}"
                    )
                _recordings.add(recording)
                recording.add_done_callback(_recordings.discard)
                evidence = await asyncio.shield(recording)
            return evidence

    async def _record(self) -> dict[str, Any]:
        ending = self._transcript.ending()
        record = await save_patiently(
            FinishedAnswer(
                answer_id=self._answer_id,
                instance_id=self._key.instance_id,
                user_id=self._key.created_by_id,
                api_key_id=self._key.pk,
                answered=ending,
            )
        )
        if record is None:
            return {}
        impact = {
            "energy_wh": record.energy_wh,
            "gco2e": record.gco2e_usage + record.gco2e_embodied,
            "method": record.method,
        }
        citations = await in_tenant(self._key.instance_id, self._citations, ending)
        return {"citations": citations, "impact": impact}

    def _citations(self, ending: Answered) -> list[dict[str, Any]]:
        chunks = self._transcript.chunks
        return [
            _citation(number, chunks[number - 1], quote)
            for number, quote in sorted(ending.quotes.items())
        ]

    def _chunk(
        self, delta: dict[str, Any] | None, finish_reason: str | None = None, **more: Any
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        choices = [] if delta is None else [choice]
        return _data({**self._head, "object": "chat.completion.chunk", "choices": choices, **more})


def _access_ended() -> ApiError:
    return ApiError(403, ACCESS_ENDED, user_message(ACCESS_ENDED))


def _citation(number: int, chunk: RetrievedChunk, quote: str) -> dict[str, Any]:
    page = page_of_quote(
        document_id=chunk.document_id,
        page_start=chunk.page_start,
        page_end=chunk.page_end,
        quote=quote,
    )
    return {
        "number": number,
        "document_id": chunk.document_id,
        "document": chunk.document_name,
        "page": page,
        "quote": quote or chunk.text,
    }


def _deltas(event: AnswerEvent) -> list[dict[str, Any]]:
    match event:
        case Text(text):
            return [{"content": text}]
        case Reasoning(text):
            return [{"reasoning_content": text}]
    return []


def _finish_reason(ending: Answered) -> str:
    was_cut = ending.outcome == "failed" or ending.error_code == "length"
    return "length" if was_cut else "stop"


def _usage(ending: Answered) -> dict[str, int]:
    prompt = ending.usage.prompt_tokens if ending.usage else 0
    completion = ending.usage.completion_tokens if ending.usage else 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _data(payload: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % orjson.dumps(payload)
