"""What is under way keeps its place for as long as it lasts, and gives it back at its end."""

import asyncio
import time
from typing import Any

import pytest

from usage import admission
from usage.admission import LimitReached, admit_question, held

LEASE_S = 0.5


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """One question at a time, and leases that end soon unless they are renewed."""
    monkeypatch.setattr(admission, "LEASE_S", LEASE_S)
    monkeypatch.setattr(admission, "_RENEWED_EVERY_S", LEASE_S / 20)
    settings.ANSWERS_AT_ONCE_PER_PERSON = 1


def is_admitted() -> bool:
    try:
        admit_question(instance_id=1, user_id=1).release()
    except LimitReached as refusal:
        return refusal.code != "too_many_answers"
    return True


async def test_place_is_renewed_after_its_lease_and_then_released() -> None:
    async with held(admit_question(instance_id=1, user_id=1)):
        lease_ends = time.monotonic() + 2 * LEASE_S
        while time.monotonic() < lease_ends:
            assert not await asyncio.to_thread(is_admitted)
    assert await asyncio.to_thread(is_admitted)


async def test_cancelled_answer_releases_its_place() -> None:
    begun = asyncio.Event()

    async def answer() -> None:
        async with held(admit_question(instance_id=1, user_id=1)):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(answer())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await asyncio.to_thread(is_admitted)


async def test_place_that_is_not_renewed_expires() -> None:
    admit_question(instance_id=1, user_id=1)
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(is_admitted):
            await asyncio.sleep(0)
