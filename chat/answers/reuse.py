"""Reuses the answer to a question that was asked before (docs/decisions/031-frugality.md).

An answer is reused when the same model would read the same prompt: the rules and instructions, the
passages found now, and the question. So a changed document, model or instruction leads to another
prompt, and to a new answer. Only the first question of a conversation is compared; its prompt
contains nothing personal. The row ``ReusableAnswer`` refers to the message, whose text is read from
there: it is deleted with its conversation.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BigIntegerField, CharField, QuerySet

from chat.answers.prompts import Prompt
from chat.answers.verification.checking import Verification
from chat.answers.verification.messages import from_json
from chat.models import Message, ReusableAnswer
from inference.offered_models import OfferedModel
from instances.models import Instance
from instances.tenancy import in_tenant
from usage.recording import AvoidedRequest
from usage.request_costs import request_costs
from web.postgresql.prepared import Parameter, PreparedQuery
from web.postgresql.prepared_insert import PreparedInsert

_SPACE_BEFORE_MARK = re.compile(r"\s+([?!:;])")
_APOSTROPHES = str.maketrans("‘’", "''")
_REMEMBERED = PreparedInsert(ReusableAnswer, unique=["instance", "digest"], replaced=["message"])


@dataclass(frozen=True, slots=True)
class Reusable:
    """The answer may be reused under ``digest``, once it is complete."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedAnswer:
    """The answer that an earlier message gave to the same question, and what it cost then."""

    message_id: UUID
    answered_at: datetime
    text: str
    reasoning: str
    verification: Verification | None
    avoided: AvoidedRequest


def prompt_digest(model: OfferedModel, prompt: Prompt, temperature: float) -> str:
    """Return the SHA-256 of all that a model answers from, in hexadecimal.

    Differences of typing (spaces, forms of one character) do not change it.
    """
    places = [
        (figures.id, figures.server_id, figures.quantisation_bits, backend.base_url)
        for figures, backend in model.connections
    ]
    messages = [(message.role, _normalised(message.content)) for message in prompt.messages]
    compared = [places, messages, prompt.max_tokens, temperature]
    return hashlib.sha256(json.dumps(compared).encode()).hexdigest()


async def find_earlier(instance: Instance, digest: str) -> ReusedAnswer | None:
    """Return the answer that was given under a digest in the instance, None without one."""
    return await in_tenant(instance, _find, instance, digest)


def remember(instance_id: int, message_id: UUID, digest: str) -> None:
    """Reuse the answer of a message under the digest, instead of that of an earlier one.

    Runs inside ``tenant(instance)``, in the transaction that saves the message.
    """
    answer = ReusableAnswer(instance_id=instance_id, message_id=message_id, digest=digest)
    _REMEMBERED.insert([answer])


def forget(answer: Message) -> None:
    """Do not give an answer again, nor the one that it repeats. Run inside ``tenant(instance)``."""
    ReusableAnswer.objects.filter(message__in=[answer.pk, answer.repeats_id]).delete()


def _find(instance: Instance, digest: str) -> ReusedAnswer | None:
    found = _REUSABLE.rows(instance_id=instance.pk, digest=digest)
    if not found:
        return None
    message = found[0].message
    cost = request_costs(instance.pk, [message.pk]).get(message.pk)
    if cost is None:
        return None
    return ReusedAnswer(
        message_id=message.pk,
        answered_at=message.created_at,
        text=message.content,
        reasoning=message.reasoning,
        verification=from_json(message.verification),
        avoided=AvoidedRequest.of(cost.answer),
    )


def _of_digest(instance_id: Parameter, digest: Parameter) -> QuerySet[ReusableAnswer]:
    answers = ReusableAnswer.objects.filter(instance_id=instance_id, digest=digest)
    return answers.select_related("message")


_REUSABLE = PreparedQuery(_of_digest, instance_id=BigIntegerField(), digest=CharField())


def _normalised(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    return _SPACE_BEFORE_MARK.sub(r"\1", " ".join(text.split()))
