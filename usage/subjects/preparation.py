"""Makes the classifier of the embedding model in use available to all processes.

A periodic task embeds the examples once, trains, and stores the result in the shared cache. The
name of a stored classifier contains its model and a hash of the examples, so that it is never used
with others.
"""

import re
from dataclasses import replace
from time import monotonic

import numpy as np
from django.conf import settings
from django.core.cache import cache
from numpy.typing import NDArray

from inference.embedding.client import EmbeddingClient, EmbeddingEndpoint
from instances.models import Instance, Sensitivity
from usage.subjects.classifier import UNCLASSIFIED, Classifier, Subject
from usage.subjects.divisions import examples, examples_version
from usage.subjects.training import train

# A process that finds no classifier looks for it again after this time.
_LOOK_AGAIN_S = 60.0

_classifiers: dict[str, Classifier] = {}
_looked_at: dict[str, float] = {}


def classify_question(embedding: NDArray[np.float32], model: str = "") -> Subject:
    """Return the subject of a question by its embedding, ``(dim,)``, L2-normalised.

    ``model`` is the name of its embedding model, "" for that of the site. It is not classified
    while there is no classifier for the model. The first call of a process reads the classifier
    from the cache.
    """
    classifier = _classifier_in_use(model)
    if classifier is None or classifier.weights.shape[1] != len(embedding):
        return UNCLASSIFIED
    return classifier.classify(embedding)


def prepare_classifier(model: str = "") -> None:
    """Train and store the classifier of an embedding model, unless there is one.

    Raises InferenceError when the examples cannot be embedded.
    """
    if stored_classifier(model) is None:
        endpoint = replace(EmbeddingEndpoint.of_model(model), passages_max_wait_s=0.0)
        trained = train_with_examples(endpoint)
        cache.set(_cache_key(stored_name(model)), trained.to_bytes(), timeout=None)


def models_in_use() -> list[str]:
    """Return the names of the embedding models of instances, "" for that of the site."""
    others = Instance.objects.exclude(embedding_model="").order_by("embedding_model")
    return ["", *others.values_list("embedding_model", flat=True).distinct()]


def train_with_examples(endpoint: EmbeddingEndpoint) -> Classifier:
    """Return a classifier of the embeddings of this endpoint; raises InferenceError.

    The examples are embedded as questions are, but after questions and in turn with passages.
    """
    labels, texts = zip(*examples(), strict=True)
    client = EmbeddingClient(endpoint)
    return train(client.embed_questions(texts, sensitivity=Sensitivity.PUBLIC).vectors, labels)


def stored_name(model: str = "") -> str:
    """Return the name of the classifier of an embedding model: model, dimensions, examples."""
    is_of_site = model in ("", settings.EMBEDDING_MODEL)
    dimensions = settings.EMBEDDING_DIMENSIONS if is_of_site else None
    name = re.sub(r"[^\w.-]+", "-", (model or settings.EMBEDDING_MODEL).strip("/"))
    return f"{name}-{dimensions or 'all'}-{examples_version()}"


def stored_classifier(model: str = "") -> Classifier | None:
    """Return the classifier of an embedding model, if there is one."""
    content = cache.get(_cache_key(stored_name(model)))
    return None if content is None else Classifier.from_bytes(content)


def _classifier_in_use(model: str) -> Classifier | None:
    """Return ``stored_classifier(model)``, kept in the memory of this process."""
    name, now = stored_name(model), monotonic()
    if name not in _classifiers and now >= _looked_at.get(name, -_LOOK_AGAIN_S) + _LOOK_AGAIN_S:
        _looked_at[name] = now
        if (found := stored_classifier(model)) is not None:
            _classifiers[name] = found
    return _classifiers.get(name)


def _cache_key(name: str) -> str:
    return f"subjects:{name}"
