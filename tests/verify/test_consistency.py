"""Claims that cannot both hold, on one page or on several, and which of two falls."""

from datetime import date

import pytest

from pipeline.data import (
    Authority,
    Check,
    Claim,
    Currency,
    Fact,
    Label,
    Outcome,
    RowEvidence,
    Statement,
    Verdict,
)
from pipeline.verify import Said, find_inconsistencies, settle
from pipeline.verify.consistency import stated_values
from tests.verify.notes import note, quote
from tests.verify.worked import make_context


def row(code, value, *, field="mue_value", release="MUE-2026Q3", currency=Currency.IN_FORCE):
    fact = Fact(
        hcpcs_code=code,
        field=field,
        value=value,
        release=release,
        valid_from=date(2026, 7, 1),
        locator="invented",
    )
    return RowEvidence(id=f"e_{fact.key}_{value}", fact=fact, currency=currency, in_force_release=release)


def said(identity, text, *evidence, code="27447", subject="text:x"):
    claim = Claim(id=identity, text=text, subject=subject, evidence_ids=tuple(e.id for e in evidence))
    return Said(code, claim, evidence)


def kinds(*given):
    return [(one.kind, one.claim_ids) for one in find_inconsistencies(given)]


ONE, TWO = "c_1", "c_2"


def test_two_values_of_one_row():
    one = said(ONE, "The first.", row("27447", "1"))
    two = said(TWO, "The second.", row("27447", "2"))
    (found,) = find_inconsistencies([one, two])
    assert (found.kind, found.claim_ids, found.outcome) == ("row", (ONE, TWO), Outcome.FAIL)
    assert (found.expected, found.found) == ("1 (MUE-2026Q3)", "2 (MUE-2026Q3)")
    assert found.evidence_ids == (row("27447", "1").id, row("27447", "2").id)
    assert "27447 mue_value" in found.text


def test_a_past_years_row_and_another_codes_are_other_things():
    one = said(ONE, "The first.", row("27447", "1"))
    before = row("27447", "2", release="MUE-2025Q3", currency=Currency.EARLIER)
    assert kinds(one, said(TWO, "The second.", before)) == []
    assert kinds(one, said(TWO, "The second.", row("29881", "2"))) == []
    assert kinds(one, said(TWO, "The second.", row("27447", "1"))) == []


@pytest.mark.parametrize(
    ("text", "other", "disagree"),
    [
        ("27447 has 19.60 work RVUs.", "This code has 20.10 work RVUs.", True),
        ("27447 has 19.60 work RVUs.", "The work RVU of 27447 is 19.60.", False),
        ("27447 has 19.60 work RVUs.", "29881 has 20.10 work RVUs.", False),
        ("27447 has 19.60 work RVUs.", "27447 has 20.10 total RVUs.", False),
        ("In 2025, 27447 had 20.10 work RVUs.", "In 2026, 27447 has 19.60 work RVUs.", False),
        ("27447 has 34.71 total RVUs in a facility.", "27447 has 12.00 total RVUs in an office.", False),
        ("27447 has 34.71 total RVUs in a facility.", "27447 has 12.00 total RVUs in a facility.", True),
        ("27447 has a global period of 090 days.", "27447 has a global period of 010 days.", True),
    ],
)
def test_figures_under_one_label_of_one_code_setting_and_time(text, other, disagree):
    assert bool(kinds(said(ONE, text), said(TWO, other))) is disagree


def test_only_what_is_stated_plainly_is_compared():
    assert stated_values("The MUE of 27447 is not 2.", "27447") == ()
    assert stated_values("If staged, 27447 has 19.60 work RVUs.", "27447") == ()
    assert stated_values("27447 has about 20 work RVUs and 35 total RVUs.", "27447") == ()


def test_opposite_rules_on_one_page():
    one = said(ONE, "A drained wound seroma of this code is payable.")
    two = said(TWO, "A drained wound seroma of this code is not payable.")
    assert kinds(one, two) == [("payment", (ONE, TWO))]
    # On the pages of two codes "this code" is two codes.
    assert kinds(one, two._replace(hcpcs_code="29881")) == []


