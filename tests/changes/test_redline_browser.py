"""The redline as a reviewer meets it in Chromium: without scripts, readable in both schemes, on a phone, filtered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.changes.diff import diff_pages
from pipeline.changes.redline import render_redline
from pipeline.verify.mentions import mark_mentions
from tests.changes.test_redline import NEW, OLD
from tests.page.pages import page_of
from tests.page.test_browser import LOW_CONTRAST, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser"]

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    diff = diff_pages(page_of(OLD), page_of(NEW), mark=mark_mentions)
    file = tmp_path / "redline.html"
    file.write_text(render_redline(diff, site_name="An Example Site"), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1200, "height": 900})
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.goto(file.as_uri())
    yield tab
    context.close()
    assert complaints == []


def test_a_box_hides_its_kind_of_change_without_any_script(opened: Page) -> None:
    added = opened.locator("article.added")
    assert added.count() == 1 and added.is_visible()
    opened.get_by_label("added").uncheck()
    assert not added.is_visible() and opened.locator("article.figure").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(opened: Page, scheme) -> None:
    opened.emulate_media(color_scheme=scheme)
    assert opened.evaluate(LOW_CONTRAST) == []


def test_nothing_is_wider_than_a_phone(opened: Page) -> None:
    opened.set_viewport_size({"width": 360, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
