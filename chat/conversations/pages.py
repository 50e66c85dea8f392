"""The contents of the conversation page: turns and models.

All functions run inside ``tenant(instance)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import ngettext

from chat.answers.abandoned import close_abandoned
from chat.answers.browser_events import citations_data, ending_events
from chat.answers.persistence import StoredAnswer
from chat.conversations.turns import Turn, branch
from chat.models import Conversation, Message
from inference.catalogue import choose_first_model, model_names
from inference.offered_models import OfferedModel
from ingestion.models import Document
from instances.models import Instance
from usage.models import AnswerStatus
from usage.request_costs import RequestCost, request_costs

# Documents of a restriction that are named.
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A question or an answer, with the data of its custom element."""

    message: Message
    data: dict[str, Any]
    restricted_to: Sequence[str] = ()

    @property
    def is_question(self) -> bool:
        """Whether it is a question."""
        return self.message.role == Message.Role.USER


@dataclass(frozen=True, slots=True)
class _Names:
    """The names to which the messages of a conversation refer."""

    documents: dict[UUID, str]
    models: dict[str, str]


def shown_turns(conversation: Conversation, *, cited_only: bool) -> list[ShownTurn]:
    """Return the turns of the selected branch of a conversation, in order.

    ``cited_only`` is for guests (``browser_events``).
    """
    close_abandoned(conversation.instance_id)
    turns = branch(conversation)
    messages = [turn.message for turn in turns]
    costs = request_costs(conversation.instance_id, [message.pk for message in messages])
    names = _Names(
        documents=_document_names(conversation.instance, messages),
        models=model_names(conversation.instance),
    )
    return [
        _shown(turn, costs.get(turn.message.pk), names, cited_only=cited_only) for turn in turns
    ]


def chosen_model(instance: Instance, conversation: Conversation | None) -> OfferedModel:
    """Return the model of a conversation; that of first answers for a new one."""
    return choose_first_model(instance, conversation.model if conversation else "")


def _shown(turn: Turn, cost: RequestCost | None, names: _Names, *, cited_only: bool) -> ShownTurn:
    message = turn.message
    data: dict[str, Any] = {"id": str(message.pk), "versions": [str(pk) for pk in turn.versions]}
    if message.role == Message.Role.USER:
        return ShownTurn(message, data, _restriction(message, names.documents))
    stored = StoredAnswer.of(message, cost)
    data |= {"status": message.status, "content": ""}
    # The text of a running answer is sent by its events, from the first one.
    if message.status != AnswerStatus.STREAMING:
        data |= {
            "reasoning": "" if cited_only else message.reasoning,
            "citations": citations_data(stored.citations, cited_only=cited_only),
        }
        for event in ending_events(stored, names.models, cited_only=cited_only):
            data |= {"error": event.data} if event.name == "error" else event.data
    feedback = getattr(message, "feedback", None)
    data["feedback"] = {"helpful": feedback.helpful} if feedback else None
    return ShownTurn(message, data)


def _restriction(message: Message, names: dict[UUID, str]) -> list[str]:
    """Return the first documents that a question keeps to, and how many others."""
    restricted = [names[pk] for pk in message.document_ids if pk in names]
    shown, n = restricted[:_MAX_NAMED], len(restricted[_MAX_NAMED:])
    others = ngettext("%(n)s other document", "%(n)s other documents", n) % {"n": n}
    return [*shown, others] if n else shown


def _document_names(instance: Instance, messages: Sequence[Message]) -> dict[UUID, str]:
    wanted = {pk for message in messages for pk in message.document_ids}
    if not wanted:
        return {}
    # Those of messages that the person may read.
    found = Document.with_attachments.for_instance(instance).filter(pk__in=wanted)
    return {document.pk: document.display_title for document in found}
