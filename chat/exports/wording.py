"""The words around questions and answers in files of a conversation."""

from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chat.exports.transcript import ExportedTurn, Transcript


@dataclass(frozen=True, slots=True)
class Wording:
    """Lines in the language in force; ``headings`` has one for each turn."""

    origin: str
    advice: str
    headings: tuple[str, ...]

    @classmethod
    def of(cls, transcript: Transcript) -> Self:
        """Return the lines of a transcript."""
        written = timezone.localtime(transcript.created_at)
        return cls(
            origin=_("%(site)s, %(instance)s, conversation of %(date)s")
            % {
                "site": settings.SITE_NAME,
                "instance": transcript.instance,
                "date": date_format(written, "DATE_FORMAT"),
            },
            advice=_("The answers were written from the documents cited. Check what you rely on."),
            headings=tuple(_headings(transcript.turns)),
        )


def _headings(turns: tuple[ExportedTurn, ...]) -> list[str]:
    headings: list[str] = []
    questions = 0
    for turn in turns:
        questions += turn.is_question
        if turn.is_question:
            headings.append(_("Question %(number)s") % {"number": questions})
        elif turn.model:
            headings.append(_("Answer (%(model)s)") % {"model": turn.model})
        else:
            headings.append(_("Answer"))
    return headings
