"""The processor time of batches that run side by side."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import process_time

from inference.model_server.processor_time import ProcessorMeter


def spend(seconds: float) -> None:
    until = process_time() + seconds
    while process_time() < until:
        pass


def test_time_of_batches_side_by_side_is_counted_once() -> None:
    meter, both = ProcessorMeter(), Barrier(2, timeout=10)

    def batch() -> float:
        with meter.running() as share:
            both.wait()
            spend(0.1)
            both.wait()
        return share.seconds

    started = process_time()
    with ThreadPoolExecutor(2) as executor:
        shares = list(executor.map(lambda _: batch(), range(2)))
    assert sum(shares) <= process_time() - started
    assert sum(shares) >= 0.1
    assert min(shares) > 0.25 * max(shares)


def test_time_between_batches_belongs_to_none() -> None:
    meter = ProcessorMeter()
    with meter.running():
        pass
    spend(0.05)
    with meter.running() as share:
        pass
    assert share.seconds < 0.05
