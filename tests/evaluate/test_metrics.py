"""Measures against values worked out by hand."""

import pytest

from pipeline.evaluate.metrics import auroc, estimate, ndcg_at, recall_at, reciprocal_rank, wilson


def test_ranked_measures_of_one_question():
    ranked = [False, True, False, True]
    assert (recall_at(ranked, 1), recall_at(ranked, 2), reciprocal_rank(ranked)) == (0.0, 1.0, 0.5)
    assert ndcg_at(ranked, 4, 2) == pytest.approx((1 / 1.5849625 + 1 / 2.3219281) / (1 + 1 / 1.5849625))
    assert (ndcg_at([True], 10, 1), ndcg_at([], 10, 1), reciprocal_rank([])) == (1.0, 0.0, 0.0)


def test_a_mean_lies_in_its_interval_and_is_the_same_each_time():
    found = estimate([0.0, 1.0, 1.0, 1.0])
    assert found == estimate([0.0, 1.0, 1.0, 1.0])
    assert found.value == 0.75 and found.low < 0.75 < found.high <= 1
    assert estimate([1.0] * 9).low == 1.0 and estimate([]).cases == 0


def test_the_interval_of_a_share_is_not_empty_at_its_ends():
    assert wilson(10, 10).low == pytest.approx(0.722, abs=0.001) and wilson(10, 10).high == 1.0
    assert wilson(0, 10).high == pytest.approx(0.278, abs=0.001) and wilson(0, 0).cases == 0


def test_the_area_under_the_curve_counts_ties_half():
    assert auroc([2.0, 3.0], [1.0]) == 1.0 and auroc([1.0], [2.0]) == 0.0
    assert auroc([1.0, 2.0], [1.0]) == 0.75 and auroc([], [1.0]) == 0.5
