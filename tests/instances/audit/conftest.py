"""An audit log with sealed entries."""

import pytest

from instances import audit
from instances.audit import Action
from instances.audit.seals import (
    seal_entries,
)


@pytest.fixture
def log() -> None:
    """Five sealed entries."""
    audit.record_all(Action.MEMBER_ADDED, ["1", "2", "3", "4", "5"], role="member")
    assert seal_entries() == 5
