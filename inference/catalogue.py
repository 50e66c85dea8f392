"""Which models may answer in an instance: extracts, the LLM of the settings, and rows.

The rows are kept in each process, so that a question costs no query: a version in the shared cache
says when they have changed (``forget``). A process that cannot read the version queries the rows
each time; one that missed a change queries them after ``_LONGEST_S``.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from uuid import uuid4

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from inference.models import BackendAccess, LanguageModel
from inference.offered_models import (
    EXTRACTS,
    Access,
    OfferedModel,
    model_of_environment,
    model_of_row,
)
from instances.models import Instance, Sensitivity
from web.encryption import decrypt

logger = logging.getLogger(__name__)

_VERSION_KEY = "inference:catalogue"
_LONGEST_S = 30.0
_LEVELS = list(Sensitivity)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows as they were at ``version``; ``accesses`` by backend and organisation."""

    version: str
    read_at: float
    models: tuple[LanguageModel, ...]
    accesses: Mapping[tuple[int, int | None], Access]

    def access(self, backend_id: int, organisation_id: int) -> Access:
        """Return the organisation's own access to a backend, else that of all."""
        own = self.accesses.get((backend_id, organisation_id))
        return own or self.accesses.get((backend_id, None), Access())


_rows: _Rows | None = None


def offered_models(instance: Instance) -> list[OfferedModel]:
    """Return the models that may answer in an instance, extracts first.

    Only the first call after a change queries the database.
    """
    by_id: dict[str, list[OfferedModel]] = {}
    for model in _candidates(instance):
        if _may_receive(model, instance):
            by_id.setdefault(model.id, []).append(model)
    grouped = [replace(first, alternatives=tuple(others)) for first, *others in by_id.values()]
    return [EXTRACTS, *grouped]


def choose_model(instance: Instance, *wanted: str) -> OfferedModel:
    """Return the first of the ``wanted`` ids that may answer, else the instance's default.

    The default is the instance's own choice, else the first LLM, else extracts.
    """
    models = {model.id: model for model in offered_models(instance)}
    found = (models[model_id] for model_id in (*wanted, instance.model_id) if model_id in models)
    llms = (model for model in models.values() if not model.is_extractive)
    return next(chain(found, llms), EXTRACTS)


def model_names(instance: Instance) -> dict[str, str]:
    """Return the names of the models by id, also of those that may no longer answer."""
    candidates = reversed([EXTRACTS, *_candidates(instance)])
    return {model.id: str(model.label) for model in candidates}


def known_model(instance: Instance, model_id: str) -> OfferedModel | None:
    """Return a model that has answered, also when it may no longer; None if it was removed.

    For its name and for the cost of an answer, never for another answer.
    """
    found = (model for model in chain([EXTRACTS], _candidates(instance)) if model.id == model_id)
    return next(found, None)


def forget() -> None:
    """Make every process read the rows again; to be called when a change is committed."""
    cache.set(_VERSION_KEY, uuid4().hex, timeout=None)


def _candidates(instance: Instance) -> Iterator[OfferedModel]:
    """Yield the enabled models of the site and of the instance's organisation.

    The organisation's own come first, then that of the settings, then those of the site.
    """
    rows = _current_rows()
    organisation_id = instance.organisation_id
    mine = [row for row in rows.models if row.backend.owner_id == organisation_id]
    of_site = [row for row in rows.models if row.backend.owner_id is None]
    for group in (mine, of_site):
        if group is of_site and (model := model_of_environment(instance)) is not None:
            yield model
        for row in group:
            yield model_of_row(row, rows.access(row.backend_id, organisation_id), instance)


def _may_receive(model: OfferedModel, instance: Instance) -> bool:
    """Whether documents as sensitive as the instance's may be sent to the model's backend."""
    return _LEVELS.index(Sensitivity(instance.sensitivity)) <= _LEVELS.index(
        Sensitivity(model.sensitivity)
    )


def _current_rows() -> _Rows:
    global _rows
    version = _version()
    kept, now = _rows, time.monotonic()
    if kept is None or not version or kept.version != version or now - kept.read_at > _LONGEST_S:
        # The version was read before the rows: a change meanwhile is seen at the next call.
        kept = _rows = _read(version, now)
    return kept


def _version() -> str:
    """Return the version of the rows, "" while the shared cache does not answer."""
    version: str | None = cache.get(_VERSION_KEY)
    if version is None:
        cache.add(_VERSION_KEY, uuid4().hex, timeout=None)
        version = cache.get(_VERSION_KEY, "")
    return version


def _read(version: str, now: float) -> _Rows:
    rows = LanguageModel.objects.filter(is_enabled=True, backend__is_enabled=True)
    rows = rows.select_related("backend__serving_organisation")
    return _Rows(
        version=version,
        read_at=now,
        models=tuple(rows.order_by("backend__priority", "backend_id", "pk")),
        accesses={
            (row.backend_id, row.organisation_id): access_of(row)
            for row in BackendAccess.objects.all()
        },
    )


def access_of(row: BackendAccess) -> Access:
    """Return an access with its key in clear; without the key if no SECRET_KEY fits."""
    try:
        key = decrypt(row.encrypted_key) if row.encrypted_key else ""
    except ImproperlyConfigured as error:
        logger.error("the key of backend %s: %s", row.backend_id, error)
        key = ""
    return Access(key, row.request_priority, row.routing_mode)
