"""Why a claim changed, and what the change touches."""

import pytest

from pipeline.changes.diff import diff_pages
from pipeline.changes.newer_release import is_newer_figures
from pipeline.data import InputChange, Risk
from pipeline.verify.mentions import mark_mentions
from tests.page.pages import Said, page_of

RULE = "Casting is included in the procedure."


def change(old, new, *inputs):
    (found,) = diff_pages(page_of([old]), page_of([new]), mark=mark_mentions, inputs=inputs).changes
    return found


def reasons(found):
    return [(reason.kind, reason.text) for reason in found.reasons]


def test_what_the_inputs_say_is_the_reason_where_the_evidence_is_the_same():
    spec = InputChange(part="sections", item="coverage", how="changed")
    moved = change(Said("documentation", "note:a", RULE), Said("coverage", "note:a", RULE), spec)
    assert reasons(moved) == [("prompt", "sections: coverage changed")]


def test_a_row_that_changed_within_its_release_is_named():
    old = Said("payment", "fact:total", "The total is 76.07 RVUs (RVU26A).", "76.07")
    new = old._replace(text="The total is 76.17 RVUs (RVU26A).", value="76.17")
    assert reasons(change(old, new)) == [("row", "total of RVU26A changed")]


def test_releases_that_are_both_carried_over_say_so_once():
    old = Said("payment", "fact:total", "The total is 76.07 RVUs.", "76.07", "RVU25C")
    new = old._replace(release="RVU25D")
    assert reasons(change(old, new)) == [("release", "release RVU25C → RVU25D, not confirmed for 2026")]


def test_without_any_other_sign_it_was_the_program():
    old = Said("coverage", "note:a", RULE)
    assert reasons(change(old, old._replace(text="Casting is part of the procedure.")))[0][0] == "program"


def test_a_payment_s_words_are_its_basis_and_its_amount_is_not():
    old = Said("payment", "payment:facility", "The payment is $40.10.", "40.10", unit="USD")
    assert change(old, old._replace(text="The payment is $41.10.", value="41.10")).risks == ()
    added = diff_pages(None, page_of([old]), mark=mark_mentions).changes[0]
    assert added.risks == (Risk.PAYMENT,)


@pytest.mark.parametrize(
    ("section", "subject", "old", "new", "unit", "risk"),
    [
        ("payment", "payment:facility", "none", "NA", "", Risk.PAYMENT),
        ("payment", "payment:facility", "A", "R", "", Risk.PAYMENT),
        ("coverage", "note:a", "2", "9", "units", Risk.RULE),
        ("coverage", "note:a", "0.10", "0.20", "fraction", Risk.RULE),
        ("coverage", "indicator:mue_value", "2", "9", "units", Risk.RULE),
    ],
)
def test_a_row_that_is_no_amount_of_money_or_rvus_is_a_rule_or_a_basis(
    section, subject, old, new, unit, risk
):
    before = Said(section, subject, "The words stay as they are.", old, "RVU25D", unit)
    found = change(before, before._replace(value=new, release="RVU26A"))
    assert found.risks == (risk,)
    assert not is_newer_figures(found)


def test_a_new_indicator_is_a_change_of_the_rule():
    old = Said("coverage", "note:a", "Modifier 62 applies, indicator 1.", "1")
    new = old._replace(text="Modifier 62 applies, indicator 2.", value="2")
    assert set(change(old, new).risks) == {Risk.RULE, Risk.MODIFIER}
