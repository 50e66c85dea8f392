"""The processor time of a batch, divided among its texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any


@dataclass(frozen=True, slots=True)
class Computed:
    """What the model makes of one text, and the text's share of the batch, in processor seconds."""

    result: Any
    processor_seconds: float


def measured(
    compute: Callable[[Sequence[Any]], Sequence[Any]],
) -> Callable[[list[Any]], list[Computed]]:
    """Return ``compute`` with its processor time, user and system, of all threads of the process.

    The texts of a batch are padded to one length, so each costs the same. An embedding and a
    reranking that run at the same moment are both counted to each.
    """

    def compute_measured(payloads: list[Any]) -> list[Computed]:
        started = process_time()
        results = compute(payloads)
        share = (process_time() - started) / len(payloads)
        return [Computed(result, share) for result in results]

    return compute_measured
