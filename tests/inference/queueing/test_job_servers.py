"""A backend whose servers are jobs: questions wait for the first, and go to those that answer."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from django.core.cache import cache

from inference.errors import BackendUnavailable
from inference.llm.backend import NO_ADDRESS
from inference.offered_models import OfferedModel
from inference.queueing.fair_queue import BackendQueue, Position
from inference.queueing.job_servers import JobServer, JobServers, publish, withdraw
from inference.queueing.loads import loads_of
from tests.inference.test_routing import BROKEN, answer, answer_of, asked, model, servers
from tests.scripted_llm import Act, Reply, ScriptedLLM, stream
from web.encryption import encrypt

__all__ = ["model", "servers"]

pytestmark = [
    pytest.mark.usefixtures("closed_connections"),
    pytest.mark.skipif(not hasattr(cache, "client"), reason="CACHE_URL is not set: no Valkey"),
]
STARTING = JobServers(starts_in_s=290, is_starting=True)


@pytest.fixture
def on_demand(model: OfferedModel) -> Iterator[OfferedModel]:
    """The model at backend 1, whose servers are jobs of one slot; none answers yet."""
    assert model.backend is not None
    backend = replace(model.backend, base_url=NO_ADDRESS, jobs_of=1, max_concurrency=1)
    publish(1, STARTING)
    yield replace(model, backend=backend, alternatives=())
    withdraw(1)


def jobs(*servers: ScriptedLLM) -> JobServers:
    return JobServers(
        tuple(
            JobServer(number, server.base_url, encrypt(f"key-{number}"))
            for number, server in enumerate(servers, start=1)
        )
    )


def has_one_request(server: ScriptedLLM) -> bool:
    return len(server.requests) == 1


async def test_question_waits_for_the_first_job_and_is_answered_by_it(
    servers: tuple[ScriptedLLM, ScriptedLLM], on_demand: OfferedModel
) -> None:
    near, _far = servers
    near.script(stream("Here."))
    events = asked(on_demand)
    assert await anext(events) == Position(1, wait_s=300, is_starting=True)
    (load,) = loads_of([BackendQueue("1", 1, jobs_of=1)]).values()
    assert (load.n_held, load.n_waiting) == (0, 1)
    publish(1, jobs(near))
    places, text, _backend = await answer_of(events)
    assert (places[-1], text) == (0, "Here.")
    assert near.requests[0].headers["authorization"] == "Bearer key-1"


async def test_second_question_goes_to_the_second_job_and_the_third_waits(
    servers: tuple[ScriptedLLM, ScriptedLLM], on_demand: OfferedModel
) -> None:
    publish(1, jobs(*servers))
    tasks = []
    for server in servers:
        server.script(Reply([Act.HOLD, *stream("Held.").parts]), stream("Next."))
        tasks.append(asyncio.create_task(answer_of(asked(on_demand))))
        await asyncio.to_thread(server.wait_until, partial(has_one_request, server))
    third = asked(on_demand)
    assert await anext(third) == Position(1)
    servers[1].release()
    assert (await answer_of(third))[1] == "Next."
    servers[0].release()
    assert [text for _places, text, _backend in await asyncio.gather(*tasks)] == ["Held."] * 2


async def test_job_that_fails_is_replaced_by_the_next_and_then_left_alone(
    servers: tuple[ScriptedLLM, ScriptedLLM], on_demand: OfferedModel
) -> None:
    near, far = servers
    publish(1, jobs(near, far))
    near.script(*[BROKEN] * 3)
    far.script(*[stream("Far.")] * 4)
    for _question in range(4):
        assert (await answer(on_demand))[0] == "Far."
    assert len(near.requests) == 3


async def test_waiting_questions_are_released_when_no_job_can_be_started(
    on_demand: OfferedModel,
) -> None:
    events = asked(on_demand)
    assert (await anext(events)).is_starting
    publish(1, JobServers(is_failing=True))
    with pytest.raises(BackendUnavailable):
        await answer_of(events)
    withdraw(1)
    with pytest.raises(BackendUnavailable):
        await answer_of(asked(on_demand))
