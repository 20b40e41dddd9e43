"""What follows from a newer release alone, by rows and by words; whatever else is smuggled in is seen."""

import pytest

from pipeline.changes.diff import diff_pages
from pipeline.changes.newer_release import is_newer_figures, is_newer_release
from pipeline.verify.mentions import mark_mentions
from tests.page.pages import Said, page_of

TOTAL = Said("payment", "rvu:total", "20970 has 76.07 total RVUs (RVU25D).", "76.07", "RVU25D", "RVU")
NEWER = TOTAL._replace(text="20970 has 76.50 total RVUs (RVU26A).", value="76.50", release="RVU26A")
RULE = Said("coverage", "note:a", "At most 100 percent is paid for modifier 62 (RVU25D).", "1", "RVU25D")


def change(old, new):
    (found,) = diff_pages(page_of([old]), page_of([new]), mark=mark_mentions).changes
    return found


def test_another_amount_of_a_newer_release():
    found = change(TOTAL, NEWER)
    assert is_newer_figures(found) and not is_newer_release(found) and found.risks == ()
    same = change(RULE, RULE._replace(text=RULE.text.replace("25D", "26A"), release="RVU26A"))
    assert is_newer_figures(same) and is_newer_release(same)


@pytest.mark.parametrize(
    "new",
    [
        NEWER._replace(text="20970 has 76.50 total RVUs, never paid (RVU26A)."),
        NEWER._replace(text="20971 has 76.50 total RVUs (RVU26A)."),
        NEWER._replace(text="20970 has 76.50 total RVUs for 2 units (RVU26A)."),
        NEWER._replace(value="0.00"),
        NEWER._replace(unit="units"),
        NEWER._replace(value="NA", unit=""),
        NEWER._replace(release="RVU24A"),
        NEWER._replace(release="RVU25D"),
    ],
)
def test_words_codes_units_nothing_and_older_rows_are_no_figures(new):
    found = change(TOTAL, new)
    assert not is_newer_figures(found)


@pytest.mark.parametrize(
    ("old", "new"), [("100", "150"), ("62", "66"), ("is paid", "is not paid"), ("At most", "At least")]
)
def test_what_a_rule_says_is_seen_whatever_its_rows_say(old, new):
    said = RULE.text.replace("25D", "26A").replace(old, new)
    found = change(RULE, RULE._replace(text=said, release="RVU26A"))
    assert not is_newer_figures(found) and not is_newer_release(found)
    assert found.risks


def test_an_amount_in_a_rule_is_the_rule():
    old = RULE._replace(text="The share is 0.69 (RVU25D).", subject="modifier:54")
    found = change(old, old._replace(text="The share is 0.99 (RVU26A).", release="RVU26A"))
    assert not is_newer_figures(found) and found.risks


def test_a_row_that_is_no_amount_is_marked_wherever_it_stands():
    old = Said("documentation", "note:a", "The words stay as they are.", "none", "RVU25D")
    assert [risk.value for risk in change(old, old._replace(value="NA", release="RVU26A")).risks] == ["rule"]
