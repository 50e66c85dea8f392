"""Shares with their confidence intervals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_Z = 1.96


@dataclass(frozen=True)
class Share:
    """A share of ``n`` and its 95 % interval (Wilson, 1927), rounded to three digits."""

    share: float
    low: float
    high: float
    n: int


def share(hits: Iterable[bool]) -> Share:
    """Return the share of hits; 0 of none has the interval [0, 1]."""
    outcomes = list(hits)
    n = len(outcomes)
    if not n:
        return Share(0.0, 0.0, 1.0, 0)
    p = sum(outcomes) / n
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Share(
        round(p, 3), round(max(0.0, middle - half), 3), round(min(1.0, middle + half), 3), n
    )
