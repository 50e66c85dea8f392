"""Which models may answer in an instance: extracts, the LLM of the settings, and rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from inference.catalogue_rows import CatalogueRows, Rules, current_rows
from inference.offered_models import (
    EXTRACTS,
    OfferedModel,
    model_of_environment,
    model_of_row,
)
from inference.transcription.configured import transcriber_of_environment
from instances.models import Instance


class Refusal(StrEnum):
    """Why a model may not answer in an instance."""

    SENSITIVITY = "sensitivity"
    ORGANISATION = "organisation"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model of an instance; it may answer unless there is a ``refusal``."""

    model: OfferedModel
    refusal: Refusal | None = None


def model_choices(instance: Instance) -> list[ModelChoice]:
    """Return the models of an instance, also those that may not answer, extracts first."""
    rows = current_rows()
    return _choices(rows, rows.rules_of(instance), instance)


def offered_models(instance: Instance) -> list[OfferedModel]:
    """Return the models that may answer in an instance, extracts first."""
    return [choice.model for choice in model_choices(instance) if choice.refusal is None]


def choose_model(instance: Instance, *wanted: str) -> OfferedModel:
    """Return the first of the ``wanted`` ids that may answer, else the instance's default.

    The default is the instance's own choice, else its organisation's, else the first LLM, else
    extracts.
    """
    rows = current_rows()
    rules = rows.rules_of(instance)
    choices = _choices(rows, rules, instance)
    models = {choice.model.id: choice.model for choice in choices if choice.refusal is None}
    ids = (*wanted, instance.model_id, rules.default)
    found = (models[model_id] for model_id in ids if model_id in models)
    llms = (model for model in models.values() if not model.is_extractive)
    return next(chain(found, llms), EXTRACTS)


def choose_first_model(instance: Instance, *wanted: str) -> OfferedModel:
    """Return what ``choose_model`` does, with the instance's model of first answers as default."""
    return choose_model(instance, *wanted, instance.first_model_id)


def transcribers(instance: Instance) -> list[OfferedModel]:
    """Return the models that transcribe recordings, in the order in which they are tried.

    Those of the instance's organisation come first. Some may not receive its recordings.
    """
    return list(_candidates(current_rows(), instance, transcribing=True))


def model_on_demand(instance: Instance) -> OfferedModel | None:
    """Return the default model of an instance if another one gives the first answers."""
    default = choose_model(instance)
    return default if choose_first_model(instance).id != default.id else None


def model_names(instance: Instance) -> dict[str, str]:
    """Return the names of the models by id, also of those that may no longer answer."""
    candidates = reversed([EXTRACTS, *_candidates(current_rows(), instance)])
    return {model.id: str(model.label) for model in candidates}


def known_model(instance: Instance, model_id: str) -> OfferedModel | None:
    """Return a model that has answered, also when it may no longer; None if it was removed.

    For the cost of an answer, never for another answer.
    """
    candidates = chain([EXTRACTS], _candidates(current_rows(), instance))
    return next((model for model in candidates if model.id == model_id), None)


def _choices(rows: CatalogueRows, rules: Rules, instance: Instance) -> list[ModelChoice]:
    by_id: dict[str, list[OfferedModel]] = {}
    for model in _candidates(rows, instance):
        by_id.setdefault(model.id, []).append(model)
    return [ModelChoice(EXTRACTS), *(_choice(group, instance, rules) for group in by_id.values())]


def _candidates(
    rows: CatalogueRows, instance: Instance, *, transcribing: bool = False
) -> Iterator[OfferedModel]:
    """Yield the enabled models of the site and of the instance's organisation: those that answer,
    or those that transcribe.

    The organisation's own come first, then those that it serves for the site, then that of the
    settings, then the others of the site; each group in the order of its priorities.
    """
    organisation_id = instance.organisation_id
    of_environment = transcriber_of_environment if transcribing else model_of_environment
    models = [row for row in rows.models if row.transcribes is transcribing]
    mine = [row for row in models if row.backend.owner_id == organisation_id]
    of_site = [row for row in models if row.backend.owner_id is None]
    served = [row for row in of_site if row.backend.serving_organisation_id == organisation_id]
    others = [row for row in of_site if row.backend.serving_organisation_id != organisation_id]
    turns = rows.queue_turns(organisation_id)
    for group in (mine, served, others):
        if group is others and (model := of_environment(instance)) is not None:
            yield _with_turns(model, turns)
        for row in group:
            model = model_of_row(row, rows.access(row.backend_id, organisation_id), instance)
            # At its own backends an organisation competes with nobody.
            yield model if group is mine else _with_turns(model, turns)


def _with_turns(model: OfferedModel, turns: int) -> OfferedModel:
    """Return a model in whose queue the organisation has so many turns for one of another."""
    if turns == 1 or model.backend is None:
        return model
    weight = model.backend.queue_weight * turns
    return replace(model, backend=replace(model.backend, queue_weight=weight))


def _choice(group: list[OfferedModel], instance: Instance, rules: Rules) -> ModelChoice:
    """Return the choice of the models of one alias, in the order in which they are tried."""
    refusal: Refusal | None = None
    model_id = group[0].id
    usable = [model for model in group if model.clearance.covers(instance.sensitivity)]
    if not usable:
        refusal = Refusal.SENSITIVITY
    elif rules.by_organisation is not None and model_id not in rules.by_organisation:
        refusal = Refusal.ORGANISATION
    elif rules.by_instance is not None and model_id not in rules.by_instance:
        refusal = Refusal.INSTANCE
    first, *others = usable or group
    model = replace(first, alternatives=tuple(others), max_tokens=rules.max_tokens)
    return ModelChoice(model, refusal)
