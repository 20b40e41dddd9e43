"""Measures of yes and no against values worked out by hand, and intervals that heed groups."""

import pytest

from pipeline.evaluate.grouped import Cases, area, balanced_accuracy, balanced_share, share
from pipeline.evaluate.metrics import wilson

FIVE = Cases([True, True, False, False, False], list("abcde"))


def test_balanced_accuracy_is_the_mean_over_both_kinds():
    found = balanced_accuracy([True, False, True, False, False], FIVE)
    assert found and found.value == pytest.approx((1 / 2 + 2 / 3) / 2) and found.cases == 5
    assert found.low < found.value < found.high


def test_the_area_counts_ties_half():
    # pairs: .9 beats all three; .5 beats .1, ties .5, loses to .7
    found = area([0.9, 0.5, 0.1, 0.5, 0.7], FIVE)
    assert found and found.value == pytest.approx((3 + 1.5) / 6)
    reverse = area([-0.9, -0.5, -0.1, -0.5, -0.7], FIVE)
    assert reverse and reverse.value == pytest.approx(1 - found.value)


def test_a_balanced_share_is_what_it_were_with_half_of_all_supported():
    # chosen: 1 of 2 supported, 1 of 3 others
    found = balanced_share([True, False, True, False, False], FIVE)
    assert found and found.value == pytest.approx((1 / 2) / (1 / 2 + 1 / 3))


def test_a_share_counts_by_weight():
    found = share([True, False, False], list("abc"), weights=[2.0, 1.0, 1.0])
    assert found and found.value == 0.5


def test_without_one_kind_there_is_no_figure():
    alone = Cases([True, True], ["a", "b"])
    assert balanced_accuracy([True, False], alone) is None and area([0.1, 0.2], alone) is None
    assert balanced_share([False] * 5, FIVE) is None and share([], []) is None


def test_groups_widen_the_interval_and_the_figure_stays():
    supported = [True, False] * 40
    said = [number % 10 < 7 for number in range(80)]
    single = balanced_accuracy(said, Cases(supported, [str(number) for number in range(80)]))
    grouped = balanced_accuracy(said, Cases(supported, [str(number % 10) for number in range(80)]))
    assert single and grouped and single.value == grouped.value
    assert grouped.high - grouped.low > 1.5 * (single.high - single.low)


def test_a_figure_that_is_1_in_every_sample_has_wilsons_interval_over_its_groups():
    found = share([True] * 40, [str(number % 20) for number in range(40)])
    assert found and (found.value, found.high, found.groups) == (1, 1, 20)
    assert found.low == pytest.approx(wilson(20, 20).low) and found.low < 0.85
    none = share([False] * 20, [str(number) for number in range(20)])
    assert none and none.low == 0 and none.high > 0.1


def test_the_same_interval_each_time():
    assert area([0.9, 0.5, 0.1, 0.5, 0.7], FIVE) == area([0.9, 0.5, 0.1, 0.5, 0.7], FIVE)
