"""Answers for clients of the API, before they are in a format of OpenAI's."""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from django.http import StreamingHttpResponse

from chat.answering import Question
from chat.answers.access_checks import ACCESS_ENDED
from chat.answers.citations import cited_passages
from chat.answers.error_messages import INTERNAL, user_message
from chat.answers.events import AnswerEvent, Extracted, ModelFoundNothing, NothingFound
from chat.answers.measured_requests import measured_requests
from chat.answers.persistence import FinishedAnswer, record_beginning_of
from chat.answers.result import AnswerResult
from chat.answers.verification.messages import api_verification
from chat.api.api_questions import ApiQuestion, to_question
from chat.api.model_list import find_model
from chat.confidentiality.question_guard import QuestionGuard, QuestionHeld
from chat.confidentiality.withholding import SEARCH_NOT_CLEARED
from chat.conversations.passages import page_of_quote
from chat.expected_usage import expected_of
from chat.models import Citation
from chat.running import RunningAnswer
from inference.errors import NotCleared
from inference.llm.events import Delta, TextDelta
from inference.queueing.fair_queue import Position
from ingestion.documents.sensitivity import highest_level
from instances.access.api_keys import is_usable
from instances.api import ApiError
from instances.models import ApiKey, Sensitivity
from instances.tenancy import in_database, in_tenant, tenant
from retrieval.filters.wording import filter_data
from usage.models import AnswerStatus
from usage.quotas.api_requests import AdmittedRequest, admit_request
from usage.quotas.subjects import QuotaHolder
from usage.recording import new_record
from usage.request_costs import RequestCost
from web.server_sent_events import SentAs, ServerSentEvent, log_response

# Failures before the first word; a client may try again after a 503.
_HTTP_STATUS = {
    "context_overflow": 400,
    "backend_rejected": 502,
    "authentication_failed": 502,
    "model_not_found": 502,
    ACCESS_ENDED: 403,
    NotCleared.code: 403,
    SEARCH_NOT_CLEARED: 403,
    INTERNAL: 500,
}
_UNAVAILABLE = 503


async def start_answer(key: ApiKey, asked: ApiQuestion) -> "ApiAnswer":
    """Start to answer a question of a client and wait for the first words.

    A stream also begins when the answer waits in a queue. Every answer of the API passes here.
    Raises ApiError, and RequestRefused.
    """
    question, admitted = await in_database(_admitted, key, asked)
    answer = ApiAnswer(question, key, admitted)
    await answer.begin(is_stream=asked.is_stream)
    return answer


def _admitted(key: ApiKey, asked: ApiQuestion) -> tuple[Question, AdmittedRequest]:
    """Return a question as it may leave, and its admission: one transaction for both.

    Its usage record says that it has failed, until its answer replaces it: the record stays if the
    process dies. The first word does not wait until that is on the disk, but what was decided on
    personal data is audited.
    """
    with tenant(key.instance, is_durable=bool(asked.personal_data)):
        model = find_model(key.instance, asked.model_id)
        question = to_question(asked, key, model, _level_of_history(key, asked))
        question = _guarded(question, asked.personal_data)
        admitted = admit_request(QuotaHolder.of_key(key), expected_of(question))
        try:
            _record_beginning(question, key, admitted)
        except BaseException:
            admitted.admission.release()
            raise
    return question, admitted


def _record_beginning(question: Question, key: ApiKey, admitted: AdmittedRequest) -> None:
    empty = AnswerResult.empty(question.model.figures)
    record_beginning_of(
        FinishedAnswer(
            answer_id=admitted.request_id,
            instance_id=key.instance_id,
            user_id=key.created_by_id,
            api_key_id=key.pk,
            result=empty.end(AnswerStatus.FAILED, elapsed_ms=0.0),
        )
    )


def _level_of_history(key: ApiKey, asked: ApiQuestion) -> Sensitivity:
    """Return the level of the conversation that a client sends.

    Its answers may have been made from any document of the instance.
    """
    if len(asked.messages) <= 1:
        return Sensitivity(key.instance.sensitivity)
    return highest_level(key.instance)


def _guarded(question: Question, decision: str) -> Question:
    """Return the question as it may leave: its text, instructions, calls of functions and results.

    Raises ApiError when it is held.
    """
    guard = QuestionGuard(question.instance, question.model)
    extras = question.extras
    calls = [call for step in extras.steps for call in step.tool_calls]
    try:
        text, instructions, *others = guard.guarded_texts(
            [
                question.text,
                question.instructions,
                *(step.content for step in extras.steps),
                *(call["function"]["arguments"] for call in calls),
            ],
            decision,
            has_images=bool(extras.images),
        )
    except QuestionHeld as held:
        raise ApiError(400, held.code, held.message_for_clients) from held
    contents, arguments = others[: len(extras.steps)], iter(others[len(extras.steps) :])
    steps = tuple(
        replace(step, content=content, tool_calls=_with_arguments(step.tool_calls, arguments))
        for step, content in zip(extras.steps, contents, strict=True)
    )
    return replace(
        question,
        text=text,
        instructions=instructions,
        history=guard.guarded_history(question.history),
        extras=replace(extras, steps=steps),
    )


