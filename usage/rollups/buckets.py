"""Buckets of durations: from their counts, percentiles of any period are computed.

Bucket n holds the durations from 1.05^n to 1.05^(n+1) ms, so that a percentile is known within
±2.5 %.
"""

import math
from collections.abc import Mapping
from typing import Final

RATIO: Final = 1.05
# The bucket of ``total_ms``, in SQL.
BUCKET: Final = f"floor(ln(greatest(total_ms, 1)::float8) / ln({RATIO}::float8))::smallint"


def bucket_of(total_ms: int) -> int:
    """The bucket of a duration."""
    return math.floor(math.log(max(total_ms, 1)) / math.log(RATIO))


def percentile_ms(counts: Mapping[int, int], share: float) -> float | None:
    """The duration that ``share`` of the counted ones do not exceed; None if there are none.

    ``counts`` are those of the buckets. The result is the middle of a bucket.
    """
    rank = math.ceil(share * sum(counts.values()))
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            return float(RATIO ** (bucket + 0.5))
    return None
