"""Words that a line end divides."""

import pytest

from pipeline.sources.reading.hyphens import Hyphens
from pipeline.sources.reading.structure import heading_level, is_contents


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("each proce-", "dure of ours", "each procedure of ours"),
        ("a face-to-", "face visit", "a face-to-face visit"),
        ("a visit, non-", "surgical in kind", "a visit, non-surgical in kind"),
        ("codes 10000-", "10099 of ours", "codes 10000-10099 of ours"),
        ("an XY-", "like plate", "an XY-like plate"),
        ("both pre-", "and postoperative work", "both pre- and postoperative work"),
        ("nothing here", "is divided", "nothing here is divided"),
        ("a dash -", "and more", "a dash -and more"),
    ],
)
def test_two_lines_become_one(above, below, joined):
    hyphens = Hyphens([above, below, "A surgical face, and other words."])
    assert hyphens.join(above, below) == joined


def test_the_document_shows_how_it_writes_a_word():
    lines = ["a re-evaluation, and a reader", "twice re-", "evaluation by the re-", "ader"]
    hyphens = Hyphens(lines)
    assert hyphens.join("twice re-", "evaluation") == "twice re-evaluation"
    assert hyphens.join("by the re-", "ader") == "by the reader"


def test_a_document_that_divides_no_words_keeps_its_hyphens():
    pairs = [("well-", "known"), ("ill-", "fitted"), ("long-", "lived"), ("side-", "on")] * 3
    hyphens = Hyphens(line for pair in pairs for line in pair)
    assert hyphens.join("an odd-", "numbered page") == "an odd-numbered page"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Chapter IV Invented surgery", 1),
        ("Part II Invented services", 1),
        ("Part B pays for the invented service", 3),
        ("A. Introduction", 2),
        ("a. introduction", 3),
        ("Section 3", 2),
        ("4.2 Units", 3),
    ],
)
def test_a_heading_has_the_level_of_its_name(text, level):
    assert heading_level(text, size=1.0) == level


def test_page_numbers_rise_and_values_do_not():
    assert is_contents([f"Topic {n} IV-{n}" for n in range(3, 12)])
    assert is_contents([f"Topic ........ {1 + n // 5}" for n in range(9)])
    assert not is_contents([f"1000{n} invented work {n % 3}" for n in range(9)])
    assert not is_contents([f"1000{n} invented work 1" for n in range(9)])
