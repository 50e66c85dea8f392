"""Coefficients of the decision whether a passage answers.

Written by ``python -m bench.trust --fit`` on 2026-11-29, from 2080 questions.
"""

from collections.abc import Mapping

INTERCEPT = -7.096
COEFFICIENTS: Mapping[str, float] = {
    "dense": 0.986,
    "window": 2.105,
    "passage": 3.226,
    "specifics": 1.514,
    "kind": 0.682,
    "definition": 0.564,
}
