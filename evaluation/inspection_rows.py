"""An inspection as its page shows it: numbers and reasons in the reader's language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from evaluation.evidence_wording import EvidenceLine, evidence_lines
from evaluation.inspection import Fate, InspectedPassage, Inspection
from ingestion.places import place_of
from instances.models import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow:
    """A passage of the table; ranks count from 1, "" for none."""

    document_id: UUID
    page: int
    title: str
    # "" of a document whose title is its file name.
    file: str
    place: str
    heading: str
    text: str
    number: str
    fused: str
    dense: str
    lexical: str
    relevance: str
    fate: Fate
    # The number of the passage that says the same, "" of others.
    folded_into: str
    # Why it is where it is, "" of most.
    moved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownInspection:
    """What the template reads of an inspection."""

    title: str
    id: str
    settings: list[tuple[str, Any]]
    is_refused: bool
    decision: str
    deciding: PassageRow | None
    evidence: list[EvidenceLine]
    words: list[tuple[str, str]]
    unknown_words: tuple[str, ...]
    passages: list[PassageRow]
    prompt: list[tuple[str, str]]
    prompt_tokens: int
    answer: str
    rerank_model: str
    total_ms: float


def shown_inspection(inspection: Inspection, *, is_present: bool) -> ShownInspection:
    """Return an inspection in words; ``is_present`` under the settings of the instance."""
    deciding = inspection.deciding
    prompt = inspection.prompt
    return ShownInspection(
        title=_("Present settings") if is_present else _("Settings that are tried"),
        id="present" if is_present else "tried",
        settings=list(_settings(inspection)),
        is_refused=inspection.is_refused,
        decision=_decision(inspection),
        deciding=_row(deciding) if deciding else None,
        evidence=evidence_lines(deciding.explained.features, inspection.search.asked)
        if deciding
        else [],
        words=[(word, _decimal(idf)) for word, idf in inspection.search.word_weights],
        unknown_words=inspection.unknown_words,
        passages=[_row(passage) for passage in inspection.passages],
        prompt=[(each.role, each.content) for each in prompt.messages] if prompt else [],
        prompt_tokens=prompt.estimated_tokens if prompt else 0,
        answer=inspection.answer,
        rerank_model=inspection.rerank_model,
        total_ms=inspection.total_ms,
    )


def _settings(inspection: Inspection) -> Iterator[tuple[str, Any]]:
    settings = inspection.settings
    yield _("Strictness"), Instance.Strictness(settings.strictness).label
    yield _("Passages per answer"), settings.top_k
    yield _("Model"), inspection.model.label
    yield _("Instructions"), settings.instructions or "—"


def _decision(inspection: Inspection) -> str:
    if inspection.deciding is None:
        return _("The instance has no passage, so nothing can be found.")
    words = {
        "relevance": _decimal(inspection.deciding.chunk.relevance),
        "threshold": _decimal(inspection.threshold),
    }
    if inspection.is_refused:
        return (
            _(
                "The most relevant passage reaches %(relevance)s of 1, less than the %(threshold)s "
                "of this strictness: the question is refused."
            )
            % words
        )
    return (
        _(
            "The most relevant passage reaches %(relevance)s of 1, and this strictness asks for "
            "%(threshold)s: the question is answered."
        )
        % words
    )


def _row(passage: InspectedPassage) -> PassageRow:
    explained, chunk = passage.explained, passage.chunk
    return PassageRow(
        document_id=chunk.document_id,
        page=chunk.page_start,
        title=chunk.display_title,
        file=chunk.document_name if chunk.document_title else "",
        place=place_of(chunk),
        heading=chunk.heading,
        text=chunk.text,
        number="" if passage.place is None else str(passage.place),
        fused=_ranked(explained.fused_rank, chunk.score),
        dense=_ranked(explained.dense_rank, chunk.cosine, 3),
        lexical=_ranked(explained.lexical_rank, chunk.bm25),
        relevance=_decimal(chunk.relevance),
        fate=passage.fate,
        folded_into="" if passage.folded_into is None else str(passage.folded_into),
        moved=_moved(passage),
    )


def _moved(passage: InspectedPassage) -> str:
    if not passage.is_moved:
        return ""
    if passage.put_before is None:
        return _("Put first by its date, of passages that say nearly the same.")
    return _("Put before [%(number)s], which says nearly the same, by its date.") % {
        "number": passage.put_before
    }


def _ranked(rank: int | None, score: float, digits: int = 2) -> str:
    """Return a rank with its score, "" for none."""
    if rank is None:
        return ""
    values = {"rank": rank, "score": number_format(round(score, digits), digits)}
    return _("%(rank)s (%(score)s)") % values


def _decimal(value: float) -> str:
    return number_format(round(value, 2), 2)
