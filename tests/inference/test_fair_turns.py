"""Turns: round the instances, then round their people; a cancelled wait leaves nothing behind."""

import asyncio
from collections.abc import Sequence

import pytest

from inference.fair_turns import Asker, FairTurns, turns_at

A, B, C = (Asker(number, "somebody") for number in (1, 2, 3))
A_TOO = Asker(1, "somebody else")


class Desk:
    """Requests at ``turns``, each of which ends when it is told to."""

    def __init__(self, places: int = 1) -> None:
        self.turns = FairTurns(places)
        self.served: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    async def ask(self, name: str, asker: Asker) -> "asyncio.Task[None]":
        self._ends[name] = asyncio.Event()
        task = asyncio.create_task(self._work(name, asker))
        await settle()
        return task

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await settle()

    async def end_in_turn(self) -> list[str]:
        """End whatever is served, one after the other, and return the order of service."""
        ended = 0
        while ended < len(self.served):
            await self.end(self.served[ended])
            ended += 1
        return self.served

    async def _work(self, name: str, asker: Asker) -> None:
        async with self.turns.turn(asker):
            self.served.append(name)
            await self._ends[name].wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def ask_all(desk: Desk, requests: Sequence[tuple[str, Asker]]) -> None:
    for name, asker in requests:
        await desk.ask(name, asker)


async def test_places_are_given_at_once_while_there_are_some() -> None:
    desk = Desk(places=2)
    await ask_all(desk, [("a1", A), ("a2", A), ("a3", A)])
    assert desk.served == ["a1", "a2"]
    await desk.end("a1")
    assert desk.served == ["a1", "a2", "a3"]


async def test_one_question_among_two_hundred_of_another_instance_is_next() -> None:
    desk = Desk(places=4)
    await ask_all(desk, [(f"a{number}", A) for number in range(200)])
    await desk.ask("b", B)
    await desk.end("a2")
    assert desk.served == ["a0", "a1", "a2", "a3", "b"]


async def test_instances_take_turns_whatever_the_number_of_their_requests() -> None:
    desk = Desk()
    await ask_all(desk, [(f"a{number}", A) for number in range(4)])
    await ask_all(desk, [("b0", B), ("b1", B), ("c0", C)])
    assert await desk.end_in_turn() == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]


async def test_people_of_an_instance_take_turns_too() -> None:
    desk = Desk()
    await ask_all(desk, [(f"one{number}", A) for number in range(3)])
    await ask_all(desk, [("two", A_TOO), ("b", B)])
    assert await desk.end_in_turn() == ["one0", "b", "two", "one1", "one2"]


async def test_the_instance_that_holds_fewest_places_comes_first() -> None:
    desk = Desk(places=3)
    await ask_all(desk, [("a0", A), ("a1", A), ("b0", B), ("a2", A), ("b1", B)])
    await desk.end("a0")
    # Each holds one: the one that has waited longest. Then the one with fewer.
    assert desk.served[3:] == ["a2"]
    await desk.end("a1")
    assert desk.served[4:] == ["b1"]


async def test_a_cancelled_wait_frees_its_place_in_the_queue() -> None:
    desk = Desk()
    await desk.ask("a0", A)
    leaving = [await desk.ask(f"b{number}", B) for number in range(3)]
    await desk.ask("a1", A)
    for task in leaving:
        task.cancel()
    await settle()
    assert desk.turns.waiting == 1
    assert await desk.end_in_turn() == ["a0", "a1"]


async def test_a_place_given_while_its_request_is_cancelled_goes_to_the_next() -> None:
    desk = Desk()
    await desk.ask("a0", A)
    leaving = await desk.ask("b", B)
    await desk.ask("c", C)
    # In one step of the loop: the place is given to b, whose task is cancelled before it runs.
    desk._ends["a0"].set()
    await asyncio.sleep(0)
    leaving.cancel()
    await settle()
    assert desk.served == ["a0", "c"]
    await desk.end("c")
    await desk.ask("a1", A)
    assert desk.served == ["a0", "c", "a1"]


async def test_a_cancelled_holder_gives_its_place_back() -> None:
    desk = Desk()
    holding = await desk.ask("a0", A)
    await desk.ask("b", B)
    holding.cancel()
    await settle()
    assert desk.served == ["a0", "b"]


async def test_an_error_gives_the_place_back() -> None:
    turns = FairTurns(1)
    with pytest.raises(RuntimeError):
        async with turns.turn(A):
            raise RuntimeError
    async with asyncio.timeout(5), turns.turn(B):
        pass


async def test_the_turns_of_an_event_loop_are_shared_by_name() -> None:
    assert turns_at("search", places=4) is turns_at("search", places=4)
    assert turns_at("search", places=4) is not turns_at("rerank", places=4)
    # A backend whose number of simultaneous answers is changed has as many from then on.
    assert turns_at("search", places=4) is not turns_at("search", places=5)
