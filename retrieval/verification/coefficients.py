"""Coefficients of the decision whether a passage supports a sentence.

Written by ``python -m bench.verification --fit`` on 2026-12-01, from 586 sentences.
"""

from collections.abc import Mapping

INTERCEPT = 1.459
COEFFICIENTS: Mapping[str, float] = {
    "foreign": -3.520,
    "other_rows": -2.730,
    "quantities": -5.983,
    "names": -3.392,
    "misplaced_names": -1.758,
    "denied": -3.883,
    "force": -3.166,
    "limits": -4.253,
    "bonds": -4.243,
    "replaced": -3.522,
    "replaced_beside": -0.602,
    "exchanged": -1.541,
    "contraries": -3.540,
    "spread": -3.307,
    "spread_referring": -1.613,
    "roles": -2.490,
    "other_nouns": -1.459,
}
