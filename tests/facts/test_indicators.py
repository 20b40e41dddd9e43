"""The modifier table: which entries hold for which codes, and what they may not say."""

import pytest

from pipeline.facts.indicators import applicable_entries, load_modifier_entries
from pipeline.facts.sentences import compose_sentence
from tests.facts.rows import fact, surgical


def table(**changes: str) -> dict[str, str]:
    """The modifier table of an invented operation: modifiers and what is said of them."""
    rows = surgical(**changes)
    if "pctc_indicator" in changes:
        rows["pctc_indicator"] = fact("pctc_indicator", changes["pctc_indicator"], "RVU25D")
    sentences = [compose_sentence(f"modifier:{e.key}", "20970", rows) for e in applicable_entries(rows)]
    return {sentence.cells[0]: sentence.cells[1] for sentence in sentences if sentence}


def test_every_row_is_one_sentence():  # a reader of the page takes a table row for one claim
    assert [entry.key for entry in load_modifier_entries() if ". " in entry.when] == []


def test_one_entry_at_most_holds_for_a_key_and_value():
    held = [
        (entry.key, value, status)
        for entry in load_modifier_entries()
        for value in entry.values
        for status in (entry.values if entry.field == "status_code" else entry.status_codes)
    ]
    assert len(held) == len(set(held))


@pytest.mark.parametrize("status", ["A", "C", "R", "T"])
def test_what_may_be_paid_has_its_modifiers_whatever_its_status(status):
    assert {"57", "24", "58", "78", "79", "54, 55, 56"} <= table(status_code=status).keys()


@pytest.mark.parametrize(("status", "says"), [("B", "bundles"), ("I", "another code"), ("N", "not cover")])
def test_a_status_that_is_never_paid_has_no_modifier_but_the_reason(status, says):
    (only,) = table(status_code=status).items()
    assert only[0] == "any" and says in only[1]


@pytest.mark.parametrize("status", ["E", "J", "M", "P", "X"])
def test_a_status_outside_the_schedule_has_no_modifier(status):
    assert table(status_code=status) == {}


def test_without_a_status_no_entry_holds():
    rows = surgical()
    del rows["status_code"]
    assert applicable_entries(rows) == []


def test_the_status_is_among_the_rows_that_a_modifier_rests_on():
    sentence = compose_sentence("modifier:global_days:57", "20970", surgical())
    assert sentence is not None
    assert [fact.field for fact in sentence.facts] == ["global_days", "status_code"]
    assert sentence.cells[2] == "global days 090, RVU25D"


@pytest.mark.parametrize(
    ("value", "modifiers", "says"),
    [
        ("0", "26, TC", "Not used: a physician service"),
        ("1", "26, TC", "26 for the professional component, TC for the technical component"),
        ("2", "26, TC", "professional component alone"),
        ("3", "26, TC", "technical component alone"),
        ("4", "26, TC", "the whole test"),
        ("5", "26, TC", "incident to"),
        ("6", "TC", "Not used"),
        ("8", "TC", "Not recognized"),
    ],
)
def test_components_read_as_the_record_layout_says(value, modifiers, says):
    assert says in table(pctc_indicator=value)[modifiers]


@pytest.mark.parametrize("value", ["7", "9"])
def test_where_the_layout_says_nothing_of_components_neither_does_the_table(value):
    assert not {"26, TC", "TC", "26"} & table(pctc_indicator=value).keys()


def test_both_sides_are_said_of_paired_sites_and_fingers_and_toes_take_their_own():
    rows = table(bilateral_indicator="1")
    for modifiers in ("50", "LT, RT"):
        assert "paired site" in rows[modifiers] and "fingers" not in rows[modifiers]
    assert "ASC" in rows["LT, RT"]
    rows = surgical("28002", bilateral_indicator="1")
    (entry, *_) = (e for e in applicable_entries(rows) if e.modifiers == ["50"] or "50" in e.modifiers)
    foot = compose_sentence(f"modifier:{entry.key}", "28002", rows)
    assert foot is not None and "fingers and toes take modifiers of their own" in foot.cells[1]


def test_a_separate_bilateral_code_is_reported_in_place_of_a_unilateral_one():
    assert "another code describes both sides, that code is reported" in table(bilateral_indicator="0")["50"]


def test_a_return_to_the_operating_room_is_paid_by_its_own_code_and_56_is_left_open():
    rows = table()
    assert "share of the code for that return procedure" in rows["78"]
    assert rows["54, 55, 56"].endswith("the sources of this page do not say how 56 is paid.")