def test_the_same_fact_on_two_pages():
    one = said(ONE, "A drained wound seroma after 27447 is payable.")
    two = said(TWO, "A drained wound seroma after 27447 is not payable.", code="29881")
    assert kinds(one, two) == [("payment", (ONE, TWO))]
    assert kinds(
        said(ONE, "The first.", row("20610", "1")), said(TWO, "The second.", row("20610", "2"), code="29881")
    ) == [("row", (ONE, TWO))]


def test_a_siblings_figure_is_copied():
    own = said("c_3", "Of 29881.", row("29881", "3"), code="29881")
    copy = said(TWO, "The MUE for 29881 is 1.", code="29881")
    source = said(ONE, "The MUE for 27447 is 1.", row("27447", "1"))
    assert ("copied", (ONE, TWO)) in kinds(source, copy, own)
    right = said(TWO, "The MUE for 29881 is 1.", code="29881")
    assert kinds(source, right, said("c_3", "Of 29881.", row("29881", "1"), code="29881")) == []


TEXT = "A drained wound seroma of this code is payable. A drained wound seroma of this code is not payable."
YES, NO = TEXT.split(". ")[0] + ".", TEXT.split(". ")[1]


def outcome(identity, evidence, confidence=0.8):
    passed = Check(check="support", outcome=Outcome.PASS, reason="said")
    return Verdict(
        claim_id=identity,
        label=Label.SUPPORTED,
        confidence=confidence,
        reason="Said.",
        evidence_ids=(evidence.id,),
        checks=(passed,),
        checker="r",
    )


def settled(first, second, *, confidence=(0.8, 0.8)):
    """Two statements that contradict each other, on quotes of these documents."""
    cited = [quote(document, words) for document, words in ((first, YES), (second, NO))]
    claims = [
        Claim(id=id_, text=text, subject=text, evidence_ids=(item.id,))
        for id_, text, item in ((ONE, YES, cited[0]), (TWO, NO, cited[1]))
    ]
    statements = [
        Statement(id=f"s_{claim.id}", section_key="faqs", text=claim.text, drafter="x", claims=(claim,))
        for claim in claims
    ]
    outcomes = {c.id: outcome(c.id, e, p) for c, e, p in zip(claims, cited, confidence, strict=True)}
    context = make_context("27447", documents={d.id: d for d in (first, second)})
    found = settle(statements, outcomes, {e.id: e for e in cited}, context=context)
    verdicts = {id_: one for id_, one in found.items() if isinstance(one, Verdict)}
    assert len(verdicts) == 2
    return verdicts


def test_of_two_contradicting_claims_the_one_with_less_support_falls():
    high = note("high", TEXT)
    low = note("low", TEXT).model_copy(update={"authority": Authority.EDUCATOR})
    found = settled(high, low)
    assert [found[id_].label for id_ in (ONE, TWO)] == [Label.SUPPORTED, Label.NOT_ENOUGH_INFO]
    assert ONE in found[TWO].reason and YES in found[TWO].reason
    assert [(c.check, c.outcome) for c in found[ONE].checks][-1] == ("consistency", Outcome.PASS)
    assert [found[id_].label for id_ in (ONE, TWO)] != [settled(low, high)[id_].label for id_ in (ONE, TWO)]


def test_with_equal_support_the_surer_stands_else_both_fall():
    one, two = note("one", TEXT), note("two", TEXT)
    assert [v.label for v in settled(one, two, confidence=(0.7, 0.8)).values()] == [
        Label.NOT_ENOUGH_INFO,
        Label.SUPPORTED,
    ]
    assert {v.label for v in settled(one, two).values()} == {Label.NOT_ENOUGH_INFO}


def test_claims_that_agree_are_left_as_they_are():
    first = note("one", YES)
    cited = quote(first, YES)
    claim = Claim(id=ONE, text=YES, subject=YES, evidence_ids=(cited.id,))
    statement = Statement(id="s", section_key="faqs", text=YES, drafter="x", claims=(claim,))
    outcomes = {ONE: outcome(ONE, cited)}
    context = make_context("27447", documents={first.id: first})
    assert settle([statement], outcomes, {cited.id: cited}, context=context) == outcomes
