"""Calibration: of what a judge calls likely by so much, how much is so?

Supported and other cases weigh the same in all, as judges mean their chances: so the share of supported cases in a set
does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.data import Record
from pipeline.evaluate.grouped import Cases, balanced_share
from pipeline.evaluate.metrics import SEED, Estimate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

BINS = 10
_DRAWS = 300


class Bin(Record):
    """Cases whose chance lies from `low` up to below `high`: the chance said on average, and what was found."""

    low: float
    high: float
    said: float
    found: Estimate


class Calibration(Record):
    """Bins that hold a case. `error`: the expected calibration error, the mean of |said - found| over cases.

    `noise`: the error that a judge without fault would show on as many cases with these chances, by simulation. Cases
    are drawn one by one there, so that of cases in groups it is too small.
    """

    bins: tuple[Bin, ...]
    error: float
    noise: float


def measure_calibration(chances: Sequence[float], cases: Cases) -> Calibration | None:
    """None where all cases are supported, or none is."""
    import numpy as np

    chance, supported = np.array(chances, dtype=float), np.array(cases.supported, dtype=bool)
    if supported.all() or not supported.any():
        return None
    place, weight = _places(chance), balanced(supported)
    bins: list[Bin] = []
    for number in range(BINS):
        here = place == number
        found = balanced_share(here.tolist(), cases)
        if found is not None:
            said = float((weight * chance)[here].sum() / weight[here].sum())
            found = found.model_copy(update={"cases": int(here.sum())})
            bins.append(Bin(low=number / BINS, high=(number + 1) / BINS, said=said, found=found))
    return Calibration(
        bins=tuple(bins), error=calibration_error(chance, supported), noise=noise(chance, supported)
    )


def balanced(supported: Flags, sets: Sequence[str] | None = None) -> Floats:
    """A weight a case, 1 on average: within each set supported and others weigh the same, where both occur.

    `sets` names the set of each case; None: all are of one.
    """
    import numpy as np

    numbers = (
        np.unique(sets, return_inverse=True)[1] if sets is not None else np.zeros(len(supported), np.int64)
    )
    kind = 2 * numbers + supported
    size, same = np.bincount(numbers), np.bincount(kind)
    kinds = np.bincount(numbers[np.unique(kind, return_index=True)[1]])
    return size[numbers] / kinds[numbers] / same[kind]


def calibration_error(chance: Floats, supported: Flags, sets: Sequence[str] | None = None) -> float:
    """The mean over cases, weighed by `balanced`, of how far what a bin says is from what is found in it, 0 to 1."""
    import numpy as np

    place, weight = _places(chance), balanced(supported, sets)
    said = np.bincount(place, weight * chance, BINS)
    found = np.bincount(place, weight * supported, BINS)
    return float(np.abs(said - found).sum() / weight.sum())


def noise(chance: Floats, supported: Flags, sets: Sequence[str] | None = None) -> float:
    """The error with answers drawn by the chances, as they are where so many of a set are supported as here."""
    import numpy as np

    numbers = (
        np.unique(sets, return_inverse=True)[1] if sets is not None else np.zeros(len(supported), np.int64)
    )
    share = (np.bincount(numbers, supported) / np.bincount(numbers))[numbers]
    here = chance * share / (chance * share + (1 - chance) * (1 - share))
    draw = np.random.default_rng(SEED)
    drawn = (draw.random(len(here)) < here for _ in range(_DRAWS))
    return float(np.mean([calibration_error(chance, one, sets) for one in drawn]))


def _places(chance: Floats) -> NDArray[np.int64]:
    import numpy as np

    return np.minimum((chance * BINS + 1e-9).astype(np.int64), BINS - 1)
