"""Inspects a question: what the line of an answer would do with it, without generating one.

The stages are those of ``chat.answering``: search, refusal, withholding, prompt. What each leg of
the search found is added by ``retrieval.legs``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from chat.answering import Question, build_prompt
from chat.answers.prompts import Prompt
from chat.answers.quoting.extractive import answer_with_extracts
from chat.answers.refusals.messages import refusal
from chat.confidentiality.withholding import sent_passages, withhold
from evaluation.tried_settings import TriedSettings
from inference.catalogue import choose_model
from inference.embedding.client import EmbeddedQuery
from inference.fair_turns import Asker
from inference.offered_models import OfferedModel
from instances.models import Instance, Sensitivity
from instances.tenancy import in_tenant
from retrieval.legs import DEPTH, ExplainedChunk, ExplainedSearch, explain_search
from retrieval.measured_requests import search_requests
from retrieval.relevance import threshold_of
from retrieval.search import RetrievedChunk, SearchResult, aembed, asearch, is_relevant
from usage.admission import person_name
from usage.recording import Requester, record_requests

# Closes each passage of a prompt; the text of a passage cannot contain it.
_END_OF_PASSAGE = "</passage>"


class Fate(TextChoices):
    """What became of a passage, and why."""

    GIVEN = "given", _("Given to the answer")
    REFUSED = "refused", _("Among the best, but none of them answers")
    WITHHELD = "withheld", _("Withheld: too sensitive for the model")
    NO_ROOM = "no_room", _("Left out: the context window of the model is full")
    FOLDED = "folded", _("Left out: says the same as another passage")
    RERANKED = "reranked", _("Left out by the reranker")
    CUT = "cut", _("Left out: after the number of passages per answer")


@dataclass(frozen=True, slots=True)
class InspectedPassage:
    """A passage with its ranks, its place among those of the answer (None: left out), its fate.

    ``folded_into`` is the place of the passage that says the same, None of others.
    """

    explained: ExplainedChunk
    place: int | None
    fate: Fate
    folded_into: int | None = None

    @property
    def chunk(self) -> RetrievedChunk:
        """The passage."""
        return self.explained.chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What an answer to a question would be made from, under some settings.

    ``passages`` are in the order of the fusion. ``deciding`` is the passage with the highest
    relevance, which decides; None in an empty instance. ``threshold`` is the relevance from which
    one is enough. ``prompt`` is None when no model would be called; ``answer`` is then what would
    be shown: extracts, or the refusal, in Markdown.
    """

    settings: TriedSettings
    model: OfferedModel
    search: ExplainedSearch
    passages: tuple[InspectedPassage, ...]
    is_refused: bool
    deciding: InspectedPassage | None
    threshold: float
    prompt: Prompt | None
    answer: str
    unknown_words: tuple[str, ...]
    rerank_model: str
    total_ms: float


async def inspect_question(
    *, instance: Instance, text: str, settings: Sequence[TriedSettings], user_id: int
) -> list[Inspection]:
    """Return what an answer to ``text`` would be made from, under each of the settings.

    The searches are recorded as usage; the question is embedded once. Raises InferenceError when
    it cannot be embedded, NotCleared when it may not be.
    """
    level = Sensitivity(instance.sensitivity)
    asker = Asker(instance.pk, person_name(user_id=user_id, key_id=None))
    embedded = await aembed(text, sensitivity=level, asker=asker)
    inspections = []
    for each in settings:
        inspections.append(await _inspect(instance, text, each, user_id, embedded))
        # It has been recorded.
        embedded = replace(embedded, processor_seconds=0.0)
    return inspections


