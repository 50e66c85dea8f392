"""An uploaded document, and a second instance."""

from collections.abc import Callable
from io import BytesIO

import pytest

from ingestion import uploads
from ingestion.models import Document
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.stages import TEXT, Add


@pytest.fixture
def small(cast: Cast) -> Instance:
    """An instance with little to do, beside that of the cast."""
    return cast.other_instance


@pytest.fixture
def add(cast: Cast) -> Add:
    """``add(name, content)``: a file that waits to be read."""

    def store(name: str, content: bytes) -> Document:
        with tenant(cast.instance):
            document, _created = uploads.store_upload(
                instance=cast.instance, user=cast.owner, name=name, content=BytesIO(content)
            )
        return document

    return store


@pytest.fixture
def upload(add: Add) -> Callable[..., Document]:
    """``upload(text)``: a document waiting to be parsed."""

    def store(text: str = TEXT, name: str = "reglement.txt") -> Document:
        return add(name, text.encode())

    return store
