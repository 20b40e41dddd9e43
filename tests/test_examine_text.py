"""Any text, claim by claim: compound ones apart, a judge's word on what the checks leave open."""

from datetime import date

import pytest

from pipeline.check_text import check_file
from pipeline.data import Label
from pipeline.examine_text import parts_of
from pipeline.index import HashingEmbedder
from pipeline.settings import Settings, read_settings
from pipeline.verify import InputClaim
from pipeline.verify.judges import Opinion
from pipeline.workspace import Workspace

OPEN = "The graft bone of this code comes with its own vessels, which are joined where it goes."
# What a note says of 20970 in other plain words; its terms are the note's own.
WORDED = (
    "Connecting the graft's own vessels at the recipient site is part of this code and is not reported with a vessel"
    " repair code."
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace(Settings(root=read_settings().root, home=tmp_path_factory.mktemp("home")))


class Says:
    """A judge who always says the same, and keeps what it was shown."""

    name = "says"

    def __init__(self, opinion):
        self.opinion, self.pairs = opinion, []

    def prepare(self, evidence):
        pass

    def judge(self, pairs):
        self.pairs += pairs
        return [self.opinion] * len(pairs)


@pytest.fixture
def check(workspace, tmp_path):
    def checked(text, *, code="20970", judge=None, name="text.txt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return list(
            check_file(
                path,
                hcpcs_code=code,
                workspace=workspace,
                embedder=HashingEmbedder(),
                as_of=date(2026, 11, 24),
                progress=lambda message: None,
                judge=judge,
            )
        )

    return checked


def test_a_compound_claim_is_taken_apart_where_a_part_is_decided(check):
    found = check("20610 has 0.77 work RVUs, and it is the joy of every office; its MUE is 2.", code="20610")
    assert [(one.id, one.label) for one in found] == [
        ("1.1a", Label.SUPPORTED),
        ("1.1b", Label.NOT_ENOUGH_INFO),
        ("1.1c", Label.SUPPORTED),
    ]
    assert {one.statement_id for one in found} == {"1"}
    assert found[1].claim == "[20610] it is the joy of every office"


def test_a_claim_with_an_id_of_its_own_stays_whole(check):
    line = (
        '{"id": "a", "claim": "20610 has 0.77 work RVUs, and it is the joy of every office; its MUE is 2."}'
    )
    (found,) = check(line, code="20610", name="text.jsonl")
    assert found.id == "a" and found.label is Label.NOT_ENOUGH_INFO


def test_the_code_that_a_sentence_goes_on_about_stays_with_its_first_part():
    claim = InputClaim(id="1.2", statement_id="1", text="[22853] It has 6.85 RVUs; it needs a primary code.")
    first, second = parts_of(claim)
    assert first.text == "[22853] It has 6.85 RVUs" and second.text.startswith("[22853] ")


def test_a_judge_is_asked_about_what_is_open_alone(check):
    judge = Says(Opinion(label=Label.NOT_ENOUGH_INFO, reason="it does not say so"))
    found = check(f"20970 has 43.47 work RVUs. {OPEN}", judge=judge)
    assert [one.label for one in found] == [Label.SUPPORTED, Label.NOT_ENOUGH_INFO]
    assert [pair.claim for pair in judge.pairs] == [f"[20970] {OPEN}"]
    assert any("it does not say so" in one.reason for one in found[1].checks)


def test_a_judge_who_agrees_vouches_for_plain_words_alone(check):
    agrees = Says(Opinion(label=Label.SUPPORTED, sure=True))
    (worded,) = check(WORDED, judge=agrees)
    assert worded.label is Label.SUPPORTED and worded.confidence == 0.7
    (turned,) = check(WORDED.replace("and is not", "and is"), judge=agrees)
    assert turned.label is not Label.SUPPORTED


def test_a_judge_who_is_not_sure_changes_nothing(check):
    unsure = Says(Opinion(label=Label.SUPPORTED, chance=0.6, sure=False))
    (found,) = check(WORDED, judge=unsure)
    assert found.label is Label.NOT_ENOUGH_INFO
    assert any("0.60" in one.reason for one in found.checks)


def test_a_judge_who_refutes_refutes(check):
    (found,) = check(OPEN, judge=Says(Opinion(label=Label.REFUTED, reason="the vessels are ligated")))
    assert found.label is Label.REFUTED and "ligated" in found.reason


def test_a_judge_who_failed_is_a_failure_and_no_label(check):
    (found,) = check(OPEN, judge=Says(Opinion(label=None, failure="the reply was cut off")))
    assert found.label is None and "cut off" in found.failure


@pytest.mark.parametrize(
    "turned",
    [
        "For a procedure claim, the bilateral note describes the procedure on each side.",
        "For a bilateral each, describe procedure side.",
    ],
)
def test_words_of_a_note_in_each_others_place_are_not_supported(check, turned):
    (said,) = check(
        "For a bilateral claim, the procedure note describes the procedure on each side.", code="27447"
    )
    assert said.label is Label.SUPPORTED
    (found,) = check(turned, code="27447")
    assert found.label is not Label.SUPPORTED
