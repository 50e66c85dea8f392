"""Coefficients of the decision whether a passage supports a sentence.

Written by ``python -m bench.verification --fit`` on 2026-11-30, from 586 sentences.
"""

from collections.abc import Mapping

INTERCEPT = 1.523
COEFFICIENTS: Mapping[str, float] = {
    "foreign": -3.456,
    "other_rows": -2.737,
    "quantities": -5.896,
    "names": -3.271,
    "misplaced_names": -1.726,
    "denied": -3.581,
    "force": -2.806,
    "limits": -4.203,
    "bonds": -2.904,
    "replaced": -4.232,
    "replaced_beside": -0.701,
    "exchanged": -3.110,
    "contraries": -3.902,
    "spread": -3.756,
}
