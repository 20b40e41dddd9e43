"""Codes as they are written, and codes that differ by side alone, against the official list."""

import pytest

from pipeline.sources.diagnoses.icd10 import (
    billable_codes,
    description,
    edition,
    expand,
    read_codes,
    read_list,
)
from pipeline.sources.diagnoses.laterality import Side, condition_of, named_sides


def test_the_release_of_the_list_is_named():
    month, year = edition().split()
    assert month in ("April", "October") and int(year) >= 2026


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("M17.11", [("M17.11", 1, "")]),
        ("M1711", [("M1711", 1, "")]),
        ("M17.11*, M17.12 **", [("M17.11", 1, "*"), ("M17.12", 1, "**")]),
        ("M17.0-M17.9; M25.56-", [("M17.0-M17.9", 11, ""), ("M25.56-", 3, "")]),
        ("M17.10 through M17.12", [("M17.10 through M17.12", 3, "")]),
        ("M17.- and M54.5", [("M17.-", 11, ""), ("M54.5", 3, "")]),
        ("M17.x", [("M17.x", 11, "")]),
        ("M17", [("M17", 11, "")]),
        ("M17.0- M17.12", [("M17.0- M17.12", 4, "")]),
        ("M17.99", [("M17.99", 0, "")]),
        ("M17.9-M17.0", [("M17.9-M17.0", 0, "")]),
        ("M17-S82", [("M17-S82", 0, "")]),
        ("M17.11 Unilateral primary osteoarthritis, right knee", [("M17.11", 1, "")]),
        ("M17.11 - Unilateral primary osteoarthritis, right knee", [("M17.11", 1, "")]),
        ("M17.11 Unilateral primary osteoarthritis, left knee", []),
        ("M17.11 is not covered", []),
        ("not M17.11", []),
        ("20610", []),
        ("", []),
    ],
)
def test_a_cell_is_codes_or_nothing(text, written):
    assert [(one.written, len(one.codes), one.mark) for one in read_codes(text)] == written


def test_a_category_is_expanded_to_its_billable_codes_and_says_so():
    (one,) = read_codes("M17.1-")
    assert one.codes == ("M17.10", "M17.11", "M17.12") and one.expanded
    (single,) = read_codes("M17.11")
    assert not single.expanded
    assert expand("M17.0", "M17.0") == ("M17.0",)
    (chapter,) = read_codes("M00-M99")
    assert chapter.too_wide


def test_a_running_list_counts_with_official_descriptions_only():
    right, left = ("M17.11", "M17.12")
    text = f"{right} {description(right)} {left} {description(left)}"
    found = read_list(text)
    assert found and [text[one.start : one.end] for one in found] == [
        f"{right} {description(right)}",
        f"{left} {description(left)}",
    ]
    assert read_list(f"{right} {description(right)} but not {left} {description(left)}") is None
    assert read_list(f"{right} {description(left)}") is None
    assert read_list(f"Never {right} {description(right)}") is None


@pytest.mark.parametrize(
    ("code", "name", "sides"),
    [
        ("M17.12", "Primary osteoarthritis, knee", ("M17.11", "M17.12", "M17.0", "M17.10")),
        ("M25.561", "Pain in knee", ("M25.561", "M25.562", None, "M25.569")),
        ("G56.03", "Carpal tunnel syndrome, upper limb", ("G56.01", "G56.02", "G56.03", "G56.00")),
        ("Z96.653", "Presence of artificial knee joint", ("Z96.651", "Z96.652", "Z96.653", "Z96.659")),
        (
            "S82.002A",
            "Unspecified fracture of patella, initial encounter for closed fracture",
            ("S82.001A", "S82.002A", None, "S82.009A"),
        ),
        ("Q65.1", "Congenital dislocation of hip", ("Q65.01", "Q65.02", "Q65.1", "Q65.00")),
    ],
)
def test_codes_that_differ_by_side_are_one_condition(code, name, sides):
    condition = condition_of(code)
    assert (condition.name, tuple(condition.sides.get(side) for side in Side)) == (name, sides)
    assert all(condition_of(each) == condition for each in condition.codes)


@pytest.mark.parametrize("code", ["M17.9", "M54.50", "M72.0", "I10"])
def test_a_code_without_sides_stands_alone(code):
    condition = condition_of(code)
    assert (condition.key, condition.name, condition.sides) == (code, description(code), {})


@pytest.mark.parametrize("category", ["M17", "M75", "S82", "S21", "Q65", "H40", "E08", "G81", "I70"])
def test_a_code_is_of_one_condition_and_on_the_side_its_words_say(category):
    for code in billable_codes(category):
        condition = condition_of(code)
        assert code in condition.codes
        side = next((side for side, one in condition.sides.items() if one == code), None)
        if side in (Side.RIGHT, Side.LEFT, Side.BILATERAL):
            assert named_sides(description(code)) == {side}
