"""What the index says of each published page, kept beside the pages so that a ledger is read once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Page, Record
from pipeline.errors import SourceError
from pipeline.facts.releases import newer_on, release_span
from pipeline.page.currency import newest_releases
from pipeline.page.files import PAGE_FILES
from pipeline.page.layout import statements_of
from pipeline.page.ledger import load_ledger
from pipeline.review.publish import Publication

CATALOGUE = "pages.jsonl"


class Card(Record):
    """A published page in a few fields. `name` is its folder; `sha256` is that of its ledger.

    `releases` are the newest of each family of tables that the page draws from.
    """

    name: str
    sha256: str
    hcpcs_code: str
    as_of: date
    category: str
    region: str
    about: str
    claims: int
    gaps: int
    releases: tuple[str, ...]
    verified_on: date

    @property
    def current_until(self) -> date | None:
        """The last day on which none of its tables has a newer release by the calendar; None where nothing ends."""
        ends = (release_span(release)[1] for release in self.releases)
        return min((end for end in ends if end is not None), default=None)

    def superseded(self, on: date) -> tuple[tuple[str, str], ...]:
        """Its releases that have a newer one by the calendar on that day, each with that one."""
        return tuple((name, newer) for name in self.releases if (newer := newer_on(name, on)))

    @property
    def superseded_from(self) -> date | None:
        """The first day on which a newer release is due."""
        return self.current_until + timedelta(days=1) if self.current_until else None


def card_of(page: Page, *, name: str, sha256: str) -> Card:
    """The card of a page that is published under that name."""
    return Card(
        name=name,
        sha256=sha256,
        hcpcs_code=page.hcpcs_code,
        as_of=page.as_of,
        category=page.category,
        region=page.region,
        about=page.summary.text if page.summary else "",
        claims=sum(len(statement.claims) for statement in statements_of(page)),
        gaps=len(page.gaps),
        releases=newest_releases(page),
        verified_on=page.verified_on,
    )


def read_catalogue(root: Path) -> dict[str, Card]:
    """The cards kept under `root`, by name; none where they cannot be read: they are made anew from the ledgers."""
    try:
        cards = [Card.model_validate_json(line) for line in (root / CATALOGUE).read_bytes().splitlines()]
    except (OSError, ValidationError):
        return {}
    return {card.name: card for card in cards}


def cards_of(root: Path, published: Iterable[Publication]) -> list[Card]:
    """A card for each of the pages, sorted by name; the ledger is read where the one kept is of another.

    A page whose ledger is missing or damaged has none: it must not keep the others from being published.
    """
    kept = read_catalogue(root)
    cards = []
    for publication in sorted(published, key=lambda one: one.name):
        sha256 = publication.sha256.get(PAGE_FILES[-1], "")
        card = kept.get(publication.name)
        if card is None or card.sha256 != sha256:
            try:
                text = (root / publication.name / PAGE_FILES[-1]).read_text(encoding="utf-8")
                card = card_of(load_ledger(text), name=publication.name, sha256=sha256)
            except (OSError, UnicodeDecodeError, SourceError):
                continue
        cards.append(card)
    return cards


def dump_catalogue(cards: Iterable[Card]) -> str:
    """The cards as JSON Lines."""
    return "".join(card.model_dump_json() + "\n" for card in cards)
