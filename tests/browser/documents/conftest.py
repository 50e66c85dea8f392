"""People whose pages learn of changes twice a second."""

import pytest

from ingestion.documents import list_events
from tests.cast import make_cast


@pytest.fixture
def people(transactional_db, monkeypatch):
    monkeypatch.setattr(list_events, "IDLE_POLL_S", 0.5)
    monkeypatch.setattr(list_events, "BUSY_POLL_S", 0.5)
    return make_cast()
