"""Inspects a question: what the line of an answer would do with it, without generating one.

The stages are those of ``chat.answering``: search, refusal, withholding, prompt. What each leg of
the search found is added by ``retrieval.legs``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from chat.answering import Question, build_prompt
from chat.answers.prompts import Prompt
from chat.answers.quoting.extractive import answer_with_extracts
from chat.answers.refusals.messages import refusal
from chat.confidentiality.withholding import sent_passages, withhold
from evaluation.tried_settings import TriedSettings
from inference.catalogue import choose_model
from inference.embedding.vectors import NO_TOKENS, EmbeddedQuery
from inference.errors import InferenceError, NotCleared
from inference.fair_turns import Asker
from inference.offered_models import OfferedModel
from instances.models import Instance, Sensitivity
from instances.tenancy import in_tenant
from retrieval.legs import DEPTH, ExplainedChunk, ExplainedSearch, explain_search
from retrieval.measured_requests import embedding_request, search_requests
from retrieval.relevance import threshold_of
from retrieval.search import RetrievedChunk, SearchResult, aembed, asearch, is_relevant
from usage.admission import person_name
from usage.quotas.charging import settle
from usage.recording import Kind, MeasuredRequest, Outcome, Requester, record_requests

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

    ``folded_into`` is the place of the passage that says the same, None of others; ``is_moved``
    tells that its date put it before one that says nearly the same, at the place ``put_before``
    (None: left out).
    """

    explained: ExplainedChunk
    place: int | None
    fate: Fate
    folded_into: int | None = None
    is_moved: bool = False
    put_before: int | None = None

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
    *,
    instance: Instance,
    text: str,
    settings: Sequence[TriedSettings],
    user_id: int,
    request_id: UUID,
) -> list[Inspection]:
    """Return what an answer to ``text`` would be made from, under each of the settings.

    The searches are recorded together as the usage of ``request_id``, also when they fail, which
    settles what was reserved of quotas; the question is embedded once. Raises InferenceError when
    it cannot be embedded, NotCleared when it may not be.
    """
    level = Sensitivity(instance.sensitivity)
    asker = Asker(instance.pk, person_name(user_id=user_id, key_id=None))
    inspections, searches = list[Inspection](), list[SearchResult]()
    requester = Requester(instance_id=instance.pk, user_id=user_id)
    try:
        embedded = await aembed(text, instance=instance, sensitivity=level, asker=asker)
        for each in settings:
            inspection, found = await _inspect(instance, text, each, user_id, embedded)
            inspections.append(inspection)
            searches.append(found)
            embedded = replace(embedded, processor_seconds=0.0, tokens=NO_TOKENS, server=None)
    except NotCleared:
        # Nothing was sent.
        await in_tenant(instance, settle, instance.pk, request_id)
        raise
    except InferenceError:
        failed = embedding_request(outcome=Outcome.FAILED, model_id=instance.embedding_model_name)
        await in_tenant(
            instance, record_requests, [failed], request_id=request_id, requester=requester
        )
        raise
    requests = _together(searches)
    await in_tenant(instance, record_requests, requests, request_id=request_id, requester=requester)
    return inspections


async def _inspect(
    instance: Instance, text: str, settings: TriedSettings, user_id: int, embedded: EmbeddedQuery
) -> tuple[Inspection, SearchResult]:
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
        return explain_search(
            instance=tried,
            query=text,
            embedding=embedded.vector,
            depth=max(DEPTH, tried.top_k),
            chunk_ids=[chunk.chunk_id for chunk in found.chunks] + copies,
        )

    search = await in_tenant(instance, explain)
    question = Question(instance=tried, text=text, model=model)
    return _inspection(question, settings, found, search), found


def _together(searches: Sequence[SearchResult]) -> list[MeasuredRequest]:
    """Return the requests of all searches, one of each kind: an id has one record of a kind."""
    sums: dict[Kind, MeasuredRequest] = {}
    for request in chain.from_iterable(map(search_requests, searches)):
        before = sums.get(request.kind)
        sums[request.kind] = (
            request
            if before is None
            else replace(
                before,
                tokens=before.tokens + request.tokens if before.tokens and request.tokens else None,
                cpu_seconds=before.cpu_seconds + request.cpu_seconds,
                total_ms=before.total_ms + request.total_ms,
            )
        )
    return list(sums.values())


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
        other = None if place is None else found.chunks[place - 1].put_before
        if place is not None:
            fate = _fate(found.chunks, place, fitting, is_refused=not found.relevant)
        elif into is not None:
            fate = Fate.FOLDED
        else:
            fate = Fate.RERANKED if found.rerank_model else Fate.CUT
        before = None if other is None else places.get(other)
        passages.append(InspectedPassage(explained, place, fate, into, other is not None, before))
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
