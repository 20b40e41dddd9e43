"""The local judge's chances: which curve makes them of its log odds, and from where on it may be sure.

All by scores of trees that had not seen the row. A curve is measured on a fold by fitting it to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.verification.boosting import Floats
from evals.verification.public_sets import OWN, Row
from pipeline.evaluate.calibration import BINS, balanced, calibration_error, noise
from pipeline.evaluate.grouped import Cases, balanced_share, share
from pipeline.evaluate.judging_report import shown

PRECISION = 0.9
"""The share of what the judge is sure of that has to be supported, were half of all pairs supported."""

OWN_WEIGHT = 0.3
"""What a pair of our own weighs beside one of a public set: half of ours are word for word in their evidence."""

_TEMPLATES = "equate/StressTest"  # a template solves it: being sure of these says nothing about other text
_FEWEST = 50
"""Pairs above a threshold, for a precision to be believed."""

Curve = Callable[[Floats], Floats]
Folds = NDArray[np.int64]


class Held(NamedTuple):
    """Rows with their scores by trees that had not seen them."""

    rows: Sequence[Row]
    score: Floats
    fold: Folds

    @property
    def supported(self) -> NDArray[np.bool_]:
        """Of each row."""
        return np.array([row.label == "supported" for row in self.rows])

    @property
    def weight(self) -> Floats:
        """Of each row: within each subset supported and others weigh the same; our own pairs less, as in training."""
        own = np.array([row.balanced_in == OWN for row in self.rows])
        return balanced(self.supported, self.sets) * np.where(own, OWN_WEIGHT, 1.0)

    @property
    def sets(self) -> list[str]:
        """The subset of each row, in which it is balanced."""
        return [row.balanced_in for row in self.rows]

    @property
    def groups(self) -> list[str]:
        """What is resampled together."""
        return [row.group for row in self.rows]

    def only(self, which: NDArray[np.bool_]) -> Held:
        """Some of the rows."""
        chosen = [row for row, kept in zip(self.rows, which, strict=True) if kept]
        return Held(chosen, self.score[which], self.fold[which])


def line(slope: float, offset: float) -> Curve:
    """The curve of a slope and an offset of the log odds."""
    return lambda score: 1 / (1 + np.exp(-(slope * score + offset)))


def platt(score: Floats, y: NDArray[np.generic], weight: Floats) -> tuple[float, float]:
    """Slope and offset of the log odds, by logistic regression."""
    x = np.c_[score, np.ones(len(score))]
    found = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-x @ found))
        curve = (x.T * (weight * chance * (1 - chance))) @ x
        found += np.linalg.solve(curve, x.T @ (weight * (y - chance)))
    return round(float(found[0]), 4), round(float(found[1]), 4)


def isotonic(score: Floats, y: NDArray[np.generic], weight: Floats) -> Curve:
    """The rising steps nearest to the answers, by pooling neighbours that fall, drawn through their middles."""
    blocks: list[list[float]] = []  # mean, weight, middle
    for number in np.argsort(score, kind="stable"):
        blocks.append([float(y[number]), float(weight[number]), float(score[number])])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            last, before = blocks.pop(), blocks.pop()
            total = last[1] + before[1]
            blocks.append([(last[i] * last[1] + before[i] * before[1]) / total for i in (0, 1, 2)])
            blocks[-1][1] = total
    middles, values = [block[2] for block in blocks], [block[0] for block in blocks]
    return lambda asked: np.clip(np.interp(asked, middles, values), 0.005, 0.995)


def _identity(score: Floats, y: NDArray[np.generic], weight: Floats) -> Curve:
    return line(1, 0)


METHODS: dict[str, Callable[[Floats, NDArray[np.generic], Floats], Curve]] = {
    "as the trees say": _identity,
    "Platt": lambda *data: line(*platt(*data)),
    "isotonic": isotonic,
}


def cross_fitted(held: Held, method: str) -> Floats:
    """The chance of each row by a curve that was fitted to the other folds."""
    chance = np.zeros(len(held.score))
    for number in np.unique(held.fold):
        asked, known = held.fold == number, held.only(held.fold != number)
        curve = METHODS[method](known.score, known.supported, known.weight)
        chance[asked] = curve(held.score[asked])
    return chance


def choose_threshold(chance: Floats, held: Held, *, precision: float = PRECISION) -> float:
    """The lowest hundredth from which on every threshold that passes enough pairs is precise enough; at most 0.99."""
    supported, weight = held.supported, held.weight
    chosen = 99
    for cut in range(99, 49, -1):
        passed = chance >= cut / 100
        if passed.sum() >= _FEWEST and (weight * supported)[passed].sum() < precision * weight[passed].sum():
            break
        chosen = cut
    return chosen / 100


def print_calibration(held: Held) -> None:
    """The expected calibration error of each curve, of all public sets and by set, and the reliability of Platt's."""
    chances = {method: cross_fitted(held, method) for method in METHODS}
    print("\nExpected calibration error, cross-validated (that of a faultless judge by chance)")
    print(f"{'':18} rows   " + "".join(f"{method:<22}" for method in METHODS))
    sets = sorted({key for row in held.rows for key in (row.key.split("/")[0], row.key)})
    for name in ("public", *sets):
        which = np.array(
            [
                row.balanced_in != OWN if name == "public" else f"{row.key}/".startswith(f"{name}/")
                for row in held.rows
            ]
        )
        part = held.only(which)
        cells = [
            f"{calibration_error(chance[which], part.supported, part.sets):.3f} "
            f"({noise(chance[which], part.supported, part.sets):.3f})"
            for chance in chances.values()
        ]
        print(f"{name:18} {len(part.rows):5}  " + "".join(f"{cell:<22}" for cell in cells))
    scores = {
        method: float((held.weight * (chance - held.supported) ** 2).mean())
        for method, chance in chances.items()
    }
    print("Brier score: " + ", ".join(f"{method} {value:.4f}" for method, value in scores.items()))
    print("\nReliability (Platt, cross-validated): said, found, rows")
    chance = chances["Platt"]
    for low in range(BINS):
        here = (chance >= low / BINS) & (chance < (low + 1) / BINS)
        if here.any():
            weight = held.weight[here]
            said = float((weight * chance[here]).sum() / weight.sum())
            found = share(held.supported[here].tolist(), held.only(here).groups, weights=weight.tolist())
            print(f"  {said:.2f}  {shown(found)}  {int(here.sum())}")


