"""Whether a search found an answer at all, or only the nearest thing there was."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.index.search import Hit

# Logistic regression on the best hit of the development questions: `python -m evals.retrieval.fit_answering` prints
# these figures. Similarity and the share of codes are as they are; BM25 grows without bound, so its logarithm is taken.
_INTERCEPT, _SIMILARITY, _WORDS, _CODES = -11.99, 6.50, 2.71, 2.40
_THRESHOLD = 0.5


def features(hit: Hit) -> tuple[float, float, float]:
    """What the chance is made of: similarity, log of 1 + BM25, share of the question's codes that the passage names."""
    return hit.similarity, math.log1p(max(hit.words, 0.0)), hit.codes


def chance_answered(hit: Hit) -> float:
    """How likely the first hit of a search answers the question, 0 to 1."""
    similarity, words, codes = features(hit)
    return 1 / (1 + math.exp(-(_INTERCEPT + _SIMILARITY * similarity + _WORDS * words + _CODES * codes)))


def likely_answered(hit: Hit) -> bool:
    """Whether the chance is above the threshold."""
    return chance_answered(hit) >= _THRESHOLD
