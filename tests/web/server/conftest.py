"""The site with short timeouts, behind the web server as ``./run`` starts it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ragapp.asgi import application
from tests.cast import Cast, make_cast
from tests.web_server import Site, serve


@pytest.fixture
def people(transactional_db: None, no_broker: None) -> Cast:
    return make_cast()


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bodies are kept on disk."""
    directory = tmp_path / "spool"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def site(people: Cast, spool: Path, settings: Any) -> Iterator[Site]:
    settings.REQUEST_HEAD_TIMEOUT_S = settings.REQUEST_BODY_TIMEOUT_S = 1.0
    with serve(application, http="web.server.http_protocol:LimitedHttpProtocol") as running:
        yield running
