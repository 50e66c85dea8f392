"""A model on offer, with what answering and measuring need to know of its backend."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from inference.base_urls import is_on_this_machine
from inference.chat_options import Ability
from inference.llm.backend import NO_ADDRESS, ChatBackend, PriorityScheme
from inference.models import Backend, LanguageModel
from inference.models.languages import read_languages
from instances.models import Instance, Sensitivity

EXTRACTIVE = "extractive"
# The name of the backend of the ``LLM_*`` settings.
ENVIRONMENT = "environment"

_PRIORITY_SCHEMES: Mapping[str, PriorityScheme] = {
    Backend.Kind.VLLM: "vllm",
    Backend.Kind.ARISTOTE: "aristote",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """What is recorded and measured by: a model, and the backend that runs it.

    It has no secret, and is stored with an answer that cannot be saved yet. Figures that are not
    known are None. Prices are in euros for a million tokens; ``…_j_per_token`` is measured at the
    backend, without the PUE, ``audio_…`` for a second of sound.
    """

    id: str
    # Its id at the backend; "" for extracts.
    server_id: str = ""
    active_parameters_b: float = 0.0
    total_parameters_b: float = 0.0
    quantisation_bits: int | None = None
    prompt_price: Decimal | None = None
    completion_price: Decimal | None = None
    prompt_j_per_token: float | None = None
    completion_j_per_token: float | None = None
    audio_j_per_second: float | None = None
    # None: the backend is not a row (``ENVIRONMENT``), or there is none.
    backend_id: int | None = None
    backend_name: str = ""
    # Whether the backend belongs to an organisation, which has named it and its models.
    is_owned: bool = False
    serving_organisation_id: int | None = None
    # Whether its servers are those whose counters are read (``LLM_METRICS_URLS``).
    is_metered: bool = False
    # Whether the counters of the backend's own servers are read.
    has_own_meter: bool = False
    pue: float = 1.0
    wue: float = 0.0
    # None: the factor of ELECTRICITY_ZONE.
    carbon_gco2e_per_kwh: float | None = None
    carbon_source: str = ""

    @property
    def is_extractive(self) -> bool:
        """Whether no LLM wrote the answer."""
        return self.id == EXTRACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedModel:
    """A model at one backend. ``backend`` is None for extracts, which no LLM writes.

    ``alternatives`` is the same model at other backends, in the order in which they are tried.
    """

    figures: ModelFigures
    label: str | Promise
    description: str | Promise
    backend: ChatBackend | None = None
    alternatives: tuple["OfferedModel", ...] = ()
    # The longest answer that the instance and its organisation allow, in tokens; None: any.
    max_tokens: int | None = None
    serving_organisation: str = ""
    site: str = ""
    abilities: frozenset[Ability] = frozenset()
    # Codes (ISO 639), as its operator states them; empty: not stated.
    languages: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its alias: what readers, conversations and API clients choose."""
        return self.figures.id

    @property
    def is_extractive(self) -> bool:
        """Whether answers quote the documents instead of generating text."""
        return self.backend is None

    @property
    def connections(self) -> list[tuple[ModelFigures, ChatBackend]]:
        """Its backends, in the order in which they are tried, each with the figures there."""
        places = (self, *self.alternatives)
        return [(one.figures, one.backend) for one in places if one.backend is not None]

    def able_to(self, needs: frozenset[Ability]) -> "OfferedModel | None":
        """Return the model at those of its backends that can do this, None without any."""
        able = [one for one in (self, *self.alternatives) if needs <= one.abilities]
        if not able:
            return None
        return replace(able[0], alternatives=tuple(able[1:]), max_tokens=self.max_tokens)

    @property
    def clearance(self) -> Sensitivity:
        """The highest level that one of its backends may receive; extracts leave nowhere."""
        if self.backend is None:
            return Sensitivity.RESTRICTED
        return Sensitivity.highest(backend.clearance for _figures, backend in self.connections)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether its backend is reached by loopback."""
        return self.backend is not None and is_on_this_machine(self.backend.base_url)

    def is_outside(self, organisation_id: int) -> bool:
        """Whether one of its backends is outside the organisation.

        Inside are those that the organisation serves, and those on this machine for which no
        serving organisation is stated.
        """
        return any(
            not is_on_this_machine(backend.base_url)
            if figures.serving_organisation_id is None
            else figures.serving_organisation_id != organisation_id
            for figures, backend in self.connections
        )


@dataclass(frozen=True, slots=True)
class Access:
    """How one organisation uses a backend (``inference.models.BackendAccess``)."""

    api_key: str = ""
    request_priority: int | None = None
    routing_mode: str = ""


EXTRACTS = OfferedModel(
    figures=ModelFigures(id=EXTRACTIVE),
    label=_("Extracts, without generative AI"),
    description=_("Quotes the best sentences of your documents, word for word."),
)


def model_of_environment(instance: Instance | None = None) -> OfferedModel | None:
    """Return the model of the ``LLM_*`` settings, None without one."""
    connection = connection_of_environment(instance)
    if connection is None:
        return None
    return OfferedModel(
        figures=ModelFigures(
            id=settings.LLM_MODEL,
            server_id=settings.LLM_MODEL,
            active_parameters_b=settings.LLM_ACTIVE_PARAMETERS_B,
            total_parameters_b=settings.LLM_TOTAL_PARAMETERS_B,
            backend_name=ENVIRONMENT,
            is_metered=bool(settings.LLM_METRICS_URLS),
            pue=settings.LLM_PUE,
            wue=settings.LLM_WUE,
        ),
        label=settings.LLM_LABEL or settings.LLM_MODEL,
        description=settings.LLM_DESCRIPTION,
        backend=connection,
        abilities=frozenset(map(Ability, settings.LLM_ABILITIES)),
        languages=tuple(settings.LLM_LANGUAGES),
    )


def connection_of_environment(instance: Instance | None = None) -> ChatBackend | None:
    """Return how to reach the model of the ``LLM_*`` settings, for ``instance`` or for a test."""
    if not settings.LLM_BASE_URL:
        return None
    is_salted = settings.LLM_CACHE_SALT and instance is not None
    return ChatBackend(
        base_url=settings.LLM_BASE_URL,
        model=settings.LLM_MODEL,
        clearance=Sensitivity(settings.LLM_SENSITIVITY),
        api_key=settings.LLM_API_KEY,
        first_byte_timeout_s=settings.LLM_FIRST_BYTE_TIMEOUT_S,
        read_timeout_s=settings.LLM_READ_TIMEOUT_S,
        max_concurrency=settings.LLM_MAX_CONCURRENCY,
        priority_scheme=cast(PriorityScheme, settings.LLM_PRIORITY_SCHEME),
        priority=settings.LLM_PRIORITY,
        context_window=settings.LLM_CONTEXT_WINDOW,
        cache_salt=_cache_salt(instance) if is_salted and instance is not None else None,
    )


def model_of_row(row: LanguageModel, access: Access, instance: Instance) -> OfferedModel:
    """Return a model of the database, as the organisation of ``instance`` uses it.

    ``row.backend`` and its serving organisation are loaded.
    """
    backend = row.backend
    is_french = (get_language() or "").startswith("fr")
    descriptions = [row.description_fr, row.description_en]
    serving = backend.serving_organisation
    return OfferedModel(
        figures=figures_of(row),
        label=row.label,
        description=next(filter(None, descriptions if is_french else reversed(descriptions)), ""),
        backend=connection_to(backend, row.server_id, access, row.context_window, instance),
        serving_organisation=serving.name if serving else "",
        site=backend.site,
        abilities=row.abilities,
        languages=read_languages(row.languages),
    )


def connection_to(
    backend: Backend,
    server_id: str,
    access: Access,
    context_window: int | None = None,
    instance: Instance | None = None,
) -> ChatBackend:
    """Return how to reach a model of a backend, for ``instance`` or for a test."""
    scheme = _PRIORITY_SCHEMES.get(backend.kind, "none")
    serving_id = backend.serving_organisation_id
    is_served_here = instance is not None and serving_id == instance.organisation_id
    return ChatBackend(
        base_url=backend.base_url or NO_ADDRESS,
        jobs_of=backend.pk if backend.is_run_by_slurm else None,
        model=server_id,
        clearance=Sensitivity(backend.sensitivity),
        api_key=access.api_key,
        ca_certificates=backend.ca_certificates,
        is_restricted_to_public=backend.owner_id is not None,
        first_byte_timeout_s=backend.first_byte_timeout_s,
        read_timeout_s=backend.read_timeout_s,
        max_concurrency=backend.max_concurrency,
        queue_weight=backend.serving_weight if is_served_here else 1,
        priority_scheme="none" if access.request_priority is None else scheme,
        priority=access.request_priority or 0,
        routing_mode=access.routing_mode if backend.kind == Backend.Kind.ARISTOTE else "",
        context_window=context_window,
        cache_salt=_cache_salt(instance) if instance and scheme == "vllm" else None,
    )


def figures_of(row: LanguageModel) -> ModelFigures:
    """Return the figures of a model of the database, whose backend is loaded."""
    backend = row.backend
    return ModelFigures(
        id=row.alias,
        server_id=row.server_id,
        active_parameters_b=row.active_parameters_b,
        total_parameters_b=row.total_parameters_b,
        quantisation_bits=row.quantisation_bits,
        prompt_price=row.prompt_price,
        completion_price=row.completion_price,
        prompt_j_per_token=row.prompt_j_per_token,
        completion_j_per_token=row.completion_j_per_token,
        backend_id=backend.pk,
        backend_name=backend.name,
        is_owned=backend.owner_id is not None,
        serving_organisation_id=backend.serving_organisation_id,
        is_metered=urlsplit(backend.base_url).netloc in _metered(),
        has_own_meter=backend.is_metered,
        pue=backend.pue,
        wue=backend.wue,
        carbon_gco2e_per_kwh=backend.carbon_gco2e_per_kwh,
        carbon_source=", ".join(
            filter(None, (backend.carbon_source, str(backend.carbon_date or "")))
        ),
    )


def _metered() -> set[str]:
    """Return the hosts and ports of the servers whose counters are read, or of their gateway."""
    if not settings.LLM_METRICS_URLS:
        return set()
    addresses = (settings.LLM_BASE_URL, *settings.LLM_METRICS_URLS)
    return {urlsplit(address).netloc for address in addresses if address}


def _cache_salt(instance: Instance) -> str:
    """Return the key of the instance's own prefix cache at the backend.

    vLLM reuses a cached prefix only between requests of the same salt, so no tenant can tell by the
    time of the first token what another has asked. The salt is keyed: nobody can compute it.
    """
    pk = str(instance.pk)
    return salted_hmac("inference.cache_salt", pk, algorithm="sha256").hexdigest()
