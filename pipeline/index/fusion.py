"""Reciprocal rank fusion: several rankings made into one, from ranks alone.

Scores of BM25 and of cosine similarity have no common scale; ranks do. After Cormack, Clarke and Buettcher,
"Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009, whose k is 60.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Fused(NamedTuple):
    """An id and its fused score, above 0."""

    id: str
    score: float


def fuse(
    rankings: Sequence[Sequence[str]], *, k: float = 60, weights: Sequence[float] | None = None
) -> list[Fused]:
    """Fuse rankings of ids, best first; equal scores are ordered by id.

    Each ranking adds weight / (k + rank) to an id, ranks from 1; an id repeated in a ranking counts once, where
    it first stands. `weights` has one value a ranking, all 1 by default; a ranking of weight 0 adds nothing.
    Raises ValueError when k or a weight is negative, or the counts differ.
    """
    shares = [1.0] * len(rankings) if weights is None else list(weights)
    if len(shares) != len(rankings):
        raise ValueError(f"{len(rankings)} rankings need as many weights, got {len(shares)}")
    if k < 0 or any(share < 0 for share in shares):
        raise ValueError("k and weights must not be negative")
    scores: dict[str, float] = {}
    for ranking, share in zip(rankings, shares, strict=True):
        if share:
            for rank, name in enumerate(dict.fromkeys(ranking), 1):
                scores[name] = scores.get(name, 0.0) + share / (k + rank)
    return [Fused(name, scores[name]) for name in sorted(scores, key=lambda name: (-scores[name], name))]
