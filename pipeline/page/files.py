"""The files of a page: HTML for readers, Markdown, and the ledger that both are rendered from."""

from __future__ import annotations

from pipeline.data import Page
from pipeline.page.layout import lay_out
from pipeline.page.ledger import dump_ledger
from pipeline.page.markdown import render_markdown
from pipeline.page.render import render_html

PAGE_FILES = ("page.html", "page.md", "page.json")


def render_files(page: Page, *, site_name: str, home: str = "", note: str = "") -> dict[str, bytes]:
    """The files of a page by name; `home` is the way from its folder to the site's, `note` is said at its head."""
    shown = lay_out(page)
    texts = (
        render_html(page, site_name=site_name, shown=shown, home=home, note=note),
        render_markdown(page, shown=shown, note=note),
        dump_ledger(page),
    )
    return {name: text.encode() for name, text in zip(PAGE_FILES, texts, strict=True)}
