"""From a question to a measured answer: the second line of the product.

    question → retrieve → prompt → generate → stream → measure

A prompt that the model has answered before is not answered anew (``chat.answers.reuse``).

``answer_question`` is the line. It uses the database only in short steps, so no connection is held
while a model generates. ``chat.running`` runs it, for browsers and for API clients: it adds up the
events (``chat.answers.result``), sends them to clients, and saves the result with its cost.
"""

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import thread_time
from uuid import UUID

from django.conf import settings

from chat.answers.events import (
    AnswerEvent,
    Extracted,
    Failed,
    ModelFoundNothing,
    NothingFound,
    Stage,
    is_text,
)
from chat.answers.follow_up import SearchQuery, begin_rewriting, write_search_query
from chat.answers.prompts import Prompt, answer_prompt
from chat.answers.quoting.extractive import answer_with_extracts
from chat.answers.refusals.messages import nearest_passages, refusal
from chat.answers.refusals.model_words import says_nothing_found
from chat.answers.reuse import Reusable, find_earlier, prompt_digest
from chat.answers.verification.checking import Verified, verify_in_thread
from chat.confidentiality.withholding import SEARCH_NOT_CLEARED, sent_passages, withhold
from chat.extras import NO_EXTRAS, Extras
from inference.errors import ContextOverflow, InferenceError, NotCleared
from inference.fair_turns import Asker
from inference.llm.backend import ChatMessage
from inference.llm.events import ChatEvent, TextDelta
from inference.llm.length import shortened
from inference.offered_models import OfferedModel
from inference.queueing.fair_queue import Position
from inference.routing import Rerouted, smallest_context_window, stream_answer
from instances.audit.refusals import record_refusal
from instances.models import Instance, Sensitivity
from retrieval.search import RetrievedChunk, SearchResult, asearch, is_relevant
from usage.recording import FrugalStep

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, the instance and model that answer it, and the turns before it (in order)."""

    instance: Instance
    text: str
    model: OfferedModel
    history: tuple[ChatMessage, ...] = ()
    document_ids: tuple[UUID, ...] = ()
    # The files of the conversation, which are searched besides.
    attached: tuple[UUID, ...] = ()
    # By ``usage.admission.person_name``: people and keys take turns in the instance.
    person: str = ""
    # Whether the person may open documents; guests are shown only those that an answer cites.
    may_read_documents: bool = True
    # The instructions of an API client, after those of the instance.
    instructions: str = ""
    # Whether an earlier answer may be given again, and this one later; only without history, and
    # never with attachments, which are their author's alone.
    may_be_reused: bool = False
    # Whether the answer is written even if an earlier one may be given again.
    is_anew: bool = False
    # Whether the kind and the date of documents that it names restrict its search.
    may_filter: bool = True
    # Its place where first answers are frugal, for the usage record.
    frugal_step: FrugalStep | None = None
    # Whether extracts may replace a model that fails before its first word.
    may_fall_back: bool = True
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    # Whether nobody waits for the answer: interactive questions are answered first.
    is_batch: bool = False
    # Whether a client of the API has the words as they come: they cannot change at the end.
    is_streamed: bool = False
    extras: Extras = NO_EXTRAS

    @property
    def message(self) -> ChatMessage:
        """The question as a message: at least as sensitive as its instance."""
        return ChatMessage("user", self.text, Sensitivity(self.instance.sensitivity))

    @property
    def sent_history(self) -> tuple[ChatMessage, ...]:
        """The turns that the model may receive."""
        clearance = self.model.clearance
        return tuple(turn for turn in self.history if clearance.covers(turn.sensitivity))

    @property
    def asker(self) -> Asker:
        """The instance and the person in whose turn models work."""
        return Asker(self.instance.pk, self.person, self.instance.organisation_id)

    @property
    def temperature_or_default(self) -> float:
        """The temperature of the answer."""
        return settings.LLM_TEMPERATURE if self.temperature is None else self.temperature


async def answer_question(question: Question) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the events of the answer (``chat.answers.events``).

    Errors of models are events, not exceptions. Closing the generator stops the model.
    """
    yield Stage("searching")
    if rewriting := begin_rewriting(question.message, question.sent_history, question.model):
        yield rewriting
    query = await write_search_query(
        question.message, question.sent_history, question.model, asker=question.asker
    )
    yield query
    found = await _find_passages(question, query)
    yield found
    if isinstance(found, Failed):
        return
    if not found.relevant and not question.extras.needs:
        # No model is called: it could only invent.
        yield NothingFound(refusal(found, may_read_documents=question.may_read_documents))
        return
    yield Stage("generating")
    if question.model.backend is None:
        for extracted in _extract(question, query.text, found):
            yield extracted
        return
    sent = sent_passages(found.chunks)
    prompt = build_prompt(question, sent)
    can_answer = question.extras.needs or is_relevant(sent, question.instance)
    failure = None if can_answer else Failed(NotCleared.code)
    words, has_text = list[str](), False
    if question.may_be_reused and not question.attached and failure is None:
        digest = prompt_digest(question.model, prompt, question.temperature_or_default)
        earlier = None if question.is_anew else await find_earlier(question.instance, digest)
        yield earlier or Reusable(digest)
        if earlier is not None:
            return
    for is_last_try in (False, True) if failure is None else ():
        yield prompt
        try:
            async with aclosing(generate(question, prompt)) as events:
                async for event in events:
                    has_text = has_text or is_text(event)
                    if isinstance(event, TextDelta):
                        words.append(event.text)
                    yield event
            failure = None if has_text else Failed("empty_answer")
            break
        except InferenceError as error:
            logger.warning("model %s failed: %s", question.model.id, error)
            if isinstance(error, NotCleared):
                await record_refusal(question.instance, str(question.model.label), error.level)
            failure = Failed(error.code, error.usage)
            if is_last_try or has_text or not isinstance(error, ContextOverflow):
                break
            prompt = shorter_prompt(question, sent, prompt, error)
    if failure is None:
        yield await _checked(question, found, sent, "".join(words))
        return
    for ending in _failure(question, query.text, found, failure, has_text=has_text):
        yield ending


