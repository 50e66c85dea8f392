"""Coefficients of the decision whether a passage answers.

Written by ``python -m bench.trust --fit`` on 2026-11-29, from 2677 questions.
"""

from collections.abc import Mapping

INTERCEPT = -5.861
COEFFICIENTS: Mapping[str, float] = {
    "dense": 0.879,
    "window": 2.626,
    "passage": 3.181,
    "specifics": 1.314,
    "kind": 0.895,
    "definition": 0.728,
}
