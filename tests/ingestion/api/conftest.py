"""Programs with a key of an instance."""

from collections.abc import Callable

import pytest
from django.test import Client

from instances.access.api_keys import create_api_key
from instances.models import Instance


@pytest.fixture
def with_key() -> Callable[..., Client]:
    """``with_key(instance, scope)``: a client that holds a key of the instance."""

    def make(instance: Instance, scope: str = "manage") -> Client:
        _key, plaintext = create_api_key(
            instance=instance, name="test", scope=scope, created_by=None
        )
        return Client(headers={"Authorization": f"Bearer {plaintext}"})

    return make
