"""Calibration and threshold of the local judge: curves by hand, nothing seen of the fold that is asked."""

from __future__ import annotations

import numpy as np
import pytest

from evals.verification.calibrating import (
    METHODS,
    Held,
    choose_threshold,
    cross_fitted,
    isotonic,
    line,
    platt,
    print_calibration,
    print_threshold,
)
from evals.verification.public_sets import Row


def held(score: list[float], supported: list[bool], *, key: str = "wice") -> Held:
    rows = [
        Row(key, "train", str(number), "e", "c", "supported" if yes else "refuted")
        for number, yes in enumerate(supported)
    ]
    return Held(rows, np.array(score), np.arange(len(rows)) % 5)


def drawn(size: int = 4_000, *, slope: float = 1.0) -> Held:
    """Scores whose true log odds are `slope` times as great."""
    draw = np.random.default_rng(3)
    score = draw.normal(0, 2, size)
    return held(score.tolist(), (draw.random(size) < line(slope, 0)(score)).tolist())


def test_isotonic_pools_neighbours_that_fall():
    curve = isotonic(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 1, 0, 1]), np.ones(4))
    assert curve(np.array([1.5])) == pytest.approx(0.5)  # 1 and 0 pooled, their middle at 1.5
    assert curve(np.array([-9.0, 9.0])) == pytest.approx([0.005, 0.995])
    asked = curve(np.linspace(-1, 4, 50))
    assert (np.diff(asked) >= 0).all()
    heavy = isotonic(np.array([1.0, 2.0]), np.array([1, 0]), np.array([3.0, 1.0]))
    assert heavy(np.array([1.0])) == pytest.approx(0.75)


def test_platt_finds_the_slope_that_makes_scores_honest():
    sample = drawn(slope=0.5)
    slope, offset = platt(sample.score, sample.supported, np.ones(len(sample.rows)))
    assert slope == pytest.approx(0.5, abs=0.04) and offset == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("method", ["Platt", "isotonic"])
def test_a_curve_is_fitted_to_the_other_folds(method):
    sample = drawn(400)
    before = cross_fitted(sample, method)
    turned = [
        row._replace(label="refuted" if row.label == "supported" else "supported") if fold == 2 else row
        for row, fold in zip(sample.rows, sample.fold, strict=True)
    ]
    after = cross_fitted(sample._replace(rows=turned), method)
    asked = sample.fold == 2
    assert (before[asked] == after[asked]).all() and not (before[~asked] == after[~asked]).all()
    assert (cross_fitted(sample, "as the trees say") == METHODS["as the trees say"](
        sample.score, sample.supported, sample.weight
    )(sample.score)).all()  # fmt: skip


def test_the_threshold_is_the_lowest_that_is_precise_enough_all_the_way_up():
    # Of 60 at .95 all are supported, of 60 at .75 half, of 80 below a quarter: supported and others weigh the same.
    chance = np.array([0.95] * 60 + [0.75] * 60 + [0.2] * 80)
    supported = [True] * 60 + [True] * 30 + [False] * 30 + [True] * 10 + [False] * 70
    sample = held([0.0] * 200, supported)
    assert choose_threshold(chance, sample, precision=0.9) == 0.76
    assert choose_threshold(chance, sample, precision=0.7) == 0.5
    assert choose_threshold(np.full(200, 0.6), sample, precision=0.9) == 0.61  # passes nothing


def test_what_training_prints_of_it(capsys):
    print_calibration(drawn(500))
    print_threshold(drawn(500))
    said = capsys.readouterr().out
    assert "wice" in said and "Brier score: as the trees say" in said and "chosen on others" in said
