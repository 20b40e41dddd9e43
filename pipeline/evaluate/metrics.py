"""Measures of ranked retrieval and of decisions, with intervals."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from pipeline.data import Record

RESAMPLES = 2_000
SEED = 20_970


class Estimate(Record):
    """A mean over cases with its 95 % interval, and how many cases, in how many groups if they have such."""

    value: float
    low: float
    high: float
    cases: int
    groups: int | None = None


def recall_at(ranked: Sequence[bool], k: int) -> float:
    """1 where one of the first `k` answers the question, else 0: one answer is all a reader needs."""
    return float(any(ranked[:k]))


def reciprocal_rank(ranked: Sequence[bool]) -> float:
    """1 / rank of the first answer, 0 without one."""
    return next((1 / rank for rank, good in enumerate(ranked, 1) if good), 0.0)


def ndcg_at(ranked: Sequence[bool], k: int, answers: int) -> float:
    """Normalised discounted cumulative gain of binary relevance (Järvelin and Kekäläinen 2002), 0 to 1.

    `answers`: passages that answer the question at all, at least 1; the ideal ranking has them first.
    """
    gain = sum(1 / math.log2(rank + 1) for rank, good in enumerate(ranked[:k], 1) if good)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(answers, k) + 1))


def estimate(
    values: Sequence[float], *, statistic: Callable[[Sequence[float]], float] | None = None
) -> Estimate:
    """The mean (or another statistic) of `values` with a percentile bootstrap interval, from a fixed seed."""
    measure = statistic or (lambda sample: sum(sample) / len(sample))
    if not values:
        return Estimate(value=0, low=0, high=0, cases=0)
    draw = random.Random(SEED)  # noqa: S311 - resampling, no secret
    means = sorted(measure(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
    return Estimate(value=measure(values), low=low, high=high, cases=len(values))


def wilson(successes: int, cases: int) -> Estimate:
    """A share with its 95 % Wilson interval, which stays sensible near 0 and 1."""
    if not cases:
        return Estimate(value=0, low=0, high=0, cases=0)
    z, share = 1.96, successes / cases
    middle = (share + z * z / (2 * cases)) / (1 + z * z / cases)
    half = z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases)) / (1 + z * z / cases)
    return Estimate(value=share, low=max(0.0, middle - half), high=min(1.0, middle + half), cases=cases)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive case scores above a negative one, ties counted half; 0.5 where either is empty."""
    if not positive or not negative:
        return 0.5
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative))
