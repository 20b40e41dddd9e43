"""The public claim-verification sets, read from a folder outside the repository, and their measures."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError

SETS = ("wice", "equate", "negnli", "factcheckgpt")
_RESAMPLES = 1_000
_SEED = 20_970


class Row(NamedTuple):
    """A pair with its label. Rows of one `group` share their evidence, or are made from one pair."""

    key: str
    part: str
    group: str
    evidence: str
    claim: str
    label: str


class Score(NamedTuple):
    """A figure with its 95 % interval, by resampling groups."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.2f}–{self.high:.2f})"


def load_rows(folder: Path) -> list[Row]:
    """Train and dev of every set; `key` is set/subset."""
    rows: list[Row] = []
    for name in SETS:
        for part in ("train", "dev"):
            path = folder / name / f"{part}.jsonl"
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
                for raw in map(json.loads, lines):
                    key = f"{name}/{raw['subset']}" if raw.get("subset") else name
                    group = f"{name}|{raw['group']}"
                    rows.append(Row(key, part, group, raw["evidence"], raw["claim"], raw["label"]))
            except (OSError, ValueError, KeyError) as error:
                raise SourceError(f"{path} is not as its README says: {error}") from error
    return rows


def balanced_accuracy(
    scores: Sequence[float] | NDArray[np.float64], rows: Sequence[Row], *, above: float
) -> Score:
    """Supported against the rest: the mean of the shares of each that are told rightly."""
    supported = np.array([row.label == "supported" for row in rows])
    right = (np.array(scores) > above) == supported

    def measure(weight: NDArray[np.float64]) -> float:
        yes, no = weight * supported, weight * ~supported
        return float(((yes * right).sum() / yes.sum() + (no * right).sum() / no.sum()) / 2)

    return _with_interval(measure, rows)


def area(scores: Sequence[float] | NDArray[np.float64], rows: Sequence[Row]) -> Score:
    """AUROC of supported against the rest."""
    supported = np.array([row.label == "supported" for row in rows])
    values, place = np.unique(np.array(scores), return_inverse=True)

    def measure(weight: NDArray[np.float64]) -> float:
        yes = np.bincount(place, weight * supported, len(values))
        no = np.bincount(place, weight * ~supported, len(values))
        return float((yes * (np.cumsum(no) - no / 2)).sum() / (yes.sum() * no.sum()))

    return _with_interval(measure, rows)


def _with_interval(measure: Callable[[NDArray[np.float64]], float], rows: Sequence[Row]) -> Score:
    names = {group: number for number, group in enumerate(dict.fromkeys(row.group for row in rows))}
    group = np.array([names[row.group] for row in rows])
    draw = np.random.default_rng(_SEED)
    found: list[float] = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(_RESAMPLES):
            counts = np.bincount(draw.integers(0, len(names), len(names)), minlength=len(names))
            found.append(measure(counts[group].astype(float)))
    known = sorted(
        value for value in found if value == value
    )  # a sample without one of the two classes has no value
    return Score(
        measure(np.ones(len(rows))), known[int(0.025 * len(known))], known[int(0.975 * len(known)) - 1]
    )
