"""Converts the events of an answer to server-sent events for browsers.

stage {stage}                       the current step, before the first word
queued {place, text}                the place in the queue of the model, and a sentence that says it
sources {citations}                 the passages, numbered from 1
token {text}   reasoning {text}     to append
replace {text, reasoning}           the whole text so far: of an answer that is reused, or for
                                    browsers that connect late
checked {content, verification}     the text with its citations moved, and its sentences that no
                                    passage supports
error {code, message, retryable}    the text so far stays
done {…}                            the whole answer, and its cost

Guests are shown only what an answer cites (``cited_only``): no passages before the end of the
answer, then those cited, each without its heading and the words around the quote; no reasoning, as
models repeat their prompt in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chat.answers.citations import citation_data, citation_of
from chat.answers.error_messages import is_retryable, user_message
from chat.answers.events import AnswerEvent, Extracted, ModelFoundNothing, NothingFound, Stage
from chat.answers.persistence import StoredAnswer
from chat.answers.quoting.quotes import cited_numbers
from chat.answers.reuse import ReusedAnswer
from chat.answers.shown_cost import shown_cost
from chat.answers.verification.checking import Verification, Verified
from chat.answers.verification.messages import from_json, verification_data
from chat.models import Citation
from inference.llm.events import ReasoningDelta, TextDelta
from inference.offered_models import EXTRACTIVE
from inference.queueing.fair_queue import Position
from retrieval.filters.wording import filter_words
from retrieval.search import SearchResult
from usage.models import AnswerStatus, UsageRecord
from usage.wording import count, wait
from web.server_sent_events import ServerSentEvent

# Citations have two digits.
_MOST_PASSAGES = 99


def event_for(event: AnswerEvent, *, cited_only: bool) -> ServerSentEvent | None:
    """Return the event for browsers, or None; the end is sent after it was saved."""
    match event:
        case Stage(name):
            return ServerSentEvent({"stage": name}, "stage")
        case Position(0):
            return ServerSentEvent({"stage": "generating"}, "stage")
        case Position(place):
            return ServerSentEvent({"place": place, "text": _place(event)}, "queued")
        case SearchResult(chunks) if not cited_only:
            passages = [
                citation_data(citation_of(number, chunk))
                for number, chunk in enumerate(chunks, start=1)
            ]
            return ServerSentEvent({"citations": passages}, "sources")
        case TextDelta(text) | NothingFound(text) | ModelFoundNothing(text) | Extracted(text):
            return ServerSentEvent({"text": text}, "token")
        case ReusedAnswer():
            reasoning = "" if cited_only else event.reasoning
            return ServerSentEvent({"text": event.text, "reasoning": reasoning}, "replace")
        case Verified(text, verification) if verification is not None:
            shown = _verification(verification, text, cited_only=cited_only)
            return ServerSentEvent({"content": text, "verification": shown}, "checked")
        case ReasoningDelta(text) if not cited_only:
            return ServerSentEvent({"text": text}, "reasoning")
    return None


def citations_data(citations: Iterable[Citation], *, cited_only: bool) -> list[dict[str, Any]]:
    """Return the saved passages of an answer, as ``sources`` has them."""
    hidden = {"document_id": None, "heading": "", "text": ""} if cited_only else {}
    return [
        citation_data(citation) | hidden
        for citation in citations
        if citation.used or not cited_only
    ]


def catch_up_events(stored: StoredAnswer, *, cited_only: bool) -> list[ServerSentEvent]:
    """Return the first events for a browser that connects late."""
    message = stored.message
    reasoning = "" if cited_only else message.reasoning
    events = [ServerSentEvent({"text": message.content, "reasoning": reasoning}, "replace")]
    if stored.citations and not cited_only:
        citations = citations_data(stored.citations, cited_only=False)
        events.insert(0, ServerSentEvent({"citations": citations}, "sources"))
    return events


def ending_events(
    stored: StoredAnswer, model_names: Mapping[str, str], *, cited_only: bool
) -> list[ServerSentEvent]:
    """Return the end of an answer that has been saved, after its error if it had one.

    ``model_names`` are those of ``inference.catalogue.model_names``.
    """
    message = stored.message
    events = []
    if message.error_code:
        error = {
            "code": message.error_code,
            "message": user_message(message.error_code),
            "retryable": is_retryable(message.error_code),
        }
        events.append(ServerSentEvent(error, "error"))
    used = [citation for citation in stored.citations if citation.used]
    done = {
        "status": message.status,
        "uncited": message.status == AnswerStatus.COMPLETE and not used,
        "content": message.content,
        "model": message.model,
        "written_by": _written_by(stored, model_names),
        "reused": _reused(stored),
        "used": [citation.number for citation in used],
        "filters": filter_words(message.filters),
        "verification": _verification(
            from_json(message.verification), message.content, cited_only=cited_only
        ),
        "quotes": {str(citation.number): citation.quote for citation in used},
        "impact": shown_cost(stored.cost) if stored.cost else None,
    }
    if cited_only:
        # What an answer cites is known at its end; no ``sources`` came before.
        done["citations"] = citations_data(used, cited_only=True)
    events.append(ServerSentEvent(done, "done"))
    return events


def _verification(
    verification: Verification | None, text: str, *, cited_only: bool
) -> dict[str, Any] | None:
    used = frozenset(cited_numbers(text, _MOST_PASSAGES))
    return verification_data(verification, used=used, cited_only=cited_only)


def _place(position: Position) -> str:
    """Return the sentence that says the place in the queue, and the expected wait if known."""
    if position.is_starting and position.wait_s is not None:
        told = _(
            "The model is starting: about %(wait)s. Your question is number %(place)s in the queue."
        )
    elif position.is_starting:
        told = _("The model is starting. Your question is number %(place)s in the queue.")
    elif position.wait_s is None:
        told = _("The model is busy. Your question is number %(place)s in the queue.")
    else:
        told = _(
            "The model is busy. Your question is number %(place)s in the queue; expected wait: "
            "%(wait)s."
        )
    return told % {"place": count(position.place), "wait": wait(position.wait_s or 0)}


def _written_by(stored: StoredAnswer, model_names: Mapping[str, str]) -> str:
    """Return which model wrote an answer, "" when none did."""
    message = stored.message
    has_tokens = stored.cost is not None and bool(stored.cost.answer.completion_tokens)
    is_refusal = message.status == AnswerStatus.NOTHING_FOUND and not has_tokens
    if is_refusal or not message.content:
        return ""
    label = model_names.get(message.model, message.model)
    return label if message.model == EXTRACTIVE else _("Written by %(model)s") % {"model": label}


def _reused(stored: StoredAnswer) -> str:
    """Return the sentence that an answer repeats an earlier one, "" when it does not."""
    if stored.cost is None or stored.cost.answer.outcome != UsageRecord.Outcome.CACHED:
        return ""
    if stored.repeated_at is None:
        return _(
            "This question was asked before. The passages and the model have not changed: this is "
            "the earlier answer."
        )
    day = date_format(timezone.localtime(stored.repeated_at), "DATE_FORMAT")
    return _(
        "This question was asked before. The passages and the model have not changed: this is the "
        "answer of %(day)s."
    ) % {"day": day}
