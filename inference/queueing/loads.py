"""How busy backends are: for the model picker."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from redis.exceptions import RedisError

from inference.queueing.fair_queue import BackendQueue, server_of_queues

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """How many requests hold a slot of a backend, and how many wait for one.

    ``wait_s`` is the longest expected wait of one more request: 0 if a slot is free, None if no
    answer has been timed.
    """

    n_held: int
    n_waiting: int
    wait_s: int | None


def loads_of(queues: Collection[BackendQueue]) -> Mapping[BackendQueue, Load]:
    """Return the loads, read at once; none while Valkey cannot be reached."""
    if not queues:
        return {}
    try:
        with server_of_queues().pipeline(transaction=False) as pipeline:
            pipeline.time()
            for queue in queues:
                held, waiting, _requests, _clock, figures = queue.keys
                pipeline.zrange(held, 0, -1, withscores=True)
                pipeline.zrange(waiting, 0, -1, withscores=True)
                pipeline.hget(figures, "hold_ms")
            (seconds, microseconds), *replies = pipeline.execute()
    except RedisError as error:
        logger.warning("the loads of backends cannot be read: %s", error)
        return {}
    now_ms = 1000 * seconds + microseconds // 1000
    loads = {}
    for number, queue in enumerate(queues):
        held, waiting, hold_ms = replies[3 * number : 3 * number + 3]
        n_held, n_waiting = (
            sum(expires > now_ms for _id, expires in each) for each in (held, waiting)
        )
        slots = queue.slots()
        has_slot = n_waiting == 0 and n_held < slots.count
        wait_s = 0 if has_slot else slots.wait_s(n_waiting + 1, int(hold_ms or 0))
        loads[queue] = Load(n_held, n_waiting, wait_s)
    return loads
