"""From a question to a measured answer: the second straight line.

    question → retrieve → prompt → generate → stream → measure

``answer_question`` is the line. It touches the database only in short steps, so no connection is
held while a model generates. Who consumes it (the browser through ``chat.answers.live``, a program
through ``chat.api``) keeps a ``Transcript``, and records the usage in ``finally``.
"""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import thread_time
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from chat.answers import extractive
from chat.answers.events import AnswerEvent, Reasoning, Sources, Stage, Text
from chat.answers.follow_up import self_contained_question
from chat.answers.prompts import answer_prompt
from chat.answers.transcript import Transcript
from inference.catalogue import EXTRACTIVE, LanguageModel, within_instance
from inference.errors import ContextOverflow, InferenceError
from inference.fair_turns import Asker
from inference.llm.backend import ChatMessage
from inference.llm.client import stream_chat
from inference.llm.events import Finished, PromptTruncated, ReasoningDelta, TextDelta
from instances.models import Instance
from retrieval.search import RetrievedChunk, SearchResult, asearch

logger = logging.getLogger(__name__)

EMPTY_ANSWER = "empty_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, where, of whom, and what was said before (in order)."""

    instance: Instance
    text: str
    model: LanguageModel
    history: tuple[ChatMessage, ...] = ()
    document_ids: tuple[UUID, ...] = ()
    # Who asks, as ``usage.admission`` names people and keys: they take turns inside the instance.
    person: str = ""
    # Whether whoever asks may open the documents; a guest is told of those cited alone.
    may_read_documents: bool = True
    # A program's own instructions, after those of the instance.
    instructions: str = ""
    # Whether extracts may stand in for a model that fails before its first word.
    may_fall_back: bool = True
    max_tokens: int | None = None
    temperature: float | None = None

    @property
    def asker(self) -> Asker:
        """In whose turn the question is answered."""
        return Asker(self.instance.pk, self.person)


async def answer_question(
    question: Question, transcript: Transcript
) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the events of the answer to ``question`` as they come, keeping them in ``transcript``.

    Errors of models are events, not exceptions; closing the generator stops the model.
    """
    question = replace(question, model=within_instance(question.model, question.instance))
    yield Stage("searching")
    try:
        query, result = await _retrieve(question, transcript)
    except InferenceError as error:
        logger.warning("the question could not be searched: %s", error)
        yield transcript.add(transcript.ending("failed", "search_unavailable"))
        return
    transcript.cpu_seconds = result.processor_seconds
    yield transcript.add(Sources(result.chunks, query, result.timing.total_ms))
    if not result.relevant:
        # No model is called: it could only invent.
        nearest = result.chunks if question.may_read_documents else ()
        yield transcript.add(Text(_nothing_found(nearest)))
        yield transcript.add(transcript.ending("nothing_found"))
        return
    yield Stage("generating")
    error_code = ""
    try:
        async with aclosing(_generate(question, result.chunks, transcript)) as events:
            async for event in events:
                yield transcript.add(event)
    except InferenceError as error:
        logger.warning("model %s failed: %s", question.model.id, error)
        error_code, transcript.usage = error.code, error.usage
    if not error_code and not transcript.text.strip():
        error_code = EMPTY_ANSWER
    if error_code and (transcript.text.strip() or not question.may_fall_back):
        yield transcript.add(transcript.ending("failed", error_code))
        return
    if error_code:
        # Nothing came: extracts answer instead, under the reason why.
        transcript.model_id = EXTRACTIVE
        yield transcript.add(_extract(result.chunks, transcript))
    yield transcript.add(transcript.ending("complete", error_code))


async def _retrieve(question: Question, transcript: Transcript) -> tuple[str, SearchResult]:
    rewritten = await self_contained_question(
        question.text, question.history, question.model, asker=question.asker
    )
    transcript.rewriting_usage = rewritten.usage
    result = await asearch(
        instance=question.instance,
        query=rewritten.question,
        top_k=question.instance.top_k,
        document_ids=question.document_ids,
        person=question.person,
    )
    return rewritten.question, result


async def _generate(
    question: Question, chunks: Sequence[RetrievedChunk], transcript: Transcript
) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the model's words, or the extracts; a prompt too long is tried once more, shorter."""
    if question.model.backend is None:
        yield _extract(chunks, transcript)
        return
    context_window = question.model.backend.context_window or settings.LLM_CONTEXT_WINDOW
    try:
        async with aclosing(_stream(question, chunks, context_window, transcript)) as events:
            async for event in events:
                yield event
    except ContextOverflow as overflow:
        if transcript.text:
            raise
        smaller = min(overflow.context_window or context_window, context_window) * 2 // 3
        logger.warning("the prompt was too long; trying with %d tokens", smaller)
        async with aclosing(_stream(question, chunks, smaller, transcript)) as events:
            async for event in events:
                yield event


async def _stream(
    question: Question,
    chunks: Sequence[RetrievedChunk],
    context_window: int,
    transcript: Transcript,
) -> AsyncGenerator[AnswerEvent, None]:
    backend = question.model.backend
    assert backend is not None  # noqa: S101 (narrows the type: _generate has looked)
    max_tokens = min(question.max_tokens or settings.LLM_MAX_TOKENS, context_window // 2)
    transcript.prompt = answer_prompt(
        question=question.text,
        chunks=chunks,
        history=question.history,
        instructions="\n".join(
            filter(None, [question.instance.instructions, question.instructions])
        ),
        context_window=context_window,
        max_tokens=max_tokens,
    )
    temperature = settings.LLM_TEMPERATURE if question.temperature is None else question.temperature
    stream = stream_chat(
        backend,
        transcript.prompt,
        max_tokens=max_tokens,
        temperature=temperature,
        asker=question.asker,
    )
    async with aclosing(stream) as events:
        async for event in events:
            match event:
                case TextDelta():
                    yield Text(event.text)
                case ReasoningDelta():
                    yield Reasoning(event.text)
                case PromptTruncated():
                    transcript.warning = "prompt_truncated"
                case Finished():
                    transcript.usage = event.usage
                    if event.finish_reason == "length":
                        transcript.warning = "length"


def _extract(chunks: Sequence[RetrievedChunk], transcript: Transcript) -> Text:
    started = thread_time()
    found = extractive.extracts(transcript.search_query, chunks)
    transcript.cpu_seconds += thread_time() - started
    return Text(extractive.as_markdown(found))


def _nothing_found(nearest: Sequence[RetrievedChunk]) -> str:
    """Say that the documents do not answer, and name the nearest ones."""
    sentence = _("I found no passage in the documents that answers this question.")
    names = list(dict.fromkeys(chunk.document_name for chunk in nearest))[:3]
    if not names:
        return sentence
    listed = "\n".join(f"- {extractive.escape_markdown(name)}" for name in names)
    return "{}\n\n{}\n\n{}".format(sentence, _("The nearest documents are:"), listed)
