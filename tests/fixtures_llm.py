"""The language model of the tests."""

from collections.abc import AsyncIterator, Iterator

import pytest

from inference.llm.backend import ChatBackend
from inference.llm.connections import close_shared_client
from tests.scripted_llm import MODEL, ScriptedLLM


@pytest.fixture
def scripted_llm() -> Iterator[ScriptedLLM]:
    """A scripted language model, served over HTTP."""
    with ScriptedLLM() as server:
        yield server


@pytest.fixture
def chat_backend(scripted_llm: ScriptedLLM) -> ChatBackend:
    """The scripted language model as a backend that is asked once."""
    return ChatBackend(base_url=scripted_llm.base_url, model=MODEL, max_retries=0)


@pytest.fixture
async def closed_connections() -> AsyncIterator[None]:
    """Close the test's connections to models when its event loop ends."""
    yield
    await close_shared_client()
