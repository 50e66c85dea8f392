"""What a person who manages a backend can do about its failures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from administration.levels import PageLevel
from administration.model_backends.targets import ConnectionTarget
from inference.diagnosis.connection import Diagnosis
from inference.failing.failing_models import (
    FailingModel,
    failing_model_of_environment,
    failing_models,
    retired_models,
)
from inference.models import Backend
from usage.wording import count

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

    label: str
    sentence: str
    failed_at: datetime
    # Whether questions are held back now.
    is_open: bool


def problems_of(backend: Backend) -> list[Problem]:
    """Return the models of a backend that have failed since their last answer.

    ``models`` and ``accesses`` of the backend may be prefetched.
    """
    return [_problem(failing) for failing in failing_models(backend)]


def problem_of_environment() -> Problem | None:
    """Return that of the model of the ``LLM_*`` settings, None if its last answer was good."""
    failing = failing_model_of_environment()
    return _problem(failing) if failing else None


def _problem(failing: FailingModel) -> Problem:
    health = failing.health
    sentence = str(_SENTENCES.get(health.code, _OTHER))
    failed_at = datetime.fromtimestamp(health.failed_at, UTC)
    return Problem(failing.label, sentence, failed_at, health.is_open)


def retired_at(level: PageLevel) -> list[tuple[FailingModel, str]]:
    """Return the models at a level whose id is no longer served, with where that is corrected."""
    owned = Backend.objects.filter(owner=level.organisation)
    found = [
        (failing, level.url("backend", failing.model.backend_id))
        for failing in retired_models(owned)
        if failing.model is not None
    ]
    of_settings = None if level.organisation else failing_model_of_environment()
    if of_settings is not None and of_settings.is_retired:
        found.append((of_settings, level.url("backends")))
    return found


def warnings_of(target: ConnectionTarget, diagnosis: Diagnosis) -> list[str]:
    """Return what is to be mended although the model may answer, in sentences."""
    return [
        *_retired(target, diagnosis),
        *_windows(target, diagnosis),
        *_abilities(target, diagnosis),
    ]


def _retired(target: ConnectionTarget, diagnosis: Diagnosis) -> Iterator[str]:
    names = {model.name for model in diagnosis.served}
    for server_id in sorted(target.server_ids - names) if names else ():
        if target.backend is None:
            text = gettext("The backend does not list %(id)s. Correct LLM_MODEL.")
        else:
            text = gettext(
                "The backend no longer lists %(id)s. Correct the id of this model, or remove it."
            )
        yield text % {"id": server_id}


def _windows(target: ConnectionTarget, diagnosis: Diagnosis) -> Iterator[str]:
    """Context windows that are stated larger than the backend says."""
    windows = {model.name: model.context_window for model in diagnosis.served}
    stated = {model.server_id: model.context_window for model in target.models}
    if target.backend is None:
        stated = {settings.LLM_MODEL: settings.LLM_CONTEXT_WINDOW}
    for server_id, tokens in stated.items():
        real = windows.get(server_id)
        if real and real < tokens:
            text = gettext(
                "The context window of %(id)s is stated as %(stated)s tokens, but the backend "
                "reads %(real)s: long prompts are refused or cut. Correct it."
            )
            yield text % {"id": server_id, "stated": count(tokens), "real": count(real)}


def _abilities(target: ConnectionTarget, diagnosis: Diagnosis) -> Iterator[str]:
    """Of the settings only: those of a row are saved by the test."""
    if target.backend is not None or diagnosis.problem or not diagnosis.asked:
        return
    found, stated = set(map(str, diagnosis.abilities)), set(settings.LLM_ABILITIES)
    if found != stated:
        text = gettext("LLM_ABILITIES is “%(stated)s”; this test found “%(found)s”.")
        yield text % {
            "stated": ",".join(sorted(stated)) or "—",
            "found": ",".join(sorted(found)) or "—",
        }
