"""The processor time of a batch, divided among its texts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from time import process_time
from typing import Any


@dataclass(frozen=True, slots=True)
class Computed:
    """What the model makes of one text, and the text's share of the batch, in processor seconds."""

    result: Any
    processor_seconds: float


@dataclass(slots=True, eq=False)
class _Share:
    seconds: float = 0.0


class ProcessorMeter:
    """The processor time of the process, user and system, shared by what is computed meanwhile.

    What runs at the same moment has equal shares, so that nothing is counted twice.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: list[_Share] = []
        self._counted = process_time()

    @contextmanager
    def running(self) -> Iterator[_Share]:
        """Count for the block; its share is complete when it has ended."""
        share = _Share()
        with self._lock:
            self._count()
            self._running.append(share)
        try:
            yield share
        finally:
            with self._lock:
                self._count()
                self._running.remove(share)

    def _count(self) -> None:
        now = process_time()
        for share in self._running:
            share.seconds += (now - self._counted) / len(self._running)
        self._counted = now


def measured(
    compute: Callable[[Sequence[Any]], Sequence[Any]], meter: ProcessorMeter
) -> Callable[[list[Any]], list[Computed]]:
    """Return ``compute`` with its processor time.

    The texts of a batch are padded to one length, so each costs the same.
    """

    def compute_measured(payloads: list[Any]) -> list[Computed]:
        with meter.running() as share:
            results = compute(payloads)
        seconds = share.seconds / len(payloads)
        return [Computed(result, seconds) for result in results]

    return compute_measured
