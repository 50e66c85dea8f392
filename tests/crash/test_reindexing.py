"""Kill processes with -9 while another index is built: it continues, and nothing is doubled."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench.stack import Stack
from tests.crash.library import (
    check_nothing_lost_nothing_doubled,
    upload,
    wait_until_settled,
)
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.crash

BATCH = "index"
_START = """
from ingestion.reindexing.starting import start
from instances.models import Instance
from instances.tenancy import tenant
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    start(instance=instance, embedding_model="", chunk_tokens={tokens}, switches_itself=True,
          user=None)
"""
_STATE = """
import json
from ingestion.models import Chunk, IndexGeneration
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import UsageRecord
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    building = IndexGeneration.objects.filter(status__in=["building", "built"]).first()
    done = Chunk.objects.filter(terms__isnull=False, generation=building.number if building else -1)
    active = Chunk.objects.filter(generation=instance.index_generation)
    print(json.dumps(dict(
        status=building.status if building else "",
        attempt=building.attempt if building else 0,
        done=done.values("document").distinct().count(),
        tokens=instance.chunk_tokens,
        longest=max(active.values_list("token_count", flat=True)),
        n_chunks=active.count(),
        passages=sum(UsageRecord.objects.filter(kind="ingestion").values_list(
            "passages", flat=True)),
    )))
"""


def state(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.shell(_STATE.format(slug=stack.tenancy.slug)))
    return found


@pytest.fixture(scope="module")
def documents(stack: Stack) -> Iterator[None]:
    """A batch in an instance of its own."""
    before = stack.tenancy
    stack.add_people(slug="index")
    upload(stack, BATCH)
    wait_until_settled(stack)
    yield
    stack.tenancy = before


@pytest.mark.parametrize(
    ("victims", "tokens"),
    [(("worker-embed",), 64), (("models", "worker-embed"), 96), (("postgres",), 128)],
    ids=["worker", "models", "database"],
)
def test_building_continues_after_processes_are_killed(
    stack: Stack, documents: None, victims: tuple[str, ...], tokens: int
) -> None:
    before = state(stack)
    stack.shell(_START.format(slug=stack.tenancy.slug, tokens=tokens))
    wait_until(lambda: state(stack)["done"] > 0, "the first documents")
    for victim in victims:
        stack.kill(victim)
    stack.wait_ready()
    wait_until(lambda: state(stack)["tokens"] == tokens, "the switch")
    after = state(stack)
    assert after["longest"] <= tokens
    check_nothing_lost_nothing_doubled(stack, [BATCH])
    # Passages are embedded once, but for the batch that the killed worker had sent.
    embedded = after["passages"] - before["passages"]
    assert embedded == after["n_chunks"]
