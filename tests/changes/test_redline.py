"""The redline as a file and as text: complete, self-contained, safe, the same every time."""

import re

from pipeline.changes.diff import diff_pages
from pipeline.changes.redline import render_redline, tally
from pipeline.changes.redline_text import redline_text
from pipeline.verify.mentions import mark_mentions
from tests.page.pages import Said, page_of
from tests.page.sample import sample_page

OLD = (
    Said("documentation", "note:a", "The record names the side."),
    Said("coverage", "note:b", "Casting is included."),
    Said("payment", "fact:total", "The total is 76.07 RVUs (RVU25D).", "76.07", "RVU25D"),
)
NEW = (
    Said("documentation", "note:a", "The record shows the side."),
    Said("coverage", "note:c", "Dressings are included."),
    Said("payment", "fact:total", "The total is 76.50 RVUs (RVU26A).", "76.50", "RVU26A"),
)


def between(old, new):
    return diff_pages(old, new, mark=mark_mentions)


def html(diff):
    return render_redline(diff, site_name="An Example Site")


def test_every_change_stands_under_its_own_name_with_its_reasons():
    diff = between(page_of(OLD), page_of(NEW))
    text = html(diff)
    for change in diff.changes:
        assert f'<article id="{change.id}"' in text
        assert change.state.claim_id in text
    assert "<del>names</del><ins>shows</ins>" in text
    assert "<del>76.07</del><ins>76.50</ins>" in text
    assert "RVU25D, not confirmed for 2026 → RVU26A" in text
    assert diff.new_sha256 in text and diff.old_sha256 in text


def test_the_file_asks_for_nothing_and_runs_nothing():
    text = html(between(page_of(OLD), page_of(NEW)))
    assert "<script" not in text and "http://" not in text and "https://" not in text
    assert "default-src &#39;none&#39;" in text and "unsafe-inline" not in text
    assert not re.search(r"\bstyle=|\bon\w+=", text)


def test_text_of_sources_is_no_markup():
    hostile = "<img src=x onerror=alert(1)> & \u202esaid </style>"
    text = html(between(None, sample_page(hostile=hostile)))
    assert "<img" not in text and "\u202e" not in text and "[U+202E]" in text
    assert text.count("</style>") == 1


def test_the_same_diff_gives_the_same_bytes_and_an_empty_one_says_so():
    diff = between(page_of(OLD), page_of(NEW))
    assert html(diff) == html(between(page_of(OLD), page_of(NEW)))
    same = between(page_of(OLD), page_of(OLD))
    assert "Nothing that a reader sees differs." in html(same)
    assert tally(same) == "No changes."


def test_as_text_old_and_new_words_are_told_apart_without_colour():
    text = redline_text(between(page_of(OLD), page_of(NEW)), colour=False)
    assert "The record [-names-]{+shows+} the side." in text
    assert "[-Casting is included.-]" in text and "{+Dressings are included.+}" in text
    assert "total: 76.07 (RVU25D, not confirmed for 2026) → 76.50 (RVU26A)" in text
    assert "\x1b" not in text
    assert "\x1b[32;4m" in redline_text(between(page_of(OLD), page_of(NEW)), colour=True)
