"""Decides whether a passage answers: a logistic function of its features, fitted to questions.

``python -m bench.trust --fit`` writes the coefficients (``coefficients.py``). A passage in another
language than the question shares only names with it; its own rule was chosen on ``xquad_es_en``.
"""

import math

from retrieval.evidence.coefficients import COEFFICIENTS, INTERCEPT
from retrieval.evidence.features import Features, TranslatedFeatures

# For passages in another language: the evidence, in σ, at which the relevance is 0.5, what the
# share of the best possible BM25 is worth, and the slope.
_TRANSLATED_MIDDLE, _TRANSLATED_LEXICAL, _TRANSLATED_SLOPE = 1.3, 4.0, 2.2
_LARGEST = 30.0


def answer_probability(features: Features | TranslatedFeatures) -> float:
    """Return the relevance of a passage, in [0, 1]; 0.5 is the balanced threshold."""
    if isinstance(features, TranslatedFeatures):
        sigmas = features.dense + _TRANSLATED_LEXICAL * features.lexical
        evidence = _TRANSLATED_SLOPE * (sigmas - _TRANSLATED_MIDDLE)
    else:
        evidence = INTERCEPT + sum(
            coefficient * getattr(features, name) for name, coefficient in COEFFICIENTS.items()
        )
    return 1 / (1 + math.exp(-max(-_LARGEST, min(_LARGEST, evidence))))
