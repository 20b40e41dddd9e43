"""Compound sentences taken apart only where that changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.verify.compounds import about_what, split_compound


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        (
            "20610 has 0.77 work RVUs, and it pays $68.81 in the office; its MUE is 2.",
            ["20610 has 0.77 work RVUs", "it pays $68.81 in the office", "its MUE is 2."],
        ),
        (
            "Medicare pays an assistant for 27447, but it does not pay one for 20610.",
            ["Medicare pays an assistant for 27447", "it does not pay one for 20610."],
        ),
    ],
)
def test_parts_are_pieces_of_the_sentence(sentence, parts):
    assert split_compound(sentence) == parts


@pytest.mark.parametrize(
    "sentence",
    [
        "If the knee was opened, the scope is included, and it is not reported.",
        "29881 is not paid with 29880, and it is denied unless the knees are different.",
        "Neither 29880 nor 29881 pays with 29874, and it has indicator 0.",
        "Use modifier 25, and never 57, on the E/M.",
        "The record gives the side, the site and the number of compartments.",
        "Work, practice expense, and malpractice RVUs are added.",
        "27447 pays $1,159.35, and only in a facility is it paid.",
    ],
)
def test_what_is_bound_together_stays_whole(sentence):
    assert split_compound(sentence) == [sentence]


def test_a_part_about_it_is_about_the_code_before():
    parts = split_compound("20610 has 0.77 work RVUs; it pays $68.81 in the office; 20611 pays more.")
    assert about_what(parts) == ["", "20610", ""]


def test_nothing_is_said_of_it_behind_two_codes():
    parts = split_compound("20610 pays more than 20605 does; it pays $68.81 in the office.")
    assert about_what(parts)[-1] == ""


@given(st.text(alphabet="abcde ,;.and isit20610", max_size=120))
def test_no_word_is_lost(text):
    parts = split_compound(text)
    joined = " ".join(parts)
    kept = [word for word in text.replace(",", " ").replace(";", " ").split() if word not in ("and", "but")]
    have = joined.replace(",", " ").replace(";", " ").split()
    assert [word for word in have if word not in ("and", "but")] == kept


@pytest.mark.parametrize(
    "sentence",
    [
        "For Medicaid, 20610 is covered, and it pays $68.81 in the office.",
        "Under Aetna, 20610 is unpaid; it pays $68.81 in the office.",
        "In Texas Medicaid this is so; the MUE of 20610 is 2.",
        "The following is false; 20610 pays $68.81 in the office.",
        "In 2015 20610 had an MUE of 1; its work RVU is 0.77.",
        "20550 is a sheath injection, and the office payment is $68.81.",
        "It is a myth that 20610 is free; it pays $68.81.",
    ],
)
def test_what_is_said_of_all_that_follows_is_not_cut_off(sentence):
    assert split_compound(sentence) == [sentence]
