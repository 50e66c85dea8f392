"""The events of an answer as the browser receives them (server-sent events).

stage {stage}                       nothing to read yet
sources {citations}                 the passages, numbered from 1
token {text}   reasoning {text}     to append
replace {text, reasoning}           all that has come, after joining late
error {code, message, retryable}    what came stays
done {…}                            the whole answer, and what it cost

Guests read what an answer cites, and nothing else of the documents (``cited_only``): no passage
before the answer has ended, then those cited, each without its heading and without the words around
the quote; no reasoning, in which models repeat what they were given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _

from chat.answers.events import AnswerEvent, Reasoning, Sources, Stage, Text
from chat.answers.failures import is_retryable, user_message
from chat.answers.reading import AnswerState
from chat.models import Citation, Message
from retrieval.search import RetrievedChunk
from usage.models import UsageRecord

METHOD_LABELS = {
    "modelled": _("modelled with EcoLogits"),
    "local": _("from processor time"),
}


@dataclass(frozen=True, slots=True)
class BrowserEvent:
    """A named event with JSON data."""

    name: str
    data: dict[str, Any]

    def encode(self, number: int) -> bytes:
        """Return the event in the ``text/event-stream`` format; 0 means it has no number."""
        identifier = f"id: {number}\n".encode() if number else b""
        name = self.name.encode()
        return b"%sevent: %s\ndata: %s\n\n" % (identifier, name, orjson.dumps(self.data))


def event_for(event: AnswerEvent, *, cited_only: bool) -> BrowserEvent | None:
    """Return what the browser is told of an event; None for the end, which is told once saved."""
    if cited_only and isinstance(event, Sources | Reasoning):
        return None
    match event:
        case Stage(name):
            return BrowserEvent("stage", {"stage": name})
        case Sources(chunks):
            return BrowserEvent("sources", {"citations": sources(chunks)})
        case Text(text):
            return BrowserEvent("token", {"text": text})
        case Reasoning(text):
            return BrowserEvent("reasoning", {"text": text})
    return None


def sources(chunks: Iterable[RetrievedChunk]) -> list[dict[str, Any]]:
    """Return passages as the browser lists them."""
    return [
        {
            "number": number,
            "document_id": chunk.document_id,
            "document": chunk.document_name,
            "unit": chunk.unit,
            "page_start": chunk.page_start,
            "page_end": chunk.page_end,
            "page_label": chunk.page_label,
            "heading": chunk.heading,
            "text": chunk.text,
            "quote": "",
            "score": chunk.score,
        }
        for number, chunk in enumerate(chunks, start=1)
    ]


def citations_data(citations: Iterable[Citation], *, cited_only: bool) -> list[dict[str, Any]]:
    """Return the saved passages of an answer in the form of ``sources``."""
    if cited_only:
        return [_quote_data(citation) for citation in citations if citation.used]
    return [_passage_data(citation) for citation in citations]


def _quote_data(citation: Citation) -> dict[str, Any]:
    unseen = {"document_id": None, "heading": "", "text": ""}
    return _passage_data(citation) | unseen


def _passage_data(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "document_id": citation.document_id,
        "document": citation.document_name,
        "unit": citation.document.unit if citation.document else "page",
        "page_start": citation.page_start,
        "page_end": citation.page_end,
        "page_label": citation.page_label,
        "heading": citation.heading,
        "text": citation.text,
        "quote": citation.quote,
        "score": citation.score,
    }


def catch_up_events(state: AnswerState, *, cited_only: bool) -> list[BrowserEvent]:
    """Return what someone who joins late must know first."""
    message = state.message
    reasoning = "" if cited_only else message.reasoning
    events = [BrowserEvent("replace", {"text": message.content, "reasoning": reasoning})]
    if state.citations and not cited_only:
        citations = citations_data(state.citations, cited_only=False)
        events.insert(0, BrowserEvent("sources", {"citations": citations}))
    return events


def ending_events(state: AnswerState, *, cited_only: bool) -> list[BrowserEvent]:
    """Return the end of an answer that has been saved, after its error if it had one."""
    message = state.message
    events = []
    if message.error_code:
        error = {
            "code": message.error_code,
            "message": user_message(message.error_code),
            "retryable": is_retryable(message.error_code),
        }
        events.append(BrowserEvent("error", error))
    used = [citation for citation in state.citations if citation.used]
    done = {
        "status": message.status,
        "nothing_found": message.nothing_found,
        "uncited": message.status == Message.Status.COMPLETE
        and not message.nothing_found
        and not used,
        "content": message.content,
        "model": message.model,
        "used": [citation.number for citation in used],
        "quotes": {str(citation.number): citation.quote for citation in used},
        "impact": impact_data(state.usage) if state.usage else None,
    }
    if cited_only:
        # What an answer cites is known at its end; no ``sources`` came before.
        done["citations"] = citations_data(used, cited_only=True)
    events.append(BrowserEvent("done", done))
    return events


def impact_data(usage: UsageRecord) -> dict[str, Any]:
    """Return what an answer cost, with the method that says so."""
    return {
        "energy_wh": usage.energy_wh,
        "gco2e": usage.gco2e_usage + usage.gco2e_embodied,
        "gco2e_usage": usage.gco2e_usage,
        "gco2e_embodied": usage.gco2e_embodied,
        "method": usage.method,
        "method_label": str(METHOD_LABELS.get(usage.method, usage.method)),
        "method_version": usage.method_version,
        "total_ms": usage.total_ms,
        "first_token_ms": usage.first_token_ms,
        "retrieval_ms": usage.retrieval_ms,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "estimated": usage.tokens_estimated,
        "model": usage.model,
    }
