"""What readers and clients are told of sentences that no passage supports."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from pydantic import TypeAdapter

from chat.answers.verification.checking import CheckedSentence, Verification
from retrieval.verification.verdicts import Outcome, Reason
from usage.wording import count

_REASONS: Mapping[Reason, Promise] = {
    Reason.QUANTITY: gettext_lazy("“%(said)s” is not in the passage."),
    Reason.NAME: gettext_lazy("“%(said)s” is not in the passage."),
    Reason.CONTRARY: gettext_lazy("“%(said)s” is not in the passage."),
    Reason.DENIED: gettext_lazy("The answer denies what the passage says, or the reverse."),
    Reason.FORCE: gettext_lazy(
        "The passage does not say in the same way what is allowed or required."
    ),
    Reason.LIMIT: gettext_lazy(
        "A minimum in the passage is a maximum in the answer, or the reverse."
    ),
    Reason.ORDER: gettext_lazy("The passage puts these words together in another way."),
    Reason.CONTRADICTED: gettext_lazy(
        "A language model finds that the passage says something else."
    ),
    Reason.WORDS: gettext_lazy("The passage does not speak of: %(said)s."),
}
_adapter = TypeAdapter(Verification)


def to_json(verification: Verification | None) -> dict[str, Any] | None:
    """Return a verification as it is stored; None for an answer that was not checked."""
    return None if verification is None else asdict(verification)


def from_json(stored: Mapping[str, Any] | None) -> Verification | None:
    """Return a stored verification."""
    return None if stored is None else _adapter.validate_python(stored)


def reason_of(checked: CheckedSentence) -> str:
    """Return the sentence that says why a sentence is not supported."""
    values = {"said": checked.said, "found": checked.found}
    if checked.reason in (Reason.QUANTITY, Reason.CONTRARY) and checked.found:
        return _("The passage says %(found)s, the answer %(said)s.") % values
    if checked.reason == Reason.NAME and not checked.said:
        return _("The passage says this of another name.")
    needs_words = checked.reason in (Reason.WORDS, Reason.QUANTITY, Reason.CONTRARY)
    if checked.reason is None or (needs_words and not checked.said):
        return _("No passage says this.")
    return str(_REASONS[checked.reason]) % values


def verification_data(
    verification: Verification | None, *, used: Collection[int], cited_only: bool
) -> dict[str, Any] | None:
    """Return a verification for browsers: the marks, and a sentence that sums them up.

    Who is shown only what an answer cites (``used``) is not told of other passages.
    """
    if verification is None or not verification.checked:
        return None
    marked = [each for each in verification.sentences if each.outcome == Outcome.UNSUPPORTED]
    return {
        "checked": verification.checked,
        "supported": verification.supported,
        "summary": _summary(len(marked), verification.checked) if marked else "",
        "sentences": [
            {
                "start": each.start,
                "end": each.end,
                "message": _told(each, may_compare=not cited_only or each.number in used),
                "quote": each.quote if not cited_only or each.number in used else "",
                "number": each.number,
            }
            for each in marked
        ],
    }


def api_verification(verification: Verification | None, text: str) -> dict[str, Any] | None:
    """Return a verification for clients of the API: of each sentence marked, the text and why."""
    if verification is None:
        return None
    return {
        "checked": verification.checked,
        "supported": verification.supported,
        "sentences": [
            {
                "text": text[each.start : each.end],
                "outcome": each.outcome,
                "reason": each.reason,
                "message": reason_of(each) if each.outcome == Outcome.UNSUPPORTED else "",
                "citation": each.number or None,
            }
            for each in verification.sentences
        ],
    }


def _told(checked: CheckedSentence, *, may_compare: bool) -> str:
    return reason_of(checked) if may_compare else _("No passage says this.")


def _summary(n_marked: int, n_checked: int) -> str:
    told = ngettext(
        "%(n)s sentence of %(total)s is not confirmed by the passages: check it before you rely on "
        "it.",
        "%(n)s sentences of %(total)s are not confirmed by the passages: check them before you "
        "rely on them.",
        n_marked,
    )
    return told % {"n": count(n_marked), "total": count(n_checked)}
