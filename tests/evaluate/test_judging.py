"""A judge against labelled pairs: figures worked out by hand, failures apart, and the reports of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from xml.etree import ElementTree

import pytest

from pipeline.data import Label
from pipeline.evaluate.judging import JudgingReport, measure_judge
from pipeline.evaluate.judging_report import judging_lines, render_judging
from pipeline.evaluate.labelled import LabelledPair
from pipeline.verify.judges import Opinion, Pair


class Fixed:
    """Says what the claims themselves say: a chance, a label, or "fail"; it notes what it was asked to read."""

    name = "fixed"

    def __init__(self) -> None:
        self.read: list[str] = []

    def prepare(self, evidence: Sequence[str]) -> None:
        self.read += evidence

    def judge(self, pairs: Sequence[Pair]) -> list[Opinion]:
        return [self._opinion(pair.claim) for pair in pairs]

    def _opinion(self, claim: str) -> Opinion:
        if claim == "fail":
            return Opinion(label=None, failure="it <b>broke</b>")
        if claim in list(Label):
            return Opinion(label=Label(claim), sure=claim == "supported")
        chance = float(claim)
        label = Label.SUPPORTED if chance > 0.5 else Label.NOT_ENOUGH_INFO
        return Opinion(label=label, chance=chance, sure=chance >= 0.8)


ROWS = [
    ("a", "supported", "0.9"),
    ("a", "supported", "0.4"),
    ("a", "refuted", "0.6"),
    ("a", "not_supported", "0.1"),
    ("b", "supported", "0.7"),
    ("b", "not_supported", "0.85"),
    ("b", "not_supported", "0.2"),
    ("b", "supported", "fail"),
]


def rows(*given: tuple[str, str, str]) -> list[LabelledPair]:
    return [
        LabelledPair.model_validate(
            {
                "id": f"r{n}",
                "subset": subset,
                "evidence": f"E{n % 3}",
                "group": f"{n}",
                "claim": claim,
                "label": label,
            }
        )
        for n, (subset, label, claim) in enumerate(given)
    ]


def measured(*given: tuple[str, str, str], judge: Fixed | None = None, seen: int = 0) -> JudgingReport:
    ticks = count()
    return measure_judge(
        rows(*given), judge or Fixed(), data="toy.jsonl", seen=seen, clock=lambda: float(next(ticks))
    )


def test_too_few_groups_have_no_interval():
    few, more = (measured(*(ROWS[:4] * times)) for times in (1, 6))
    assert few.parts[0].accuracy and "0.500 [too few]" in "\n".join(judging_lines(few))
    assert "[too few]" in render_judging(few)
    assert "0.500 [0." in "\n".join(judging_lines(more)) and "[too few]" not in "\n".join(judging_lines(more))


def test_figures_over_all_and_by_subset():
    all_, a, b = measured(*ROWS).parts
    assert [(part.subset, part.pairs, part.failed) for part in (all_, a, b)] == [
        ("all", 8, 1),
        ("a", 4, 0),
        ("b", 4, 1),
    ]
    assert all_.accuracy and all_.accuracy.value == pytest.approx((2 / 3 + 2 / 4) / 2)
    assert a.accuracy and a.accuracy.value == pytest.approx(0.5) and a.accuracy.cases == 4
    assert b.accuracy and b.accuracy.value == pytest.approx((1 + 1 / 2) / 2)
    # .9 and .7 beat three and two of .6 .1 .85 .2 (.7 loses to .85 and beats .6), .4 beats two
    assert all_.auroc and all_.auroc.value == pytest.approx((4 + 3 + 2) / 12)
    assert all_.told_refuted and all_.told_refuted.value == pytest.approx(2 / 3)
    assert b.told_refuted is None  # nothing of it is refuted


def test_the_confusion_counts_failures_apart():
    report = measured(*ROWS)
    assert report.parts[0].confusion == {
        "supported/supported": 2,
        "supported/not_enough_info": 1,
        "supported/failed": 1,
        "refuted/supported": 1,
        "not_supported/supported": 1,
        "not_supported/not_enough_info": 2,
    }
    assert sum(report.parts[0].confusion.values()) == report.pairs == 8


def test_what_the_judge_is_sure_of():
    sure = measured(*ROWS).sure
    assert (sure.passed, sure.right) == (2, 1)
    assert sure.precision and sure.precision.value == pytest.approx((1 / 3) / (1 / 3 + 1 / 4))
    assert sure.kept and sure.kept.value == pytest.approx(1 / 3)


def test_a_failure_takes_no_part_in_calibration_and_labels_alone_have_none():
    found = measured(*ROWS).calibration
    assert found and sum(each.found.cases for each in found.bins) == 7
    labels = measured(
        ("", "supported", "supported"), ("", "refuted", "refuted"), ("", "refuted", "supported")
    )
    assert labels.calibration is None and len(labels.parts) == 1
    assert labels.parts[0].auroc and labels.parts[0].auroc.value == pytest.approx(0.75)  # a tie counts half
    assert any("calibration: none" in line for line in judging_lines(labels))


def test_a_judge_who_always_fails_has_no_figures():
    report = measured(*(("", label, "fail") for label in ("supported", "refuted")))
    part = report.parts[0]
    assert (part.failed, part.accuracy, part.auroc, report.calibration, report.sure.passed) == (
        2,
        None,
        None,
        None,
        0,
    )
    lines = "\n".join(judging_lines(report))
    assert "failed: r0: it <b>broke</b>" in lines and "–" in lines
    ElementTree.fromstring(render_judging(report).partition("\n")[2])


def test_evidence_is_read_once_before_judging_and_the_speed_is_that_of_judging():
    judge = Fixed()
    report = measured(*ROWS, judge=judge)
    assert judge.read == ["E0", "E1", "E2"]
    # The clock ticks once a look: a second to read, a second to judge.
    assert (report.speed.texts, report.speed.read_s, report.speed.judged_s) == (3, 1.0, 1.0)
    assert report.speed.claims_a_second == 8.0
    assert [one.id for one in report.judged] == [f"r{number}" for number in range(8)]


def test_the_report_as_json_has_all_of_it_and_reads_back():
    report = measured(*ROWS, seen=3)
    said = json.loads(json.dumps(report.model_dump(mode="json")))
    assert set(said) == {"judge", "data", "pairs", "seen", "parts", "calibration", "sure", "speed", "judged"}
    assert set(said["parts"][0]["accuracy"]) == {"value", "low", "high", "cases", "groups"}
    assert said["judged"][7]["opinion"]["failure"] == "it <b>broke</b>"
    assert JudgingReport.model_validate(said) == report


def test_a_judge_is_warned_about_where_it_was_trained_on_the_pairs():
    assert any("3 of these pairs" in line for line in judging_lines(measured(*ROWS, seen=3)))
    assert not any("trained on" in line for line in judging_lines(measured(*ROWS)))


def test_the_page_is_well_formed_and_plots_every_bin():
    report = measured(*ROWS, seen=3)
    page = render_judging(report)
    root = ElementTree.fromstring(page.partition("\n")[2])
    assert report.calibration
    assert len(list(root.iter("circle"))) == len(list(root.iter("rect"))) == len(report.calibration.bins)
    assert "Reliability diagram: said 0.10, found 0.00 of 1" in next(root.iter("svg")).attrib["aria-label"]
    assert "<b>" not in page and "http" not in page.replace("http-equiv", "")
    assert page == render_judging(report)
