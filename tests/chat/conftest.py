"""The application behind a real HTTP server."""

from collections.abc import Iterator

import pytest

from ragapp.asgi import application
from tests.web_server import serve


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The whole application, served by uvicorn on loopback."""
    with serve(application) as running:
        yield running.url
