"""Today's OpenAI client, unchanged, against a real server."""

import openai
import pytest

from instances.access.api_keys import create_api_key
from tests.cast import Cast


@pytest.fixture
def client(site: str, library: Cast) -> openai.OpenAI:
    """A client with a key of the library's instance."""
    _key, plaintext = create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )
    return openai.OpenAI(base_url=f"{site}/v1", api_key=plaintext, max_retries=0)
