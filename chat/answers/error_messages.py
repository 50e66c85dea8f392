"""The messages that readers see for the error codes of answers.

One table from stable codes (of ``inference.errors`` and of this package) to translated sentences.
The text of a provider is written to the log only.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.answers.abandoned import INTERRUPTED
from chat.answers.access_checks import ACCESS_ENDED
from chat.confidentiality.withholding import PASSAGES_WITHHELD, SEARCH_NOT_CLEARED
from inference.errors import NotCleared

# A failure of our own code.
INTERNAL = "internal"
# The process stopped, and saved the answer itself. ``INTERRUPTED`` is the code of an answer whose
# process was taken for dead: it may go on, which an answer with this code does not.
SHUT_DOWN = "shut_down"

_INTERRUPTED = _("The answer was interrupted. The text so far is kept.")

_UNAVAILABLE = _("The model cannot be reached at the moment.")
_UNEXPECTED = _("The model failed in an unexpected way.")

MESSAGES: Mapping[str, Promise] = {
    "backend_unavailable": _UNAVAILABLE,
    "backend_timeout": _("The model took too long to answer."),
    "backend_overloaded": _("The model is busy: too many people are asking at once."),
    "truncated_stream": _("The answer was cut before its end. The text so far is kept."),
    "protocol_error": _UNEXPECTED,
    "backend_rejected": _("The model refused this request."),
    "authentication_failed": _("The service is not allowed to use this model. Inform its contact."),
    "model_not_found": _("This model is no longer offered. Choose another one."),
    "empty_answer": _("The model gave no answer."),
    "context_overflow": _("The question and its passages are too long for this model."),
    "prompt_truncated": _("The model has read only a part of the passages."),
    "length": _("The answer reached its maximal length and stops here."),
    "search_unavailable": _("The documents cannot be searched at the moment. Try again soon."),
    SEARCH_NOT_CLEARED: _(
        "The documents cannot be searched: the servers of the search may not receive questions as "
        "sensitive as these. Inform the contact of the service."
    ),
    NotCleared.code: _(
        "The passages that answer were not sent to this model, because its server may not receive "
        "documents as sensitive as these. Choose another model."
    ),
    PASSAGES_WITHHELD: _(
        "Some passages were not sent to the model, because its server may not receive documents as "
        "sensitive as these. The answer may be incomplete: another model may be better placed."
    ),
    ACCESS_ENDED: _("Your access to this instance has ended, so the answer stops here."),
    INTERRUPTED: _INTERRUPTED,
    SHUT_DOWN: _INTERRUPTED,
    INTERNAL: _("Something went wrong on our side."),
}

# Codes of complete answers. Asking again would not change them.
_REMARKS = frozenset({"prompt_truncated", "length", PASSAGES_WITHHELD})
_FINAL = _REMARKS | {ACCESS_ENDED, NotCleared.code, SEARCH_NOT_CLEARED}


def user_message(code: str) -> str:
    """Return the message for a code, "" for none."""
    return str(MESSAGES.get(code, _UNEXPECTED)) if code else ""


def is_retryable(code: str) -> bool:
    """Return whether asking again may give another answer."""
    return bool(code) and code not in _FINAL
