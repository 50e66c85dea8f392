"""What the tests of all kinds use: a source of a kind, and its documents by name."""

from collections.abc import Callable
from typing import Any

import pytest

from ingestion.models import Document
from instances.tenancy import tenant
from sources.credentials import encrypted
from sources.models import Source
from tests.cast import Cast
from tests.sources.factories import SourceFactory

MakeSource = Callable[..., Source]


@pytest.fixture
def make_source(cast: Cast) -> MakeSource:
    """``make_source(kind, secrets, **options)``: a source that removes at once what is gone."""

    def make(kind: str, secrets: dict[str, str] | None = None, **options: Any) -> Source:
        made: Source = SourceFactory(
            instance=cast.instance,
            kind=kind,
            options=options,
            encrypted_secrets=encrypted(secrets or {}),
            grace_days=0,
        )
        return made

    return make


@pytest.fixture
def contents(cast: Cast) -> Callable[[], dict[str, str]]:
    """``contents()``: the text of the files of all documents, by folder and name."""

    def read() -> dict[str, str]:
        with tenant(cast.instance):
            return {
                f"{each.folder}/{each.name}".lstrip("/"): each.file.read().decode()
                for each in Document.objects.for_instance(cast.instance)
            }

    return read