async def _find_passages(question: Question, query: SearchQuery) -> SearchResult | Failed:
    """Return the passages; those that the model may not receive are withheld, which is audited."""
    instance = question.instance
    try:
        found = await asearch(
            instance=instance,
            query=query.text,
            sensitivity=query.sensitivity,
            top_k=instance.top_k,
            document_ids=question.document_ids,
            person=question.person,
            may_filter=question.may_filter,
            attached=question.attached,
        )
    except NotCleared:
        await record_refusal(instance, instance.embedding_model_name, query.sensitivity)
        return Failed(SEARCH_NOT_CLEARED)
    except InferenceError as error:
        logger.warning("the search failed: %s", error)
        return Failed("search_unavailable")
    if not found.relevant:
        # The images or functions may answer; passages that do not cannot be cited.
        return replace(found, chunks=()) if question.extras.needs else found
    found = withhold(found, question.model)
    levels = [chunk.sensitivity for chunk in found.chunks if chunk.is_withheld]
    if levels:
        level = Sensitivity.highest(levels)
        await record_refusal(instance, str(question.model.label), level, n_passages=len(levels))
    return found


def build_prompt(
    question: Question, chunks: Sequence[RetrievedChunk], *, context_window: int | None = None
) -> Prompt:
    """Return the prompt for a context window in tokens: by default, that of the model."""
    if context_window is None:
        context_window = smallest_context_window(question.model) or settings.LLM_CONTEXT_WINDOW
    instructions = (question.instance.instructions, question.instructions)
    return answer_prompt(
        question=question.message,
        chunks=chunks,
        history=question.sent_history,
        extras=question.extras,
        instructions="\n".join(filter(None, instructions)),
        context_window=context_window,
        max_tokens=longest_answer(question, context_window),
    )


def longest_answer(question: Question, context_window: int) -> int:
    """Return how many tokens the model may write."""
    return min(
        question.max_tokens or settings.LLM_MAX_TOKENS,
        question.model.max_tokens or context_window,
        context_window // 2,
    )


def shorter_prompt(
    question: Question, chunks: Sequence[RetrievedChunk], tried: Prompt, error: ContextOverflow
) -> Prompt:
    """Return a prompt for two thirds of the context window for which ``tried`` was too long."""
    context_window = min(error.context_window or tried.context_window, tried.context_window)
    return build_prompt(question, chunks, context_window=context_window * 2 // 3)


def generate(
    question: Question, prompt: Prompt
) -> AsyncGenerator[ChatEvent | Position | Rerouted, None]:
    """Return the events of the model's answer to a prompt; raises InferenceError."""
    return stream_answer(
        question.model,
        prompt.messages,
        max_tokens=prompt.max_tokens,
        temperature=question.temperature_or_default,
        stop=question.stop,
        options=question.extras.options,
        asker=question.asker,
        is_batch=question.is_batch,
    )


async def _checked(
    question: Question, found: SearchResult, sent: Sequence[RetrievedChunk], words: str
) -> ModelFoundNothing | Verified:
    """Return what comes after the words of a model: what is found of its sentences.

    When they say that the passages do not answer, the nearest ones. JSON and what functions return
    are not checked.
    """
    if question.extras.needs:
        return Verified(words, None)
    if says_nothing_found(words):
        nearest = nearest_passages(found.chunks) if question.may_read_documents else ""
        return ModelFoundNothing(f"\n\n{nearest}" if nearest else "")
    may_change = not question.is_streamed
    return await verify_in_thread(words, question.text, sent, may_change=may_change)


def _failure(
    question: Question, search_query: str, found: SearchResult, failure: Failed, *, has_text: bool
) -> Iterator[Failed | SearchResult | Extracted]:
    """Yield the failure of a model, and the extracts that replace its answer if it had no word."""
    yield failure
    if question.may_fall_back and not has_text:
        yield from _extract(question, search_query, found)


def _extract(
    question: Question, search_query: str, found: SearchResult
) -> Iterator[SearchResult | Extracted]:
    """Yield the passages in the order in which the extracts cite them, then the extracts.

    Nothing is withheld from extracts, as they are made on this machine.
    """
    started = thread_time()
    passages = [replace(chunk, is_withheld=False) for chunk in found.chunks]
    passages.sort(key=lambda chunk: -chunk.score)
    text, chunks = answer_with_extracts(search_query, tuple(passages))
    if chunks != found.chunks:
        yield replace(found, chunks=chunks)
    text, is_cut = shortened(text, max_tokens=question.max_tokens, stop=question.stop)
    yield Extracted(text, cpu_seconds=thread_time() - started, is_cut=is_cut)
