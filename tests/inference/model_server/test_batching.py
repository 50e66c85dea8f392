"""Batches: questions first, texts of a length together, nobody starved, a bounded queue."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inference.model_server.batching import (
    BATCH_TOKENS,
    Batcher,
    Entry,
    ModelFailure,
    Priority,
    QueueFull,
    padded_length,
)


@pytest.mark.parametrize(
    ("n_tokens", "length"), [(1, 8), (8, 8), (17, 24), (64, 64), (65, 80), (250, 256)], ids=str
)
def test_short_texts_are_padded_by_less_than_eight_tokens(n_tokens: int, length: int) -> None:
    assert padded_length(n_tokens) == Entry("x", n_tokens).padded_tokens == length


class Recorder:
    """A model that runs one batch each time that it is let, and remembers them."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.allowed = threading.Semaphore(0)
        self.started = threading.Semaphore(0)

    def compute(self, payloads: list[Any]) -> Sequence[Any]:
        self.batches.append(payloads)
        self.started.release()
        assert self.allowed.acquire(timeout=10)
        if "broken" in payloads:
            raise RuntimeError("no memory left")
        if "poison" in payloads:
            raise ValueError("no such token")
        return [f"vector of {payload}" for payload in payloads]

    async def wait_for_batch(self) -> None:
        assert await asyncio.to_thread(self.started.acquire, timeout=10)

    def let(self, n_batches: int = 1) -> None:
        self.allowed.release(n_batches)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.let(100)


@pytest.fixture
async def batcher(recorder: Recorder) -> Any:
    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(recorder.compute, executor, max_queued=100)
        task = asyncio.create_task(batcher.run())
        yield batcher
        recorder.let(100)
        task.cancel()


def entries(*names: str, n_tokens: int = BATCH_TOKENS) -> list[Entry]:
    """Entries that each fill a batch, unless told otherwise."""
    return [Entry(name, n_tokens) for name in names]


async def submit(batcher: Batcher, *args: Any) -> "asyncio.Task[list[Any]]":
    task = asyncio.create_task(batcher.submit(*args))
    await asyncio.sleep(0)
    return task


async def test_results_come_in_the_order_of_the_request(
    batcher: Batcher, recorder: Recorder
) -> None:
    recorder.let(10)
    mixed = [Entry("long", 500), Entry("short", 10), Entry("middle", 200), Entry("huge", 900)]
    results = await batcher.submit(mixed, Priority.PASSAGE)
    assert results == [f"vector of {entry.payload}" for entry in mixed]


async def test_a_question_waits_for_the_running_batch_only(
    batcher: Batcher, recorder: Recorder
) -> None:
    passages = await submit(batcher, entries("p1", "p2", "p3"), Priority.PASSAGE)
    await recorder.wait_for_batch()
    question = await submit(batcher, entries("q"), Priority.QUERY)
    recorder.let(2)
    assert await question == ["vector of q"]
    assert not passages.done()
    assert recorder.batches[:2] == [["p1"], ["q"]]
    recorder.let(2)
    await passages


async def test_texts_of_similar_length_share_a_batch(batcher: Batcher, recorder: Recorder) -> None:
    blocker = await submit(batcher, entries("blocker"), Priority.PASSAGE)
    await recorder.wait_for_batch()
    mixed = [Entry(f"{n}", n) for n in (250, 16, 240, 30, 256, 20, 254)]
    task = await submit(batcher, mixed, Priority.PASSAGE)
    recorder.let(10)
    await asyncio.gather(blocker, task)
    assert sorted(recorder.batches[1]) == ["240", "250", "254", "256"]
    assert sorted(recorder.batches[2]) == ["16", "20", "30"]


async def test_the_oldest_text_is_in_the_next_batch(batcher: Batcher, recorder: Recorder) -> None:
    blocker = await submit(batcher, entries("blocker"), Priority.PASSAGE)
    await recorder.wait_for_batch()
    old = await submit(batcher, entries("odd length", n_tokens=700), Priority.PASSAGE)
    new = await submit(batcher, entries(*"abcdefgh", n_tokens=128), Priority.PASSAGE)
    recorder.let(10)
    await asyncio.gather(blocker, old, new)
    assert "odd length" in recorder.batches[1]


async def test_tenants_take_turns_whatever_they_have_queued(
    batcher: Batcher, recorder: Recorder
) -> None:
    running = await submit(batcher, entries("running"), Priority.PASSAGE, "a")
    await recorder.wait_for_batch()
    many = await submit(batcher, entries("a1", "a2", "a3", "a4"), Priority.PASSAGE, "a")
    few = await submit(batcher, entries("b1", "b2"), Priority.PASSAGE, "b")
    recorder.let(10)
    await asyncio.gather(running, many, few)
    assert recorder.batches == [["running"], ["a1"], ["b1"], ["a2"], ["b2"], ["a3"], ["a4"]]


