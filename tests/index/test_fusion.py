"""Rank fusion: what it must do whatever the rankings are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.index import fuse

IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


def test_agreement_beats_one_first_place() -> None:
    fused = fuse([["lonely", "both"], ["other", "both"]])
    assert [hit.id for hit in fused] == ["both", "lonely", "other"]
    assert fused[0].score == pytest.approx(2 / 62)


def test_weight_moves_and_silences_a_ranking() -> None:
    assert [hit.id for hit in fuse([["a"], ["b"]], weights=[1, 2])] == ["b", "a"]
    assert [hit.id for hit in fuse([["a"], ["b"]], weights=[1, 0])] == ["a"]


@pytest.mark.parametrize(("k", "weights"), [(-1, None), (60, [1]), (60, [1, -1])])
def test_senseless_settings_are_refused(k: int, weights: list[float] | None) -> None:
    with pytest.raises(ValueError, match=r"negative|weights"):
        fuse([["a"], ["b"]], k=k, weights=weights)


@given(st.lists(IDS, max_size=4))
def test_every_id_once_sorted_by_score_then_id(rankings: list[list[str]]) -> None:
    fused = fuse(rankings)
    assert sorted(hit.id for hit in fused) == sorted({name for ranking in rankings for name in ranking})
    assert fused == sorted(fused, key=lambda hit: (-hit.score, hit.id))


@given(IDS)
def test_one_ranking_keeps_its_order(ranking: list[str]) -> None:
    assert [hit.id for hit in fuse([ranking])] == ranking
    assert [hit.id for hit in fuse([ranking, ranking])] == ranking


@given(IDS, IDS)
def test_order_of_rankings_does_not_matter(one: list[str], other: list[str]) -> None:
    assert fuse([one, other]) == fuse([other, one])


@given(IDS, IDS, st.sampled_from("abcdefgh"))
def test_moving_up_in_one_ranking_never_costs_a_place(one: list[str], other: list[str], name: str) -> None:
    before = [hit.id for hit in fuse([one, other])]
    raised = [name, *(item for item in one if item != name)]
    after = [hit.id for hit in fuse([raised, other])]
    assert after.index(name) <= (before.index(name) if name in before else len(after))
