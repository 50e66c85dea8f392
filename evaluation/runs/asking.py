"""Asks one golden question by the line of an answer, and records what it cost."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Final
from uuid import UUID

from chat.answering import Question, answer_question
from chat.answers.error_messages import INTERNAL
from chat.answers.measured_requests import measured_requests
from chat.answers.result import AnswerResult
from usage.models import AnswerStatus
from usage.recording import CheckedSentences, Kind, Requester, record_requests

logger = logging.getLogger(__name__)

# Longer than a model needs for the longest answer; the lease of a worker at a question is longer.
TIMEOUT_S: Final = 150.0
TIMED_OUT: Final = "timeout"


@dataclass(eq=False)
class _Collected:
    """The events of an answer, added up as they come."""

    question: Question
    started: float = field(default_factory=perf_counter)
    result: AnswerResult = field(init=False)

    def __post_init__(self) -> None:
        self.result = AnswerResult.empty(
            self.question.model.figures,
            embedding_model=self.question.instance.embedding_model_name,
        )

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the question was asked."""
        return 1000 * (perf_counter() - self.started)

    async def collect(self) -> None:
        """Run the line to its end."""
        async with aclosing(answer_question(self.question)) as events:
            async for event in events:
                self.result = self.result.add(event, elapsed_ms=self.elapsed_ms)


async def ask(question: Question) -> AnswerResult:
    """Return the answer to a question once it has ended; a failure is in its ``error_code``."""
    collected = _Collected(question)
    line = asyncio.create_task(collected.collect(), name="golden question")
    _done, late = await asyncio.wait({line}, timeout=TIMEOUT_S)
    if late:
        line.cancel()
        await asyncio.wait({line})
        return collected.result.end(AnswerStatus.FAILED, TIMED_OUT, elapsed_ms=collected.elapsed_ms)
    if (error := line.exception()) is not None:
        logger.error("a golden question could not be asked", exc_info=error)
        return collected.result.end(AnswerStatus.FAILED, INTERNAL, elapsed_ms=collected.elapsed_ms)
    return collected.result.end(AnswerStatus.STOPPED, elapsed_ms=collected.elapsed_ms)


def record(answered: AnswerResult, *, request_id: UUID, requester: Requester) -> None:
    """Record what an answer cost, as evaluation; settles its quotas.

    Runs inside ``tenant(instance)``.
    """
    # Readers saw none of its sentences.
    requests = [
        replace(request, kind=Kind.EVALUATION, sentences=CheckedSentences())
        if request.kind == Kind.ANSWER
        else request
        for request in measured_requests(answered)
    ]
    record_requests(requests, request_id=request_id, requester=requester)
