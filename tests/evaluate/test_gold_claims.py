"""The gold claims: well formed, enough of each kind, and none that is false passes."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.evaluate.gold_claims import GoldClaim, gold_lines, load_gold_claims, measure_gold
from pipeline.run import claim_context
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace

FOLDER = read_settings().root / "evals" / "verification" / "gold"
ON = date(2026, 11, 24)


def claim(text: str, label: str, *, name: str = "v-1", code: str = "27447") -> GoldClaim:
    return GoldClaim.model_validate(
        {"id": name, "code": code, "claim": text, "label": label, "kind": "rule", "source": "s", "why": "w"}
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(Settings(root=read_settings().root, home=tmp_path_factory.mktemp("home")))


def test_there_are_enough_of_each_and_a_third_is_held():
    claims = load_gold_claims(FOLDER)
    assert len(claims) >= 300 and len({one.claim for one in claims}) == len(claims)
    assert len({one.code for one in claims if one.code}) >= 54
    for label in ("supported", "refuted", "not_supported"):
        of_label = [one for one in claims if one.label == label]
        assert len(of_label) >= 60
        assert 0.2 < sum(one.part == "held" for one in of_label) / len(of_label) < 0.45


def test_no_claim_that_is_not_true_passes(workspace: Workspace):
    report = measure_gold(
        load_gold_claims(FOLDER),
        context_of=lambda code: claim_context(workspace, code or None, ON),
        search=None,
    )
    assert report.passed == ()


def test_the_measure_counts_what_passed_and_what_was_refuted(workspace: Workspace):
    claims = [
        claim("27447 has a global period of 090.", "refuted", name="v-1"),  # true, and labelled wrongly
        claim("27447 has a global period of 010.", "supported", name="v-2"),
    ]
    report = measure_gold(
        claims, context_of=lambda code: claim_context(workspace, code or None, ON), search=None
    )
    assert (report.passed, report.refuted) == (("v-1",), ("v-2",))
    assert any("passed though not true: v-1" in line for line in gold_lines(report))


def test_a_broken_file_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "x.jsonl").write_text('{"id": "v-1"}\n')
    with pytest.raises(SourceError, match=r"x.jsonl, line 1"):
        load_gold_claims(tmp_path)
