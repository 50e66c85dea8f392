"""What a person who manages a backend can do about its failures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.catalogue_rows import access_of
from inference.health import Health, health_of
from inference.models import Backend, LanguageModel
from inference.offered_models import Access, connection_to

# By the code of the error (``inference.errors``).
_SENTENCES: Mapping[str, Promise] = {
    "model_not_found": _("The backend no longer serves this id. Correct it, or remove the model."),
    "authentication_failed": _("The backend refuses the key. Replace it."),
    "backend_overloaded": _("The backend is overloaded."),
    "backend_timeout": _("The backend does not answer in time."),
}
_OTHER = _("The backend cannot be reached, or fails. Test the connection.")


@dataclass(frozen=True)
class Problem:
    """The last failure of a model, since its last answer."""

    model: LanguageModel
    sentence: str
    failed_at: datetime
    # Whether questions are held back now.
    is_open: bool


def problems_of(backend: Backend) -> list[Problem]:
    """Return the models of a backend that have failed since their last answer.

    ``models`` and ``accesses`` of the backend may be prefetched.
    """
    accesses = [access_of(row) for row in backend.accesses.all()]
    if not any(row.organisation_id is None for row in backend.accesses.all()):
        accesses.append(Access())
    found = []
    for model in backend.models.all():
        states = [health_of(connection_to(backend, model.server_id, one)) for one in accesses]
        worst = max(states, key=lambda state: state.failed_at)
        if worst.code:
            found.append(_problem(model, worst))
    return found


def _problem(model: LanguageModel, health: Health) -> Problem:
    sentence = str(_SENTENCES.get(health.code, _OTHER))
    failed_at = datetime.fromtimestamp(health.failed_at, UTC)
    return Problem(model, sentence, failed_at, health.is_open)
