"""An endpoint with a scripted server, and its client."""

import pytest

from inference.embedding.client import EmbeddingClient, EmbeddingEndpoint
from instances.models import Sensitivity
from tests.inference.embedding.replies import MODEL
from tests.scripted_llm import ScriptedLLM


@pytest.fixture
def endpoint(scripted_llm: ScriptedLLM) -> EmbeddingEndpoint:
    """The scripted server; failures are retried for at most a second."""
    return EmbeddingEndpoint(
        base_url=scripted_llm.base_url,
        api_key="key",
        model=MODEL,
        query_prefix="query: ",
        passage_prefix="passage: ",
        query_max_wait_s=1.0,
        passages_max_wait_s=1.0,
        clearance=Sensitivity.INTERNAL,
    )


@pytest.fixture
def client(endpoint: EmbeddingEndpoint) -> EmbeddingClient:
    return EmbeddingClient(endpoint)
