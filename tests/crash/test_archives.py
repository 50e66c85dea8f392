"""Kill workers and the database with -9 while an archive is unpacked."""

from collections.abc import Iterator

import pytest

from bench.stack import Stack
from tests.crash.library import (
    check_nothing_lost_nothing_doubled,
    upload_archive,
    wait_for_documents,
    wait_until_settled,
)

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def archives(stack: Stack) -> Iterator[list[str]]:
    """The archives uploaded so far; their documents are deleted in the end."""
    yield []
    with stack.api() as api:
        for document in api.get("/api/v1/documents").json():
            api.delete(f"/api/v1/documents/{document['id']}").raise_for_status()


@pytest.mark.parametrize("victims", [("worker-parse",), ("postgres",)], ids=lambda names: names[0])
def test_each_member_is_a_document_once_after_a_process_is_killed(
    stack: Stack, archives: list[str], victims: tuple[str, ...]
) -> None:
    archives.append(f"archive-{victims[0]}")
    upload_archive(stack, archives[-1])
    wait_for_documents(stack, len(archives) * 30 - 20)
    for name in victims:
        stack.kill(name)
    stack.wait_ready()
    wait_until_settled(stack)
    check_nothing_lost_nothing_doubled(stack, archives)
