"""Calibration against values worked out by hand."""

import numpy as np
import pytest

from pipeline.evaluate.calibration import balanced, calibration_error, measure_calibration, noise
from pipeline.evaluate.grouped import Cases


def test_within_each_set_both_kinds_weigh_the_same():
    supported = np.array([True, False, False, False, True, False, True])
    weight = balanced(supported, ["a"] * 4 + ["b"] * 2 + ["c"])
    assert weight.tolist() == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3, 1, 1, 1])
    assert weight.sum() == pytest.approx(len(supported))


def test_the_error_is_the_mean_distance_of_said_and_found():
    chance = np.array([0.85, 0.85, 0.85, 0.15])
    supported = np.array([True, True, False, False])
    # Both kinds weigh the same already. Of .85 two in three are so, of .15 none.
    expected = (3 * abs(0.85 - 2 / 3) + 1 * 0.15) / 4
    assert calibration_error(chance, supported) == pytest.approx(expected)


def test_a_chance_of_one_is_in_the_last_bin_and_a_tenth_opens_its_own():
    found = measure_calibration([1.0, 0.3, 0.29, 0.0], Cases([True, True, False, False], list("abcd")))
    assert found
    assert [(each.low, each.found.cases) for each in found.bins] == [(0.0, 1), (0.2, 1), (0.3, 1), (0.9, 1)]
    assert [each.found.value for each in found.bins] == [0.0, 0.0, 1.0, 1.0]


def test_the_share_of_supported_cases_does_not_matter():
    # One in four is supported of what is called even, as it is of all: so the judge is right.
    chances, supported = [0.55] * 4, [True, False, False, False]
    found = measure_calibration(chances, Cases(supported, list("abcd")))
    assert found and found.bins[0].found.value == pytest.approx(0.5)
    assert found.error == pytest.approx(0.05)


def test_a_judge_without_fault_is_within_what_chance_alone_makes():
    draw = np.random.default_rng(1)
    chance = draw.random(2_000)
    honest = draw.random(2_000) < chance
    assert calibration_error(chance, honest) < 2 * noise(chance, honest)
    boasting = 1 / (1 + ((1 - chance) / chance) ** 2)  # twice the log odds
    assert calibration_error(boasting, honest) > 3 * noise(boasting, honest)


def test_one_kind_alone_says_nothing():
    assert measure_calibration([0.2, 0.9], Cases([True, True], ["a", "b"])) is None
