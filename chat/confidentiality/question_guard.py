"""Holds questions with personal data before they leave for a model outside the organisation.

``guarded`` is called before a question is stored or sent. It returns the question, or raises
``QuestionHeld``: the person then masks the personal data, chooses another model, or sends the
question as it is, where the organisation allows that. Decisions are audited, without content.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from inference.llm.backend import ChatMessage
from inference.offered_models import OfferedModel
from inference.personal_data.detection import find_personal_data
from inference.personal_data.findings import Finding
from inference.personal_data.organisation_patterns import read_patterns
from inference.personal_data.redaction import redact
from instances import audit
from instances.models import Instance, Organisation

_Rule = Organisation.PersonalDataRule
# Beside the kinds of findings.
IMAGE = "image"


class Decision(StrEnum):
    """What the person decided about the personal data of a question."""

    NONE = ""
    REDACT = "redact"
    SEND = "send"


class QuestionHeld(Exception):
    """The question contains personal data, or an image; the person must decide.

    ``found`` are texts with what was found in them.
    """

    code = "personal_data"

    def __init__(
        self, found: Sequence[tuple[str, Finding]], *, may_send: bool, has_images: bool = False
    ) -> None:
        super().__init__(self.code)
        self.found, self.may_send, self.has_images = found, may_send, has_images

    @property
    def message(self) -> str:
        """The sentence for the person, without what was found."""
        return _(
            "This question contains personal data, and the server of this model is outside your "
            "organisation. It was not sent."
        )

    @property
    def message_for_clients(self) -> str:
        """The sentences for a client of the API: what was found, and what it may send."""
        if self.has_images:
            told = _(
                "Personal data cannot be looked for in an image, and the server of this model is "
                "outside the organisation. The question was not sent. Remove the image, or choose "
                "another model."
            )
        else:
            told = _(
                "The question contains personal data (%(kinds)s), and the server of this model is "
                "outside the organisation. It was not sent. Remove them from the question, choose "
                "another model, or send the same request again with one more field: %(field)s "
                "masks them."
            ) % {"kinds": ", ".join(self.kinds), "field": '"personal_data": "redact"'}
        if self.may_send:
            field = {"field": '"personal_data": "send"'}
            told += " " + _("%(field)s sends the question as it is.") % field
        return told

    @property
    def kinds(self) -> list[str]:
        """The kinds that were found, each once."""
        kinds = [finding.kind.value for _text, finding in self.found]
        return list(dict.fromkeys([*kinds, IMAGE] if self.has_images else kinds))

    def as_data(self) -> dict[str, Any]:
        """What was found, for the person who asked."""
        return {
            "found": [
                {"label": one.label, "text": text[one.start : one.end]} for text, one in self.found
            ],
            "may_send": self.may_send,
        }


@dataclass(frozen=True, slots=True)
class QuestionGuard:
    """What may leave for ``model`` from an instance."""

    instance: Instance
    model: OfferedModel

    def guarded(self, text: str, decision: str) -> str:
        """Return the question as it may be sent; runs inside ``tenant(instance)``.

        Raises QuestionHeld while the person must decide.
        """
        return self.guarded_texts([text], decision)[0]

    def guarded_texts(
        self, texts: Sequence[str], decision: str, *, has_images: bool = False
    ) -> tuple[str, ...]:
        """Return all texts of a request as they may be sent, by one decision.

        An image cannot be masked: it is sent as it is, or not. Raises QuestionHeld.
        """
        findings = [self._find(text) for text in texts]
        found = [(text, one) for text, each in zip(texts, findings, strict=True) for one in each]
        has_images = has_images and self._is_watched
        if not found and not has_images:
            return tuple(texts)
        may_send = self.instance.organisation.personal_data_rule == _Rule.ASK
        held = QuestionHeld(found, may_send=may_send, has_images=has_images)
        if decision == Decision.REDACT and not has_images:
            self._record(decision, held)
            return tuple(redact(text, each) for text, each in zip(texts, findings, strict=True))
        if decision == Decision.SEND and may_send:
            self._record(decision, held)
            return tuple(texts)
        raise held

    def guarded_history(self, history: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
        """Return the turns with the personal data of earlier questions and answers masked.

        They may have been asked to a model inside the organisation, whose answers repeat what it
        was told. What documents say is sent again with the passages, by the level of the documents.
        """
        return tuple(
            replace(turn, content=redact(turn.content, self._find(turn.content)))
            for turn in history
        )

    def _find(self, text: str) -> tuple[Finding, ...]:
        if not self._is_watched:
            return ()
        organisation = self.instance.organisation
        return find_personal_data(
            text, read_patterns(organisation.number_patterns), names=organisation.guards_names
        )

    @property
    def _is_watched(self) -> bool:
        """Whether the model is outside the organisation, which has a rule for this."""
        organisation = self.instance.organisation
        is_off = organisation.personal_data_rule == _Rule.OFF
        return not is_off and self.model.is_outside(organisation.pk)

    def _record(self, decision: str, held: QuestionHeld) -> None:
        audit.record(
            audit.Action.PERSONAL_DATA_DECIDED,
            instance=self.instance,
            target=str(self.model.label),
            decision=decision,
            kinds=held.kinds,
        )
