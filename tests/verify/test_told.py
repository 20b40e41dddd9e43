"""Facts told in free words: what belongs to which figure, and that no exchange of figures or codes goes unseen."""

import itertools
import re
import time

import pytest

from pipeline.data import Label
from pipeline.verify import checker_version, load_rules, verify_text_claim
from pipeline.verify.reading import read_sentence
from pipeline.verify.told.parts import figures_of, spell
from tests.verify.worked import HERE, load_cases, make_context

TOLD = [(code, text) for code, letter, text in load_cases("cases_told.txt") if letter == "s"]
FIGURE = re.compile(r"\$\d[\d,]*\.\d\d|\b\d+\.\d\d\b")


def supported(code, text):
    verdict = verify_text_claim(
        text, context=make_context(code), rules=load_rules(), checker=checker_version()
    ).verdict
    return verdict.label is Label.SUPPORTED


def test_words_after_a_comma_belong_to_the_next_figure():
    first, second = figures_of("num#2.06 lab#rvu in the set#nonfac , and num#1.19 when a set#fac hosts it .")
    assert "set#nonfac" in first.own and "set#fac" not in first.own
    assert "set#fac" in second.own and "set#nonfac" not in second.own
    assert "set#nonfac" in second.before


def test_whole_numbers_and_scaled_amounts_are_no_figures():
    assert figures_of("num#2 lines, usd#3k") == []


def test_places_have_one_spelling():
    assert spell("num#1.00 outside a set#fac") == "num#1.00 set#nonfac"


@pytest.mark.parametrize(("code", "text"), TOLD)
def test_exchanged_figures_are_not_supported(code, text):
    for left, right in itertools.combinations(FIGURE.finditer(text), 2):
        if left.group() != right.group():
            changed = (
                text[: left.start()]
                + right.group()
                + text[left.end() : right.start()]
                + left.group()
                + text[right.end() :]
            )
            assert not supported(code, changed), changed


@pytest.mark.parametrize(("code", "text"), TOLD)
def test_exchanged_codes_are_not_supported(code, text):
    first, *others = dict.fromkeys(re.findall(r"\b\d{5}\b", text))
    for other in others:
        changed = text.replace(first, "\0").replace(other, first).replace("\0", other)
        assert not supported(code, changed), changed


@pytest.mark.parametrize(
    "tail",
    [
        ", and it is never bundled",
        " if the payer agrees",
        " after the first year",
        " on the left side only",
        " in most states",
        ", and any modifier changes that",
    ],
)
@pytest.mark.parametrize(("code", "text"), TOLD)
def test_nothing_may_be_added(code, text, tail):
    assert not supported(code, text.rstrip(".") + tail + ".")


HOSTILE = [
    line.partition("|")[::2]
    for line in (HERE / "never_supported.txt").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("code", "text"), HOSTILE)
def test_what_was_written_against_the_checks_is_not_supported(code, text):
    assert not supported(code, text)


def test_a_long_list_of_modifiers_is_read_at_once():
    began = time.process_time()
    read_sentence("Report 27447 with " + ", ".join(f"modifier {number}" for number in range(22, 92)))
    assert time.process_time() - began < 1
