"""Models that have failed since their last answer, for those who can mend them."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from inference.catalogue_rows import access_of
from inference.errors import ModelNotFound
from inference.health import Health, health_of, healths_of
from inference.models import Backend, LanguageModel
from inference.offered_models import Access, connection_of_environment, connection_to


@dataclass(frozen=True, slots=True)
class FailingModel:
    """A model at a backend; ``model`` is None for that of the ``LLM_*`` settings."""

    model: LanguageModel | None
    health: Health

    @property
    def is_retired(self) -> bool:
        """Whether the backend no longer serves its id."""
        return self.health.code == ModelNotFound.code

    @property
    def model_id(self) -> int | None:
        """The number of the row, None without one."""
        return None if self.model is None else self.model.pk

    @property
    def label(self) -> str:
        """The name that readers see."""
        if self.model is None:
            return settings.LLM_LABEL or settings.LLM_MODEL
        return self.model.label

    @property
    def server_id(self) -> str:
        """The id by which the backend is asked for it."""
        return settings.LLM_MODEL if self.model is None else self.model.server_id


def failing_models(backend: Backend) -> list[FailingModel]:
    """Return those of a backend, each with its worst state of all keys.

    ``models`` and ``accesses`` of the backend may be prefetched. Waits for the cache.
    """
    rows = list(backend.accesses.all())
    accesses = [access_of(row) for row in rows]
    if not any(row.organisation_id is None for row in rows):
        accesses.append(Access())
    pairs = [(model, access) for model in backend.models.all() for access in accesses]
    states = healths_of([connection_to(backend, one.server_id, access) for one, access in pairs])
    worst: dict[LanguageModel, Health] = {}
    for (model, _access), state in zip(pairs, states, strict=True):
        known = worst.get(model)
        if state.code and (known is None or state.failed_at > known.failed_at):
            worst[model] = state
    return [FailingModel(model, state) for model, state in worst.items()]


def failing_model_of_environment() -> FailingModel | None:
    """Return the model of the ``LLM_*`` settings, None if there is none or its answers are good."""
    connection = connection_of_environment()
    if connection is None:
        return None
    health = health_of(connection)
    return FailingModel(None, health) if health.code else None


def retired_models(backends: QuerySet[Backend]) -> list[FailingModel]:
    """Return those of the enabled backends whose id is no longer served."""
    rows = backends.filter(is_enabled=True).prefetch_related("accesses", "models__backend__owner")
    return [
        failing
        for backend in rows
        for failing in failing_models(backend)
        if failing.is_retired and failing.model is not None and failing.model.is_enabled
    ]
