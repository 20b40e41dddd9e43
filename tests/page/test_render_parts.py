"""The small functions behind both renderers."""

from datetime import date

import pytest

from pipeline.page.currency import carried_text, release_year
from pipeline.page.text import long_date, shortened, visible, web_link
from tests.page.builder import row


@pytest.mark.parametrize(
    ("release", "year"),
    [
        ("RVU25D", 2025),
        ("OPPS-2026-01", 2026),
        ("PPRRVU2026_Jan", 2026),
        ("MUE 2026Q1", 2026),
        ("J8", None),
        ("7", None),
    ],
)
def test_release_year(release: str, year: int | None) -> None:
    assert release_year(release) == year


def test_carried_text_names_the_year_or_the_release_in_force() -> None:
    carried = row("global_days", "090", "RVU25D")
    assert carried_text(carried, date(2026, 1, 15)) == "RVU25D, not confirmed for 2026"
    assert carried_text(carried, date(2025, 12, 1)) == "RVU25D, not confirmed for RVU26A"
    assert carried_text(row("work_rvu", "1", "RVU26A"), date(2026, 1, 15)) == ""


def test_long_date_has_no_padding() -> None:
    assert long_date(date(2026, 3, 5)) == "March 5, 2026"


def test_visible_names_direction_changes_and_drops_what_has_no_shape() -> None:
    assert visible("a\u202eb\u2067c\x00d") == "a[U+202E]b[U+2067]c[U+0000]d"
    assert visible("soft\u00adhyphen\u200b\ufeff") == "softhyphen"
    assert visible("line\u2028break\fpage\ntab\t§ é 漢") == "line break page\ntab\t§ é 漢"


def test_shortened_cuts_at_a_word_within_the_limit() -> None:
    assert shortened("one two  three", 60) == "one two three"
    assert shortened("one two three", 9) == "one two…"
    assert len(shortened("W" * 500, 60)) == 60


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/path",
        "https://",
        "https://a b",
        'https://a/"x',
        "https://a/<b>",
        "https://a/`x`",
        "https://a\\b",
        "https://a/\u202ex",
        "https://[broken",
        "file:///x",
    ],
)
def test_what_is_not_a_plain_web_address_is_no_link(url: str) -> None:
    assert web_link(url) == ""


def test_web_addresses_are_links() -> None:
    assert web_link(" https://www.example.gov/a?b=c&d=%20#e ") == "https://www.example.gov/a?b=c&d=%20#e"