def choose_sure(held: Held) -> float:
    """The threshold of the judge, from public rows that no template solves."""
    natural = _natural(held)
    return choose_threshold(cross_fitted(held, "Platt")[natural], held.only(natural))


def _natural(held: Held) -> NDArray[np.bool_]:
    return np.array([row.key != _TEMPLATES and row.balanced_in != OWN for row in held.rows])


def print_threshold(held: Held) -> None:
    """The threshold chosen on all, what it passes, and what one passes that was chosen on the other folds.

    Of our own pairs what it passes of those that are not word for word in their evidence.
    """
    everything, threshold = cross_fitted(held, "Platt"), choose_sure(held)
    ours = np.array([row.balanced_in == OWN and row.claim not in row.evidence for row in held.rows])
    own, of_own = held.only(ours), everything[ours]
    held, chance = held.only(_natural(held)), everything[_natural(held)]
    nested = np.zeros(len(chance), dtype=bool)
    for number in np.unique(held.fold):
        known, asked = held.fold != number, held.fold == number
        nested[asked] = chance[asked] >= choose_threshold(chance[known], held.only(known))
    print(f"\nThreshold for a precision of {PRECISION} without {_TEMPLATES}: {threshold}")
    print(f"{'':22} rows   passed  precision, half of pairs supported  share of supported kept")
    _passed("chosen on all", held, chance >= threshold)
    _passed("chosen on others", held, nested)
    for name in sorted({row.key.split("/")[0] for row in held.rows}):
        which = np.array([row.key.split("/")[0] == name for row in held.rows])
        _passed(name, held.only(which), chance[which] >= threshold)
    if len(own.rows):
        _passed("own, not word for word", own, of_own >= threshold)


def _passed(name: str, held: Held, passed: NDArray[np.bool_]) -> None:
    supported, weight = held.supported, held.weight
    if len(set(held.sets)) == 1:
        precise = balanced_share(passed.tolist(), Cases(supported.tolist(), held.groups))
    else:
        precise = share(supported[passed].tolist(), held.only(passed).groups, weights=weight[passed].tolist())
    kept = share(passed[supported].tolist(), held.only(supported).groups, weights=weight[supported].tolist())
    print(f"{name:22} {len(passed):5}  {int(passed.sum()):6}  {shown(precise):<36}{shown(kept)}")
