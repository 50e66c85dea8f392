"""The models that an answer may come from: extracts, and the deployment's LLM when there is one."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.llm.backend import ChatBackend, PriorityScheme
from instances.models import Instance

EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A choice of the model picker. ``backend`` is None for extracts, which no LLM writes.

    Figures that are not known are None. Prices are in euros for a million tokens; ``…_j_per_token``
    is measured at the backend, without the PUE.
    """

    id: str
    label: str | Promise
    description: str | Promise
    backend: ChatBackend | None = None
    active_parameters_b: float = 0.0
    total_parameters_b: float = 0.0
    quantisation_bits: int | None = None
    prompt_price: Decimal | None = None
    completion_price: Decimal | None = None
    prompt_j_per_token: float | None = None
    completion_j_per_token: float | None = None
    backend_id: int | None = None
    backend_name: str = ""
    serving_organisation_id: int | None = None
    pue: float = 1.0
    wue: float = 0.0
    # None: that of the settings.
    carbon_gco2e_per_kwh: float | None = None
    carbon_source: str = ""

    @property
    def is_extractive(self) -> bool:
        """Whether answers quote the documents instead of generating text."""
        return self.backend is None


def available_models() -> list[LanguageModel]:
    """Return the models on offer, the frugal one first."""
    models = [
        LanguageModel(
            id=EXTRACTIVE,
            label=_("Extracts, without generative AI"),
            description=_("Quotes the best sentences of your documents, word for word."),
        )
    ]
    if settings.LLM_BASE_URL:
        models.append(
            LanguageModel(
                id=settings.LLM_MODEL,
                label=settings.LLM_LABEL or settings.LLM_MODEL,
                description=settings.LLM_DESCRIPTION,
                backend=_backend(),
                active_parameters_b=settings.LLM_ACTIVE_PARAMETERS_B,
                total_parameters_b=settings.LLM_TOTAL_PARAMETERS_B,
                pue=settings.LLM_PUE,
                wue=settings.LLM_WUE,
            )
        )
    return models


def choose_model(*wanted: str) -> LanguageModel:
    """Return the first of the ``wanted`` ids that is on offer, else the deployment's default."""
    models = {model.id: model for model in available_models()}
    for model_id in wanted:
        if model_id in models:
            return models[model_id]
    return list(models.values())[-1]


def within_instance(model: LanguageModel, instance: Instance) -> LanguageModel:
    """Return ``model`` with a prefix cache of the instance's own, if ``LLM_CACHE_SALT`` wants one.

    vLLM reuses a cached prefix only between requests of the same salt, so no tenant can tell by the
    time of the first token what another has asked. The salt is keyed: nobody can compute it.
    """
    if model.backend is None or not settings.LLM_CACHE_SALT:
        return model
    salt = salted_hmac("inference.cache_salt", str(instance.pk), algorithm="sha256").hexdigest()
    return replace(model, backend=replace(model.backend, cache_salt=salt))


def _backend() -> ChatBackend:
    return ChatBackend(
        base_url=settings.LLM_BASE_URL,
        model=settings.LLM_MODEL,
        api_key=settings.LLM_API_KEY,
        first_byte_timeout_s=settings.LLM_FIRST_BYTE_TIMEOUT_S,
        read_timeout_s=settings.LLM_READ_TIMEOUT_S,
        max_concurrency=settings.LLM_MAX_CONCURRENCY,
        priority_scheme=cast(PriorityScheme, settings.LLM_PRIORITY_SCHEME),
        priority=settings.LLM_PRIORITY,
        context_window=settings.LLM_CONTEXT_WINDOW,
    )
