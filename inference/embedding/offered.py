"""The embedding models that instances may use: that of the site, and the setting EMBEDDING_MODELS.

An instance stores the name of its model. The name stands for all that its vectors depend on: the
model of the server, the dimensions and the prefixes. So the same model with shorter vectors has
another name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from inference.embedding.reading_endpoint import reading_model
from inference.errors import ModelNotFound
from inference.offered_models import ModelFigures
from instances.models import Sensitivity


@dataclass(frozen=True, slots=True)
class OfferedEmbedding:
    """An embedding model under its name; ``model`` is what its server calls it.

    ``dimensions`` is None where the server decides; ``clearance`` is the highest level of texts
    that the server may receive, ``figures`` what its operator states of its energy.
    """

    name: str
    model: str
    label: str
    base_url: str
    api_key: str
    clearance: Sensitivity
    figures: ModelFigures
    dimensions: int | None = None
    query_prefix: str = ""
    passage_prefix: str = ""


def offered_embeddings() -> list[OfferedEmbedding]:
    """Return the models that instances may use, that of the site first."""
    others = settings.EMBEDDING_MODELS
    return [_of_site(), *(_read(name, others[name]) for name in others if name != _site_name())]


def offered_embedding(name: str) -> OfferedEmbedding:
    """Return a model by its name, "" for that of the site.

    Raises ModelNotFound when it is no longer offered.
    """
    if name in ("", _site_name()):
        return _of_site()
    if name not in settings.EMBEDDING_MODELS:
        raise ModelNotFound(f"the embedding model {name} is not in EMBEDDING_MODELS")
    return _read(name, settings.EMBEDDING_MODELS[name])


def _site_name() -> str:
    return str(settings.EMBEDDING_MODEL)


def _of_site() -> OfferedEmbedding:
    return OfferedEmbedding(
        name=settings.EMBEDDING_MODEL,
        model=settings.EMBEDDING_MODEL,
        label=settings.EMBEDDING_MODEL,
        base_url=settings.EMBEDDING_BASE_URL,
        api_key=settings.EMBEDDING_API_KEY,
        clearance=Sensitivity(settings.EMBEDDING_SENSITIVITY),
        figures=reading_model(
            settings.EMBEDDING_MODEL,
            j_per_token=settings.EMBEDDING_J_PER_TOKEN,
            parameters_b=settings.EMBEDDING_PARAMETERS_B,
        ),
        dimensions=settings.EMBEDDING_DIMENSIONS,
        query_prefix=settings.EMBEDDING_QUERY_PREFIX,
        passage_prefix=settings.EMBEDDING_PASSAGE_PREFIX,
    )


def _read(name: str, given: Mapping[str, Any]) -> OfferedEmbedding:
    """Read an entry of EMBEDDING_MODELS, whose form ``ragapp.settings.rules`` has checked."""
    is_elsewhere = "base_url" in given
    return OfferedEmbedding(
        name=name,
        model=given.get("model", name),
        label=given.get("label", name),
        base_url=given.get("base_url", settings.EMBEDDING_BASE_URL),
        api_key=given.get("api_key", "" if is_elsewhere else settings.EMBEDDING_API_KEY),
        clearance=Sensitivity(given.get("sensitivity", settings.EMBEDDING_SENSITIVITY)),
        figures=reading_model(
            name,
            j_per_token=given.get("j_per_token"),
            parameters_b=given.get("parameters_b"),
        ),
        dimensions=given.get("dimensions"),
        query_prefix=given.get("query_prefix", ""),
        passage_prefix=given.get("passage_prefix", ""),
    )
