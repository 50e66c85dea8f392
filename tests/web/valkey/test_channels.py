"""Messages between processes, over a real Valkey."""

import asyncio

import pytest

from web.valkey.channels import connected, publish, subscribed


@pytest.mark.parametrize("n_steps", range(0, 60, 4))
async def test_cancellation_is_not_lost_at_any_step(n_steps: int) -> None:
    """As when a browser leaves while its stream is being connected."""

    async def follow() -> None:
        async with connected() as server, subscribed(server, "test:followed") as messages:
            await publish(server, "test:other", b"a message")
            await messages.receive()

    following = asyncio.create_task(follow())
    for _ in range(n_steps):
        await asyncio.sleep(0)
    following.cancel()
    await asyncio.wait({following}, timeout=20)
    assert following.cancelled()


async def test_message_reaches_those_who_are_subscribed() -> None:
    async with connected() as server, subscribed(server, "test:heard") as messages:
        assert await publish(server, "test:heard", b"a message") == 1
        assert await messages.receive() == b"a message"
        assert await publish(server, "test:unheard", b"a message") == 0