def _with_arguments(
    calls: Sequence[Mapping[str, Any]], arguments: Iterator[str]
) -> tuple[Mapping[str, Any], ...]:
    """Return calls of functions with the next ``arguments``."""
    return tuple(
        {**call, "function": {**call["function"], "arguments": next(arguments)}} for call in calls
    )


class ApiAnswer:
    """An answer that runs for a client, until nobody follows it any more."""

    def __init__(self, question: Question, key: ApiKey, admitted: AdmittedRequest) -> None:
        self.question = question
        self.headers = admitted.headers
        self._running = RunningAnswer(
            answer_id=admitted.request_id,
            question=question,
            user_id=key.created_by_id,
            api_key_id=key.pk,
            admission=admitted.admission,
            may_continue=partial(is_usable, key),
            convert=_to_piece,
            is_message=False,
        )
        self.id = self._running.answer_id.hex

    @property
    def result(self) -> AnswerResult:
        """The state of the answer; final once its pieces have ended."""
        return self._running.result

    @property
    def was_cut(self) -> bool:
        """Whether an ended answer lacks its end."""
        return self.result.status == AnswerStatus.FAILED or self.result.error_code == "length"

    async def begin(self, *, is_stream: bool = False) -> None:
        """Start the answer and wait for its first words; raises ApiError when it fails first."""
        running = self._running
        running.start()
        try:
            await running.wait_for_first_words(or_queue=is_stream)
        except BaseException:
            await running.stop_and_wait()
            raise
        result = running.result
        has_words = result.first_token_ms is not None
        if running.done and result.status == AnswerStatus.FAILED and not has_words:
            raise _api_error(result.error_code)

    @asynccontextmanager
    async def _followed(self) -> AsyncIterator[None]:
        """Stop the model when the block is left before the end."""
        try:
            yield
        finally:
            await self._running.stop_and_wait()

    async def wait(self) -> list[Delta]:
        """Wait for the end; return all words. Raises ApiError for those that may not be used."""
        async with self._followed():
            await self._running.ended()
        if self.result.error_code in (ACCESS_ENDED, INTERNAL):
            raise _api_error(self.result.error_code)
        pieces = (event.data for event in self._running.events)
        return [piece for piece in pieces if not isinstance(piece, Position)]

    def stream(
        self,
        begin: Iterable[ServerSentEvent],
        convert: Callable[[Delta], Iterable[ServerSentEvent]],
        end: Callable[[], Awaitable[Iterable[ServerSentEvent]]],
    ) -> StreamingHttpResponse:
        """Return a response with the words as they come, in a format, until the end is saved.

        A place in a queue is sent as a comment. The model stops when the client disconnects.
        """

        def converted(event: ServerSentEvent) -> Iterable[ServerSentEvent]:
            piece: Delta | Position = event.data
            return (_comment(piece),) if isinstance(piece, Position) else convert(piece)

        return log_response(
            self._running,
            sent_as=SentAs(first=tuple(begin), convert=converted, end=end),
            during=self._followed(),
            headers=self.headers,
        )

    async def evidence(self) -> dict[str, Any]:
        """Return the citations and the impact, also of an answer that could not be saved."""
        result, saved = self.result, self._running.cost
        cost = saved or _unsaved_cost(result)
        impact = {
            "energy_wh": cost.energy_wh,
            "gco2e": cost.gco2e,
            "method": cost.answer.method,
        }
        cited = cited_passages(result)
        on_one_page = all(citation.page_start == citation.page_end for citation in cited)
        if saved is None or on_one_page:
            # Without a record, the database cannot be reached, or the instance is deleted.
            pages = [(citation.page_start, citation.page_label) for citation in cited]
        else:
            pages = await in_tenant(self.question.instance, _pages, cited)
        citations = [_citation(*each) for each in zip(cited, pages, strict=True)]
        verification = api_verification(result.verification, result.text)
        evidence = {"citations": citations, "impact": impact, "verification": verification}
        return evidence | {"filters": filter_data(result.filter)}


def _comment(position: Position) -> ServerSentEvent:
    """Return a position as a comment of the stream, which clients of OpenAI's ignore."""
    queued = {"place": position.place, "wait_s": position.wait_s}
    return ServerSentEvent({"queued": queued}, is_comment=True)


def _to_piece(event: AnswerEvent) -> ServerSentEvent | None:
    if isinstance(event, Delta | Position):
        return ServerSentEvent(event)
    if isinstance(event, NothingFound | ModelFoundNothing | Extracted):
        return ServerSentEvent(TextDelta(event.text))
    return None


def _unsaved_cost(result: AnswerResult) -> RequestCost:
    """Return the cost of an answer that could not be saved."""
    return RequestCost.of(new_record(request, uuid4()) for request in measured_requests(result))


def _api_error(code: str) -> ApiError:
    return ApiError(_HTTP_STATUS.get(code, _UNAVAILABLE), code, user_message(code))


def _pages(cited: Sequence[Citation]) -> list[tuple[int, str]]:
    return [page_of_quote(citation) for citation in cited]


def _citation(citation: Citation, page: tuple[int, str]) -> dict[str, Any]:
    number, label = page
    document = {"document_id": citation.document_id, "document": citation.document_name}
    quote = {"page": number, "page_label": label, "quote": citation.quote or citation.text}
    return {"number": citation.number, **document, **quote}
