"""Coefficients of the decision whether a passage supports a sentence.

Written by ``python -m bench.verification --fit`` on 2026-11-29, from 276 sentences.
"""

from collections.abc import Mapping

INTERCEPT = 2.056
COEFFICIENTS: Mapping[str, float] = {
    "lacking": -1.626,
    "unknown": -2.151,
    "misplaced": 0.000,
    "other_rows": -2.069,
    "unknown_nouns": -0.850,
    "quantities": -5.576,
    "names": -3.539,
    "misplaced_names": -2.049,
    "denied": -4.226,
    "force": -2.862,
    "limits": -3.144,
    "bonds": -3.198,
    "replaced": -1.810,
    "replaced_beside": -0.576,
    "exchanged": -2.885,
}
