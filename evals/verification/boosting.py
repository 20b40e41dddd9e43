"""Gradient-boosted trees for a logistic loss, in numpy: second order, binned features, every tree a full one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BINS = 32


class Settings(NamedTuple):
    """`rows` and `columns` are the shares drawn for each tree."""

    trees: int = 250
    depth: int = 3
    rate: float = 0.06
    ridge: float = 8.0
    least: float = 8.0
    rows: float = 0.7
    columns: float = 0.4
    seed: int = 7


class Tree(NamedTuple):
    """A full tree in breadth-first order: a case goes right where `x[feature] > cut`; then `leaves` from the left."""

    feature: list[int]
    cut: list[float]
    leaves: list[float]


class Boosted(NamedTuple):
    """The sum of `start` and a leaf of every tree: log odds."""

    start: float
    trees: list[Tree]


def bin_edges(x: Floats) -> list[Floats]:
    """For each column the cuts between its bins, midway between values that occur."""
    edges: list[Floats] = []
    for column in x.T:
        values = np.unique(column)
        if len(values) > _BINS:
            values = np.unique(np.quantile(column, np.linspace(0, 1, _BINS + 1), method="lower"))
        edges.append(np.round((values[1:] + values[:-1]) / 2, 6))
    return edges


def boost(x: Floats, y: Floats, weight: Floats, settings: Settings) -> Boosted:
    """Fit; `y` is 0 or 1. The same input and settings give the same trees."""
    draw = np.random.default_rng(settings.seed)
    edges = bin_edges(x)
    binned = np.stack(
        [np.searchsorted(cuts, column, side="left") for cuts, column in zip(edges, x.T, strict=True)]
    )
    share = float((weight * y).sum() / weight.sum())
    start = round(float(np.log(share / (1 - share))), 6)
    score = np.full(len(y), start)
    trees: list[Tree] = []
    for _ in range(settings.trees):
        chance = 1 / (1 + np.exp(-score))
        slope, curve = weight * (chance - y), weight * chance * (1 - chance)
        kept = draw.random(len(y)) < settings.rows
        columns = np.sort(draw.choice(len(edges), max(1, int(settings.columns * len(edges))), replace=False))
        tree, place = _grow(
            binned, edges, np.where(kept, slope, 0), np.where(kept, curve, 0), columns, settings
        )
        score += np.array(tree.leaves)[place]
        trees.append(tree)
    return Boosted(start, trees)


def _grow(
    binned: NDArray[np.int64],
    edges: list[Floats],
    slope: Floats,
    curve: Floats,
    columns: NDArray[np.int64],
    settings: Settings,
) -> tuple[Tree, NDArray[np.int64]]:
    place = np.zeros(binned.shape[1], dtype=np.int64)
    feature: list[int] = []
    cut: list[float] = []
    for level in range(settings.depth):
        nodes = 2**level
        best_gain = np.full(nodes, 1e-9)
        best_column, best_bin = np.zeros(nodes, dtype=int), np.full(nodes, _BINS + 1)
        for column in columns:
            slopes, curves = (_sums(place, binned[column], value, nodes) for value in (slope, curve))
            gain = _gain(slopes, curves, settings)
            at = gain.argmax(axis=1)
            top = gain[np.arange(nodes), at]
            better = top > best_gain
            best_gain[better], best_column[better], best_bin[better] = top[better], column, at[better]
        for node in range(nodes):
            real = best_bin[node] < len(edges[best_column[node]])
            feature.append(int(best_column[node]) if real else 0)
            cut.append(float(edges[best_column[node]][best_bin[node]]) if real else 1e9)
        right = binned[best_column[place], np.arange(len(place))] > best_bin[place]
        place = 2 * place + right
    leaves = 2**settings.depth
    total, curved = np.bincount(place, slope, leaves), np.bincount(place, curve, leaves)
    values = -settings.rate * total / (curved + settings.ridge)
    return Tree(feature, cut, [round(float(value), 5) for value in values]), place


def _sums(place: NDArray[np.int64], bins: NDArray[np.int64], value: Floats, nodes: int) -> Floats:
    """For each node the sum of `value` up to each bin."""
    width = _BINS + 2
    total = np.bincount(place * width + bins, value, nodes * width).astype(np.float64)
    return np.cumsum(total.reshape(nodes, width), axis=1)


def _gain(slopes: Floats, curves: Floats, settings: Settings) -> Floats:
    total, curved = slopes[:, -1:], curves[:, -1:]
    ridge, least = settings.ridge, settings.least
    gain = slopes**2 / (curves + ridge) + (total - slopes) ** 2 / (curved - curves + ridge)
    gain -= total**2 / (curved + ridge)
    allowed = (curves >= least * 0.25) & (curved - curves >= least * 0.25)
    return np.where(allowed, gain, -np.inf)


def log_odds(model: Boosted, x: Floats) -> Floats:
    """The log odds of each row."""
    score = np.full(len(x), model.start)
    rows = np.arange(len(x))
    for tree in model.trees:
        node = np.zeros(len(x), dtype=np.int64)
        feature, cut = np.array(tree.feature), np.array(tree.cut)
        while node[0] < len(feature):
            node = 2 * node + 1 + (x[rows, feature[node]] > cut[node])
        score += np.array(tree.leaves)[node - len(feature)]
    return score
