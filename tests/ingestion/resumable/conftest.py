"""A client of the protocol, for people and programs."""

from collections.abc import Callable

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from administration.lifecycle.contents import walk
from tests.cast import Cast
from tests.ingestion.resumable.sending import TusClient


@pytest.fixture
def editor(cast: Cast, client_for: Callable[..., Client]) -> TusClient:
    """The editor, who sends files to the page."""
    return TusClient(client_for(cast.editor))


@pytest.fixture
def stored(cast: Cast) -> Callable[[], list[str]]:
    """``stored()``: the paths of the pieces of uploads in the storage."""

    def paths() -> list[str]:
        return list(walk(default_storage, f"{cast.instance.pk}/uploads"))

    return paths