async def test_a_batch_is_filled_by_its_own_tenant_before_the_others(
    batcher: Batcher, recorder: Recorder
) -> None:
    running = await submit(batcher, entries("running"), Priority.PASSAGE, "c")
    await recorder.wait_for_batch()
    quarter = BATCH_TOKENS // 4
    few = await submit(batcher, entries("b1", "b2", n_tokens=quarter), Priority.PASSAGE, "b")
    names = [f"a{number}" for number in range(6)]
    many = await submit(batcher, entries(*names, n_tokens=quarter), Priority.PASSAGE, "a")
    recorder.let(10)
    await asyncio.gather(running, few, many)
    assert recorder.batches[1] == ["b1", "b2", "a0", "a1"]
    assert recorder.batches[2] == ["a2", "a3", "a4", "a5"]


async def test_tenant_whose_caller_disconnected_loses_its_turn(
    batcher: Batcher, recorder: Recorder
) -> None:
    running = await submit(batcher, entries("running"), Priority.PASSAGE, "a")
    await recorder.wait_for_batch()
    abandoned = await submit(batcher, entries("b1", "b2"), Priority.PASSAGE, "b")
    waiting = await submit(batcher, entries("c1"), Priority.PASSAGE, "c")
    abandoned.cancel()
    await asyncio.gather(abandoned, return_exceptions=True)
    recorder.let(10)
    await asyncio.gather(running, waiting)
    assert recorder.batches == [["running"], ["c1"]]


async def test_a_full_queue_refuses_passages_but_not_questions(
    batcher: Batcher, recorder: Recorder
) -> None:
    running = await submit(batcher, entries("p"), Priority.PASSAGE)
    await recorder.wait_for_batch()
    waiting = await submit(batcher, entries(*["p"] * 100, n_tokens=16), Priority.PASSAGE)
    with pytest.raises(QueueFull) as refusal:
        await batcher.submit(entries("one more"), Priority.PASSAGE)
    assert 1 <= refusal.value.retry_after_s <= 60
    question = await submit(batcher, entries("q"), Priority.QUERY)
    recorder.let(100)
    await asyncio.gather(running, waiting, question)


async def test_texts_of_cancelled_requests_are_removed(
    batcher: Batcher, recorder: Recorder
) -> None:
    running = await submit(batcher, entries("running"), Priority.PASSAGE)
    await recorder.wait_for_batch()
    abandoned = await submit(batcher, entries("x", "y", "z"), Priority.PASSAGE)
    abandoned.cancel()
    await asyncio.gather(abandoned, return_exceptions=True)
    assert batcher.queued() == {"query": 0, "passage": 0, "batch": 0}
    recorder.let(10)
    await running
    await batcher.submit(entries("next"), Priority.PASSAGE)
    assert recorder.batches == [["running"], ["next"]]


async def test_a_failing_batch_fails_its_requests_and_no_other(
    batcher: Batcher, recorder: Recorder
) -> None:
    recorder.let(10)
    with pytest.raises(ModelFailure, match="no memory left"):
        await batcher.submit(entries("broken"), Priority.PASSAGE)
    assert await batcher.submit(entries("fine"), Priority.PASSAGE) == ["vector of fine"]


@pytest.mark.parametrize("text", ["poison", "broken"])
async def test_only_the_failing_text_fails(batcher: Batcher, recorder: Recorder, text: str) -> None:
    """Requests that share its batch are answered, and so are those that come later."""
    recorder.let(100)
    small = [entries(name, n_tokens=16) for name in ("one", text, "three")]
    requests = [asyncio.create_task(batcher.submit(each, Priority.QUERY)) for each in small]
    async with asyncio.timeout(30):
        one, failed, three = await asyncio.gather(*requests, return_exceptions=True)
        later = await batcher.submit(entries("later"), Priority.QUERY)
    assert (one, three, later) == (["vector of one"], ["vector of three"], ["vector of later"])
    assert isinstance(failed, ModelFailure)


async def test_streams_compute_side_by_side_and_share_what_waits(recorder: Recorder) -> None:
    with ThreadPoolExecutor(2) as executor:
        batcher = Batcher(recorder.compute, executor, max_queued=100, streams=2)
        task = asyncio.create_task(batcher.run())
        four = entries("a", "b", "c", "d", n_tokens=BATCH_TOKENS // 4)
        first = await submit(batcher, four, Priority.PASSAGE)
        await recorder.wait_for_batch()
        await recorder.wait_for_batch()
        assert sorted(map(sorted, recorder.batches)) == [["a", "b"], ["c", "d"]]
        # A question is computed as soon as one of them ends.
        question = await submit(batcher, entries("q", n_tokens=8), Priority.QUERY)
        recorder.let()
        await recorder.wait_for_batch()
        assert recorder.batches[2:] == [["q"]]
        recorder.let(10)
        await asyncio.gather(first, question)
        task.cancel()


async def test_texts_too_few_for_two_streams_stay_together(recorder: Recorder) -> None:
    recorder.let(10)
    with ThreadPoolExecutor(2) as executor:
        batcher = Batcher(recorder.compute, executor, max_queued=100, streams=2)
        task = asyncio.create_task(batcher.run())
        await batcher.submit(entries("a", "b", "c", n_tokens=16), Priority.QUERY)
        assert recorder.batches == [["a", "b", "c"]]
        task.cancel()
