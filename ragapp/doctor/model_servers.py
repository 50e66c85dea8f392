"""The model server, which embeds, and the backends of language models."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from inference.embedding.client import EmbeddingClient, EmbeddingEndpoint
from inference.embedding.offered import offered_embeddings
from inference.errors import InferenceError, ModelNotFound
from inference.health import Health, healths_of
from instances.models import Sensitivity
from ragapp.doctor.findings import Finding, failed, ok, warning
from ragapp.health.backend_gauges import connections_in_use

# A model that is read from disk takes seconds.
_TIMEOUT_S = 30.0


def embedding() -> Iterator[Finding]:
    """Embed a word with each model that instances may use."""
    for offered in offered_embeddings():
        part = f"embedding model {offered.name}"
        endpoint = EmbeddingEndpoint.of_model(offered.name)
        client = EmbeddingClient(replace(endpoint, timeout_s=_TIMEOUT_S, query_max_wait_s=0.0))
        try:
            vector = client.embed_query("ragapp", sensitivity=Sensitivity.PUBLIC).vector
        except InferenceError as error:
            yield failed(
                part,
                f"{offered.base_url} does not embed ({error.code}: {error})",
                "Read the model server's log; check EMBEDDING_BASE_URL and the model's name.",
            )
        else:
            yield ok(part, f"answers, {len(vector)} dimensions")


def backends() -> Iterator[Finding]:
    """Say what is known of each model of each backend; nothing is sent to it."""
    connections = list(connections_in_use())
    if not connections:
        yield warning(
            "language models",
            "there is none: answers are extracts of documents",
            "Add a backend on the pages of operators, or set LLM_BASE_URL.",
        )
    states = healths_of([each.connection for each in connections])
    for each, health in zip(connections, states, strict=True):
        yield _of_backend(f"backend {each.backend}, model {each.model}", health)


def _of_backend(part: str, health: Health) -> Finding:
    advice = "Test the connection on the backend's page."
    if health.is_open:
        return failed(part, f"requests are held back ({health.code or 'no server runs'})", advice)
    if health.failures:
        when = datetime.fromtimestamp(health.failed_at, UTC)
        text = f"{health.failures} failures since the last answer ({health.code}, {when:%H:%M} UTC)"
        find = failed if health.code == ModelNotFound.code else warning
        return find(part, text, advice)
    return ok(part, "no failure since its last answer")
