"""When a note applies, in words, and that a search says so."""

import json
import re

import pytest

from pipeline.cli.conditions import describe_conditions
from pipeline.data import Applicability
from tests.cli.processes import run


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ({}, ""),
        ({"codes": ("29881",)}, "applies to 29881"),
        (
            {"codes": ("20610", "20611"), "ranges": (("20526", "20553"), ("29870", "29870"))},
            "applies to 20610, 20611, 20526–20553 and 29870",
        ),
        (
            {"ranges": (("29866", "29889"),), "not_codes": ("29870", "29875")},
            "applies to 29866–29889, but not to 29870 or 29875",
        ),
        ({"not_codes": ("29826",)}, "applies not to 29826"),
        ({"tags": ("add-on",)}, "applies to codes classified as add-on"),
        (
            {"tags": ("rotator-cuff", "biceps"), "all_tags": ("open",), "not_tags": ("injection",)},
            "applies to codes classified as open and classified as rotator cuff or biceps "
            "and not classified as injection",
        ),
        (
            {
                "ranges": (("20000", "29999"),),
                "not_tags": ("closed-treatment",),
                "indicators": {"status_code": ("A", "R"), "global_days": ("090",)},
            },
            "applies to 20000–29999 not classified as closed treatment, where the fee schedule says status A or R "
            "and global 090",
        ),
        (
            {"indicators": {"bilateral_indicator": ("0",), "mue_value": ("1",)}},
            "applies where the fee schedule says bilateral indicator 0 and the MUE table says MUE 1",
        ),
    ],
)
def test_conditions_in_words(to, words):
    assert describe_conditions(Applicability.model_validate(to)) == words


def test_a_search_says_when_a_note_applies(indexed):
    """It must not look like an answer for every code."""
    question = "May an assistant at surgery be paid for this code?"
    done = run(indexed, "sources", "search", question, "--limit", "1")
    assert (done.returncode, done.stderr) == (0, "")
    title, condition, text, *_ = done.stdout.splitlines()
    assert title.startswith("1. ") and "ssistant" in text
    assert re.fullmatch(r"   applies where the fee schedule says .*assistant indicator [0-2]:", condition)
    (hit,) = run(indexed, "sources", "search", question, "--limit", "1", "--json").stdout.splitlines()
    assert json.loads(hit)["passage"]["applies_to"]["indicators"]["assistant_indicator"]


@pytest.mark.parametrize("question", ["29881", "CPT code 29881", "modifier 59"])
def test_a_code_or_a_topic_that_a_source_speaks_of_is_not_called_unanswered(indexed, question):
    done = run(indexed, "sources", "search", question)
    assert done.stdout.startswith("1. ")


def test_a_code_that_no_source_names_is_told(indexed):
    done = run(indexed, "sources", "search", "cpt 99199")
    assert done.stdout.startswith("no source was found that speaks of 99199; the nearest:\n\n1. ")
    done = run(indexed, "sources", "search", "invoice address of the landlord")
    assert done.stdout.startswith("probably not answered by any source; the nearest:\n\n1. ")
