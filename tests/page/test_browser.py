"""The page as a reader meets it in Chromium: without scripts, by keyboard, on a phone, on paper."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pytest

from pipeline.page.render import render_html
from tests.page.sample import sample_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
HOSTILE = (
    "<script>document.title = 'owned'</script><img src=https://evil.example/x onerror=alert(1)> " + "W" * 5000
)

# Contrast of every visible text against the nearest painted background, by WCAG 2: [ratio, text] below 4.5.
LOW_CONTRAST = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => {
    const [r, g, b] = parse(c).map(channel);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const painted = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor, p = parse(c);
      if (p.length < 4 || p[3] > 0) return c;
    }
    return 'rgb(255,255,255)';
  };
  const low = [];
  for (const e of document.body.querySelectorAll('*')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(painted(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) low.push([ratio.toFixed(2), e.textContent.trim().slice(0, 40)]);
  }
  return low;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.skip("chromium is not installed here")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed here")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The sample page, scripts off, 1200 pixels wide; any complaint or request fails the test at its end."""
    yield from _opened(browser, tmp_path, render_html(sample_page(), site_name="Sample Reference"))


@pytest.fixture
def hostile(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page full of hostile text, in a browser that would run scripts if the page let it."""
    text = render_html(sample_page(hostile=HOSTILE), site_name="Sample Reference")
    yield from _opened(browser, tmp_path, text, scripts=True)


def _opened(browser: Browser, folder: Path, text: str, *, scripts: bool = False) -> Iterator[Page]:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 1200, "height": 900})
    tab = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(file.as_uri())
    yield tab
    context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]


def test_it_is_styled_titled_and_in_english(opened: Page) -> None:
    assert opened.title() == "CPT 20970: Bone grafting, Pelvis and hip | Sample Reference"
    assert opened.locator("html").get_attribute("lang") == "en"
    size = opened.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
    assert size > 48, "the policy let the style through"


def test_a_footnote_opens_by_keyboard(opened: Page) -> None:
    panel = opened.locator(".lead .panel")
    assert not panel.is_visible()
    for _ in range(2):
        opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.matches('.lead summary')")
    assert opened.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened.keyboard.press("Enter")
    assert panel.is_visible()
    assert "Briefwright classification, not a CMS row" in panel.inner_text()
    opened.keyboard.press("Space")
    assert not panel.is_visible()


def test_the_skip_link_comes_first_and_leads_to_the_content(opened: Page) -> None:
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    assert opened.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "main"


def test_a_table_footnote_opens_under_its_row_and_its_handle_stays(opened: Page) -> None:
    handle = opened.locator("#modifiers summary").nth(1)
    row = opened.locator("#modifiers tbody").nth(1).locator("tr").first
    for _ in ("closed", "open"):
        frame, box = row.bounding_box(), handle.bounding_box()
        assert frame and box
        assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"] + 1
        assert handle.is_visible()
        handle.click()
    handle.click()
    panel = opened.locator("#modifiers .panel").nth(1)
    assert "assistant_at_surgery" in panel.inner_text()
    below, frame = panel.bounding_box(), row.bounding_box()
    assert below and frame and below["y"] >= frame["y"] + frame["height"] - 1


def test_headings_go_down_one_level_at_a_time(opened: Page) -> None:
    levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_and_names_reach_the_accessibility_tree(opened: Page) -> None:
    for role in ("banner", "navigation", "main", "contentinfo", "complementary"):
        assert opened.get_by_role(role).count() == 1, role  # type: ignore[arg-type]
    assert opened.get_by_role("region", name="Key facts").count() == 1
    assert opened.get_by_role("table", name="Applicable modifiers, CPT 20970").count() == 1
    assert opened.get_by_role("rowheader", name="80, 82, AS").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_with_every_footnote_open(opened: Page, scheme: str) -> None:
    opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.evaluate(LOW_CONTRAST) == []


def test_no_sideways_scrolling_on_a_phone(opened: Page) -> None:
    opened.set_viewport_size({"width": 360, "height": 780})
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    inside = opened.evaluate(
        "[...document.querySelectorAll('.scroll')].some(s => s.scrollWidth > s.clientWidth)"
    )
    assert inside, "wide tables scroll in their own frame"
    widest = opened.evaluate("Math.max(...[...document.querySelectorAll('.panel')].map(p => p.offsetWidth))")
    assert widest <= 360, "a footnote can be read without scrolling its table"


def test_handles_are_large_enough_to_touch(opened: Page) -> None:
    sizes = opened.evaluate(
        "[...document.querySelectorAll('summary')].map(s => s.getBoundingClientRect()).map(r => [r.width, r.height])"
    )
    assert min(min(size) for size in sizes) >= 24


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_footnotes_are_printed_though_closed(opened: Page, paper: str) -> None:
    document = pdfium.PdfDocument(opened.pdf(format=paper))
    text = "\n".join(document[number].get_textpage().get_text_range() for number in range(len(document)))
    words = " ".join(text.split())
    for part in (
        "reported apart",
        "Briefwright note on Example Claims Manual",
        "fac_total_rvu",
        "RVU25D, not confirmed",
    ):
        assert part in words
    assert "On this page" not in words
    claim_ids = sample_page().verdicts
    assert all(claim_id in words for claim_id in claim_ids)


def test_hostile_text_runs_nothing_and_fits_a_phone(hostile: Page) -> None:
    hostile.set_viewport_size({"width": 360, "height": 780})
    hostile.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert hostile.title().startswith("CPT 20970")
    assert hostile.evaluate("document.images.length") == 0
    assert hostile.evaluate("document.documentElement.scrollWidth") <= 360
