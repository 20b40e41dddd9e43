"""Measures of yes and no over cases that come in groups, with intervals by resampling whole groups.

Cases that share their evidence, or were made from one pair, are not independent: to resample them one by one would make
the intervals too narrow. A figure that is 1 or 0 in every sample has Wilson's interval of as many cases as there are
groups instead, as the samples would leave it none. Of fewer than `FEWEST` groups no interval says anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pipeline.evaluate.metrics import RESAMPLES, SEED, Estimate, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


FEWEST = 10


class Cases(NamedTuple):
    """What is so of each case, and the group it is in; as long as each other."""

    supported: Sequence[bool]
    groups: Sequence[str]


def balanced_accuracy(said: Sequence[bool], cases: Cases) -> Estimate | None:
    """The mean of the shares of supported and of other cases that are told rightly; None where one kind is absent."""
    import numpy as np

    supported = np.array(cases.supported, dtype=bool)
    right = np.array(said, dtype=bool) == supported

    def measure(weight: Floats) -> float:
        return _ratio(weight[supported & right], weight[supported]) / 2 + (
            _ratio(weight[~supported & right], weight[~supported]) / 2
        )

    return _resampled(measure, cases.groups)


def area(scores: Sequence[float], cases: Cases) -> Estimate | None:
    """AUROC: how likely a supported case scores above another, ties counted half; None where one kind is absent."""
    import numpy as np

    supported = np.array(cases.supported, dtype=bool)
    values, place = np.unique(np.array(scores, dtype=float), return_inverse=True)

    def measure(weight: Floats) -> float:
        yes = np.bincount(place, weight * supported, len(values))
        no = np.bincount(place, weight * ~supported, len(values))
        both = yes.sum() * no.sum()
        return float((yes * (np.cumsum(no) - no / 2)).sum() / both) if both else float("nan")

    return _resampled(measure, cases.groups)


def balanced_share(chosen: Sequence[bool], cases: Cases) -> Estimate | None:
    """The share of the chosen cases that is supported, were half of all cases supported; None where none is chosen.

    So that it does not depend on how many of a set are: the precision of a judge who chooses them.
    """
    import numpy as np

    supported, taken = np.array(cases.supported, dtype=bool), np.array(chosen, dtype=bool)

    def measure(weight: Floats) -> float:
        yes = _ratio(weight[supported & taken], weight[supported])
        no = _ratio(weight[~supported & taken], weight[~supported])
        return yes / (yes + no) if yes + no else float("nan")

    return _resampled(measure, cases.groups)


def share(
    hit: Sequence[bool], groups: Sequence[str], *, weights: Sequence[float] | None = None
) -> Estimate | None:
    """The share of cases that are hits, each counted by its weight, 1 where none are given; None without a case."""
    import numpy as np

    hits = np.array(hit, dtype=bool)
    each = np.ones(len(hits)) if weights is None else np.array(weights, dtype=float)
    return _resampled(lambda weight: _ratio((weight * each)[hits], weight * each), groups)


def _ratio(part: Floats, whole: Floats) -> float:
    total = float(whole.sum())
    return float(part.sum()) / total if total else float("nan")


def _resampled(measure: Callable[[Floats], float], groups: Sequence[str]) -> Estimate | None:
    """The measure of all cases, and of samples of as many groups; it takes a weight a case, and may give NaN."""
    import numpy as np

    value = measure(np.ones(len(groups)))
    if value != value:
        return None
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group = np.array([numbers[name] for name in groups])
    draw = np.random.default_rng(SEED)
    found: list[float] = []
    for _ in range(RESAMPLES):
        counts = np.bincount(draw.integers(0, len(numbers), len(numbers)), minlength=len(numbers))
        found.append(measure(counts[group].astype(float)))
    # A sample without one of the two kinds has no value.
    known = sorted(sampled for sampled in found if sampled == sampled) or [value]
    low, high = known[int(0.025 * len(known))], known[max(0, int(0.975 * len(known)) - 1)]
    if low == high and value in (0, 1):
        same = wilson(int(value) * len(numbers), len(numbers))
        low, high = same.low, same.high
    return Estimate(
        value=value, low=min(low, value), high=max(high, value), cases=len(groups), groups=len(numbers)
    )