async def _inspect(
    instance: Instance, text: str, settings: TriedSettings, user_id: int, embedded: EmbeddedQuery
) -> Inspection:
    tried = settings.applied_to(instance)
    model = await in_tenant(instance, choose_model, tried)
    found = await asearch(
        instance=tried,
        query=text,
        sensitivity=Sensitivity(instance.sensitivity),
        top_k=tried.top_k,
        person=person_name(user_id=user_id, key_id=None),
        embedded_query=embedded,
    )
    copies = [copy.chunk_id for chunk in found.chunks for copy in chunk.copies]

    def explain() -> ExplainedSearch:
        _record(instance, user_id, found)
        return explain_search(
            instance=tried,
            query=text,
            embedding=embedded.vector,
            depth=max(DEPTH, tried.top_k),
            chunk_ids=[chunk.chunk_id for chunk in found.chunks] + copies,
        )

    search = await in_tenant(instance, explain)
    return _inspection(Question(instance=tried, text=text, model=model), settings, found, search)


def _record(instance: Instance, user_id: int, found: SearchResult) -> None:
    requests = search_requests(
        cpu_seconds=found.processor_seconds,
        total_ms=found.timing.total_ms,
        rerank_model=found.rerank_model,
        rerank_seconds=found.rerank_seconds,
    )
    requester = Requester(instance_id=instance.pk, user_id=user_id)
    record_requests(list(requests), request_id=uuid4(), requester=requester)


def _inspection(
    question: Question, settings: TriedSettings, found: SearchResult, search: ExplainedSearch
) -> Inspection:
    kept = withhold(found, question.model) if found.relevant else found
    # Of a refused question, nothing is sent.
    sent = sent_passages(kept.chunks) if found.relevant else []
    prompt = None
    if question.model.backend is not None and is_relevant(sent, question.instance):
        prompt = build_prompt(question, sent)
    fitting = None if prompt is None else _passages_in(prompt, question.text)
    passages = _passages(kept, search, fitting)
    places = [passage for passage in passages if passage.place is not None]
    return Inspection(
        settings=settings,
        model=question.model,
        search=search,
        passages=passages,
        is_refused=not found.relevant,
        deciding=max(places, key=lambda one: one.chunk.relevance, default=None),
        threshold=threshold_of(question.instance),
        prompt=prompt,
        answer="" if prompt else _answer(question, kept),
        unknown_words=found.unknown_words,
        rerank_model=found.rerank_model,
        total_ms=found.timing.total_ms,
    )


def _answer(question: Question, found: SearchResult) -> str:
    """Return what is shown without calling a model; extracts also where it may receive nothing."""
    if not found.relevant:
        return refusal(found, may_read_documents=True)
    return answer_with_extracts(question.text, found.chunks)[0]


def _passages(
    found: SearchResult, search: ExplainedSearch, fitting: int | None
) -> tuple[InspectedPassage, ...]:
    numbered = list(enumerate(found.chunks, start=1))
    places = {chunk.chunk_id: place for place, chunk in numbered}
    folded = {copy.chunk_id: place for place, chunk in numbered for copy in chunk.copies}
    passages = []
    for explained in search.chunks:
        key = explained.chunk.chunk_id
        place, into = places.get(key), folded.get(key)
        if place is not None:
            fate = _fate(found.chunks, place, fitting, is_refused=not found.relevant)
        elif into is not None:
            fate = Fate.FOLDED
        else:
            fate = Fate.RERANKED if found.rerank_model else Fate.CUT
        passages.append(InspectedPassage(explained, place, fate, into))
    return tuple(passages)


def _passages_in(prompt: Prompt, question: str) -> int:
    """Return how many passages fitted in a prompt, which ends with the question."""
    return prompt.messages[-1].content.removesuffix(question).count(_END_OF_PASSAGE)


def _fate(
    chunks: Sequence[RetrievedChunk], place: int, fitting: int | None, *, is_refused: bool
) -> Fate:
    if is_refused:
        return Fate.REFUSED
    if chunks[place - 1].is_withheld:
        return Fate.WITHHELD
    return Fate.NO_ROOM if fitting is not None and place > fitting else Fate.GIVEN
