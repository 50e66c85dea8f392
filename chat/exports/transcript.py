"""The selected branch of a conversation, with its sources numbered throughout.

Runs inside ``tenant(instance)``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Self
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from chat.answers.quoting.markdown import escape_markdown
from chat.answers.verification.messages import from_json, verification_data
from chat.conversations.turns import Turn, branch
from chat.models import Citation, Conversation, Message
from inference.catalogue import model_names
from ingestion.models import Document
from ingestion.places import place_of


@dataclass(frozen=True, slots=True)
class CitedDocument:
    """A document as bibliographies name it: by title and name only for guests, and when deleted."""

    title: str
    name: str
    author: str = ""
    dated: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A cited passage under its number in the file; ``quote`` may be empty."""

    number: int
    document: CitedDocument
    place: str
    quote: str

    def __str__(self) -> str:
        """Return the note: title, file name, place, quote."""
        document = self.document
        names = [document.title, document.name if document.name != document.title else ""]
        note = ", ".join(part for part in [*names, self.place] if part)
        return (
            _("%(note)s: “%(quote)s”") % {"note": note, "quote": self.quote} if self.quote else note
        )


@dataclass(frozen=True, slots=True)
class ExportedTurn:
    """A question, or an answer with the number in the file of each of its citations."""

    is_question: bool
    text: str
    model: str = ""
    numbers: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Transcript:
    """What files of a conversation contain."""

    title: str
    instance: str
    created_at: datetime
    language: str
    turns: tuple[ExportedTurn, ...]
    sources: tuple[Source, ...]

    @classmethod
    def of(cls, conversation: Conversation, *, language: str, cited_only: bool) -> Self:
        """Read the selected branch. ``cited_only`` is for guests, who may open no document."""
        turns = branch(conversation)
        numbered = _Numbered(conversation.instance.slug, turns, may_open=not cited_only)
        names = model_names(conversation.instance)
        return cls(
            title=conversation.title,
            instance=conversation.instance.name,
            created_at=conversation.created_at,
            language=language,
            turns=tuple(
                ExportedTurn(
                    is_question=message.role == Message.Role.USER,
                    text=_with_doubts(message, cited_only=cited_only),
                    model=names.get(message.model, message.model),
                    numbers=numbered.of(message),
                )
                for message in (turn.message for turn in turns)
                if message.content
            ),
            sources=tuple(numbered.sources.values()),
        )


def _with_doubts(message: Message, *, cited_only: bool) -> str:
    """Return the text of a message, with the reason after each sentence that is not confirmed."""
    verification = verification_data(
        from_json(message.verification),
        used={one.number for one in message.citations.all() if one.used},
        cited_only=cited_only,
    )
    text = message.content
    for doubtful in reversed(verification["sentences"] if verification else []):
        reason = _("not confirmed: {reason}").format(reason=doubtful["message"])
        end = doubtful["end"]
        text = f"{text[:end]} {escape_markdown(f'({reason})')}{text[end:]}"
    return text


class _Numbered:
    """Sources by answer, document, place and quote: the same one has one number."""

    def __init__(self, slug: str, turns: list[Turn], *, may_open: bool) -> None:
        self._slug, self._may_open = slug, may_open
        self._documents = _documents(turns)
        self.sources: dict[tuple[str, str, str], Source] = {}

    def of(self, message: Message) -> Mapping[int, int]:
        """Return the numbers in the file by those of the answer."""
        cited = [one for one in message.citations.all() if one.used]
        return MappingProxyType({one.number: self._number(one) for one in cited})

    def _number(self, citation: Citation) -> int:
        place, quote = place_of(citation), " ".join(citation.quote.split())
        key = (str(citation.document_id or citation.document_name), place, quote)
        if key not in self.sources:
            document = self._document(citation)
            self.sources[key] = Source(len(self.sources) + 1, document, place, quote)
        return self.sources[key].number

    def _document(self, citation: Citation) -> CitedDocument:
        title, name = citation.display_title, citation.document_name
        document = self._documents.get(citation.document_id)
        if document is None or not self._may_open:
            return CitedDocument(title, name)
        path = reverse("documents:detail", args=[self._slug, document.pk])
        return CitedDocument(
            title=title,
            name=name,
            author=document.author,
            dated=document.dated.isoformat() if document.dated else "",
            url=settings.SITE_URL + path,
        )


def _documents(turns: list[Turn]) -> dict[UUID | None, Document]:
    cited = {
        citation.document_id
        for turn in turns
        for citation in turn.message.citations.all()
        if citation.used and citation.document_id
    }
    documents = Document.with_attachments.filter(pk__in=cited).only("pk", "author", "dated")
    return {document.pk: document for document in documents}
