"""A page as one HTML file: no scripts, no requests, readable on paper, every statement with its footnote."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.data import Page
from pipeline.page import layout
from pipeline.page.currency import current_until
from pipeline.page.ledger import json_ld
from pipeline.page.text import long_date, shortened, visible, web_link
from pipeline.selector import code_system

_TEMPLATES = Path(__file__).parent / "templates"


def render_html(
    page: Page, *, site_name: str, shown: layout.Layout | None = None, home: str = "", note: str = ""
) -> str:
    """The whole file. Same page and site name, same text. `shown` is the page as laid out, where that is at hand.

    `home` is the way from the page's folder to the site's, such as `../`; empty for a page that is part of no site.
    `note` is said at its head, such as that nobody reviewed it.

    Everything from sources is escaped; only http and https addresses become links. Raises PublishError
    when a statement may not be shown (see `layout.lay_out`).
    """
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=page,
            shown=shown or layout.lay_out(page),
            site_name=site_name,
            css=page_style(),
            csp=_policy(page_style()),
            linked_data=_data_block(page),
            words=layout,
            home=home,
            note=note,
            until=current_until(page),
        )
    )


@cache
def _environment() -> Environment:
    return template_environment(FileSystemLoader(_TEMPLATES))


def template_environment(loader: BaseLoader) -> Environment:
    """Templates in which everything is escaped and nothing is undefined, with the filters of pages."""
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_plain,
    )
    environment.filters.update(
        code_system=code_system, long_date=long_date, shortened=shortened, web_link=web_link
    )
    return environment


def _plain(value: object) -> object:
    """What every template expression passes through: text loses its control characters, markup stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def page_style() -> Markup:
    """The style sheet as it stands in the file; the policy's hash is over these very characters."""
    return Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _policy(css: str) -> str:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _data_block(page: Page) -> Markup:
    """JSON-LD that cannot end its own element: every `<`, `>` and `&` is a JSON escape."""
    text = json.dumps(json_ld(page), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - holds no character that HTML reads as markup
