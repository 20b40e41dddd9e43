"""The index and the corrections page as HTML files: readable without a script, in the style of the pages."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from pipeline.data import Record
from pipeline.page.render import page_style, template_environment
from pipeline.review.publish import Publication, page_name
from pipeline.site.cards import Card
from pipeline.site.corrections import Correction

SHOWN_CORRECTIONS = 300
"""More than these, the newest, the page does not show; `corrections.jsonl` has them all."""

_TEMPLATES = Path(__file__).parent / "templates"
_ANY_SITE = "any site"


class Entry(Record):
    """A code in the index. `publication` None: only pages for other dates of service are up, in `dated`."""

    card: Card
    publication: Publication | None
    dated: tuple[Card, ...]
    superseded: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """What the filter looks through."""
        card = self.card
        return " ".join((card.hcpcs_code, card.category, card.region, card.about)).casefold()


class Group(Record):
    """Entries of a heading in a part of the index."""

    heading: str
    entries: tuple[Entry, ...]


class Part(Record):
    """A part of the index: a region of the body, or the codes that are not classified."""

    anchor: str
    heading: str
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        """How many codes it lists."""
        return sum(len(group.entries) for group in self.groups)


class CorrectedPage(Record):
    """What one publication of one page corrected."""

    first: Correction
    corrections: tuple[Correction, ...]
    name: str


def index_parts(cards: Sequence[Card], published: Mapping[str, Publication], on: date) -> tuple[Part, ...]:
    """The cards in the order of the index: by region, category, code. `on` is the day that marks are for."""
    entries = [
        _entry(list(group), published, on)
        for _, group in groupby(
            sorted(cards, key=lambda c: (c.hcpcs_code, c.name)), key=lambda card: card.hcpcs_code
        )
    ]
    placed = sorted(entries, key=lambda entry: (*_place(entry.card), entry.card.hcpcs_code))
    return tuple(
        Part(
            anchor=f"part-{number}",
            heading=heading,
            groups=tuple(
                Group(heading=name, entries=tuple(inside))
                for name, inside in groupby(part, key=lambda entry: _place(entry.card)[2])
            ),
        )
        for number, ((_, heading), part) in enumerate(
            groupby(placed, key=lambda entry: _place(entry.card)[:2]), 1
        )
    )


def _entry(cards: list[Card], published: Mapping[str, Publication], on: date) -> Entry:
    current = next((card for card in cards if card.name == card.hcpcs_code), None)
    return Entry(
        card=current or cards[-1],
        publication=published[current.name] if current else None,
        dated=tuple(card for card in cards if card is not current),
        superseded=current.superseded(on) if current else (),
    )


def _place(card: Card) -> tuple[int, str, str]:
    """Where a code stands: regions by name, then those of any site, then what is not classified, by thousands."""
    if not card.category:
        return 2, "Not classified", f"{card.hcpcs_code[:2]}000 to {card.hcpcs_code[:2]}999"
    anywhere = card.region == _ANY_SITE
    return int(anywhere), card.region.capitalize(), card.category


def render_index(
    cards: Sequence[Card], log: Sequence[Publication], published: Mapping[str, Publication], *, site_name: str
) -> str:
    """`index.html`. Marks are as of the last line of the log, which is not empty."""
    on = max(one.published_at for one in log).date()
    parts = index_parts(cards, published, on)
    return _render(
        "index.html.j2",
        script=_asset("index.js"),
        parts=parts,
        count=sum(part.count for part in parts),
        unreviewed=sum(one.unreviewed for one in published.values()),
        on=on,
        site_name=site_name,
    )


def render_corrections(corrections: Sequence[Correction], published: Iterable[str], *, site_name: str) -> str:
    """`corrections.html`: the newest first, by publication; `published` are the folders of pages that are up."""
    by_publication = [
        tuple(inside)
        for _, inside in groupby(
            corrections, key=lambda one: (one.published_at, one.hcpcs_code, one.as_of, bool(one.claim_id))
        )
    ]
    pages: list[CorrectedPage] = []
    shown = 0
    for inside in reversed(by_publication):
        if found := inside[: SHOWN_CORRECTIONS - shown]:
            shown += len(found)
            name = page_name(found[0].hcpcs_code, found[0].as_of)
            pages.append(CorrectedPage(first=found[0], corrections=found, name=name))
    return _render(
        "corrections.html.j2",
        script=Markup(),
        pages=pages,
        up=frozenset(published),
        total=len(corrections),
        shown=shown,
        site_name=site_name,
    )


def _render(template: str, *, script: Markup, **words: object) -> str:
    css = Markup(page_style() + _asset("site.css"))  # noqa: S704 - our own files
    policy = "; ".join(
        (
            f"default-src 'none'; style-src 'sha256-{_sha256(css)}'; img-src data:",
            "base-uri 'none'; form-action 'none'",
            *([f"script-src 'sha256-{_sha256(script)}'"] if script else ()),
        )
    )
    return _environment().get_template(template).render(css=css, script=script, csp=policy, **words)


@cache
def _environment() -> Environment:
    return template_environment(FileSystemLoader(_TEMPLATES))


@cache
def _asset(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
