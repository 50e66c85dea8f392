"""Answers that are saved without long pauses."""

import pytest

from chat import running
from chat.answers import saving


@pytest.fixture
def quick_saving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is saved, and the database tried again, many times a second."""
    monkeypatch.setattr(running, "SAVE_EVERY_S", 0.05)
    monkeypatch.setattr(saving, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(saving, "_LONGEST_PAUSE_S", 0.1)
