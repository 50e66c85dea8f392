"""The queue of a backend in Valkey: order of turns, leases, expected wait."""

from collections import Counter
from typing import Any

import pytest
from django.core.cache import cache

from inference.queueing import fair_queue
from inference.queueing.fair_queue import (
    HAS_SLOT,
    BackendQueue,
    QueuedRequest,
    enter,
    leave,
    renew,
)

ONE = BackendQueue("gpu", 1)


@pytest.fixture(autouse=True)
def valkey() -> Any:
    if not hasattr(cache, "client"):
        pytest.skip("CACHE_URL is not set: no Valkey")
    return cache.client()


def request(name: str, arrived_ms: int = 0, *, is_batch: bool = False) -> QueuedRequest:
    """``organisation/instance/person number``."""
    organisation, instance, person = name.split()[0].split("/")
    return QueuedRequest(
        id=name,
        process="p",
        organisation_id=int(organisation),
        instance_id=int(instance),
        person=person,
        is_batch=is_batch,
        arrived_ms=arrived_ms,
    )


def fill(queue: BackendQueue, names: list[str], *, batch: set[str] = frozenset()) -> None:
    """Let requests arrive, one after the other."""
    for number, name in enumerate(names, start=1):
        enter(queue, request(name, number, is_batch=name in batch), may_wait=True)


def turns(valkey: Any, queue: BackendQueue) -> list[str]:
    """End each answer as soon as it has begun; return the requests in the order of their turns."""
    order = []
    held = queue.keys[0]
    while ids := valkey.zrange(held, 0, -1):
        order += [each.decode() for each in ids]
        for each in ids:
            leave(queue, each.decode(), has_answered=True)
    return order


def test_organisations_then_instances_then_people_take_turns(valkey: Any) -> None:
    fill(
        ONE,
        ["1/1/a 1", "1/1/a 2", "1/1/a 3", "1/1/b 1", "1/2/c 1", "1/2/c 2", "2/3/d 1", "2/3/d 2"],
    )
    assert turns(valkey, ONE) == [
        # Of equals the first that came; then the others, who held no slot.
        "1/1/a 1", "2/3/d 1", "1/2/c 1", "2/3/d 2", "1/1/b 1", "1/2/c 2", "1/1/a 2", "1/1/a 3",
    ]  # fmt: skip


def test_hundred_requests_of_one_organisation_delay_another_by_one_turn(valkey: Any) -> None:
    fill(ONE, [f"1/1/a {number}" for number in range(100)])
    one_of_b = enter(ONE, request("2/2/b 1", 101), may_wait=True)
    assert one_of_b is not None
    assert one_of_b.place == 1
    assert turns(valkey, ONE).index("2/2/b 1") == 1
    # Nothing is kept of a queue that has ended but the time of an answer.
    assert sorted(valkey.keys("ragapp:queue:{gpu}:*")) == [b"ragapp:queue:{gpu}:figures"]


def test_organisation_has_as_many_turns_as_its_weight_says(valkey: Any) -> None:
    heavy = BackendQueue("gpu", 1, weight=3)
    enter(ONE, request("9/9/z 1"), may_wait=True)
    for number in range(8):
        enter(ONE, request(f"1/1/a {number}", number), may_wait=True)
        enter(heavy, request(f"2/2/b {number}", 100 + number), may_wait=True)
    organisations = [each[0] for each in turns(valkey, ONE)[1:9]]
    assert Counter(organisations) == {"2": 6, "1": 2}


def test_batch_requests_wait_for_the_others_but_not_forever(valkey: Any) -> None:
    batch = {f"1/1/a {number}" for number in range(3)}
    people = [f"2/2/b {number}" for number in range(15)]
    fill(ONE, ["3/3/c 0", *sorted(batch), *people], batch=batch)
    order = turns(valkey, ONE)
    assert [order.index(each) for each in sorted(batch)] == [10, 17, 18]


def test_expected_wait_is_measured_and_requests_that_may_not_wait_are_refused(valkey: Any) -> None:
    two = BackendQueue("gpu", 2)
    fill(two, ["1/1/a 1", "1/1/a 2", "1/1/a 3"])
    assert renew(two, [(request("1/1/a 3"), False)])[0].wait_s is None
    assert enter(two, request("1/1/a 4"), may_wait=False) is None
    # Slots are held for 30 s: the second in the queue waits for two of them, of two at a time.
    valkey.hset(two.keys[4], "hold_ms", 30_000)
    fill(two, ["1/1/b 1", "1/1/b 2"])
    positions = renew(two, [(request("1/1/b 2"), False), (request("1/1/a 1"), True)])
    assert [(each.place, each.wait_s) for each in positions] == [(2, 30), (0, None)]


def test_slots_and_places_of_a_process_that_ends_are_free_after_its_lease(
    valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_queue, "LEASE_MS", 1)
    fill(ONE, ["1/1/dead 1", "1/1/dead 2"])
    monkeypatch.undo()
    waiting = request("1/1/b 1", 3)
    position = enter(ONE, waiting, may_wait=True)
    while position != HAS_SLOT:
        (position,) = renew(ONE, [(waiting, False)])
    assert valkey.zrange(ONE.keys[0], 0, -1) == [b"1/1/b 1"]


def test_requests_that_valkey_has_lost_enter_again(valkey: Any) -> None:
    fill(ONE, ["1/1/a 1", "1/1/a 2"])
    valkey.flushdb()
    holds, waits = request("1/1/a 1"), request("1/1/a 2", 2)
    assert [each.place for each in renew(ONE, [(waits, False), (holds, True)])] == [1, 0]
