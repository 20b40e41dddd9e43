"""Where the pages stand: what is published, what waits, what is out of date by which source, what it cost so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pipeline.data import Record
from pipeline.facts.releases import Release, parse_release, release_span
from pipeline.llm import Prices, Usage, cost
from pipeline.page.files import PAGE_FILES
from pipeline.review.publish import Publication, published_now, read_log
from pipeline.review.swap import is_interrupted
from pipeline.site.cards import Card, cards_of
from pipeline.store import holds_files

_LEDGER = PAGE_FILES[-1]


class PageStatus(Record):
    """Where one page stands. `as_of` is the date of service of a page asked for by date.

    `state`: `candidate`: generated, not published; `published`: published, with no other candidate; `changed`: the
    candidate is another one than what is published; `damaged`: the files are not, or no longer, those that went out.
    `stale_by`: releases that the published page draws from, each with the newer one that is loaded and was in force on
    its date. `superseded`: the same by the calendar, loaded or not. `gone`: its page is up though the tables in force
    do not know the code any more. `review_due` None: the site sets no term.
    """

    hcpcs_code: str
    as_of: date | None = None
    state: Literal["candidate", "published", "changed", "damaged"]
    published_on: date | None = None
    unreviewed: bool = False
    stale_by: tuple[tuple[str, str], ...] = ()
    superseded: tuple[tuple[str, str], ...] = ()
    gone: bool = False
    review_due: date | None = None


class Spent(Record):
    """What the stored replies of models cost at list prices, in USD; `unpriced` replies come on top.

    A reply that a later one replaced is not among them, and a batch costs less than its list price.
    """

    replies: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    known_cost: Decimal = Decimal(0)
    unpriced: int = 0


class SiteStatus(Record):
    """All pages, sorted by code. `interrupted`: a publication waits for the next one to finish it."""

    pages: tuple[PageStatus, ...]
    interrupted: bool

    def counts(self) -> dict[str, int]:
        """How many pages are in each state, and how many are out of date or unreviewed."""
        states: dict[str, int] = dict.fromkeys(("published", "changed", "candidate", "damaged"), 0)
        for page in self.pages:
            states[page.state] += 1
        return states | {
            "stale": sum(bool(page.stale_by) for page in self.pages),
            "superseded": sum(bool(page.superseded) for page in self.pages),
            "gone": sum(page.gone for page in self.pages),
            "unreviewed": sum(page.unreviewed for page in self.pages),
        }

    @property
    def next_review(self) -> PageStatus | None:
        """The page that is due first."""
        due = [page for page in self.pages if page.review_due]
        return min(due, key=lambda page: (page.review_due, page.hcpcs_code), default=None)


def site_status(
    outputs: Path,
    candidates: Path,
    *,
    loaded: Callable[[str], Iterable[str]],
    stands: Callable[[str, date], bool],
    today: date,
    review_every_days: int = 0,
) -> SiteStatus:
    """The status of every page that is published, or generated and lies among the candidates.

    `loaded` gives the names of the releases that say what is known of a code, `stands` says whether the tables in force
    on a date know it; `review_every_days` 0: no term. Raises SourceError for a damaged log.
    """
    published = published_now(read_log(outputs))
    cards = {card.name: card for card in cards_of(outputs, published.values())}
    names = published.keys() | _candidates(candidates)
    pages = [
        _page_status(
            name,
            published.get(name),
            cards.get(name),
            candidates / name / _LEDGER,
            outputs / name / _LEDGER,
            loaded=loaded,
            stands=stands,
            today=today,
            every=review_every_days,
        )
        for name in sorted(names)
    ]
    return SiteStatus(pages=tuple(pages), interrupted=is_interrupted(outputs))


def _page_status(
    name: str,
    publication: Publication | None,
    card: Card | None,
    candidate: Path,
    ledger: Path,
    *,
    loaded: Callable[[str], Iterable[str]],
    stands: Callable[[str, date], bool],
    today: date,
    every: int,
) -> PageStatus:
    code, _, dated = name.partition("/as-of/")
    as_of = date.fromisoformat(dated) if dated else None
    if publication is None:
        return PageStatus(hcpcs_code=code, as_of=as_of, state="candidate")
    published_on = publication.published_at.date()
    due = published_on + timedelta(days=every) if every and not dated else None
    common = PageStatus(
        hcpcs_code=code,
        as_of=as_of,
        state="published",
        published_on=published_on,
        unreviewed=publication.unreviewed,
        review_due=due,
    )
    if card is None or not holds_files(ledger.parent, publication.sha256):
        return common.model_copy(update={"state": "damaged"})
    on = as_of or today
    return common.model_copy(
        update={
            "state": "changed" if _differs(candidate, ledger, publication) else "published",
            "stale_by": _stale_by(card, loaded(code), on),
            "superseded": () if dated else card.superseded(today),
            "gone": not stands(code, on),
        }
    )


def _differs(candidate: Path, ledger: Path, publication: Publication) -> bool:
    """Whether there is a candidate, and it is another page than what the log says is published."""
    try:
        if candidate.stat().st_size != ledger.stat().st_size:
            return True
        data = candidate.read_bytes()
    except OSError:
        return False
    return hashlib.sha256(data).hexdigest() != publication.sha256.get(_LEDGER)


def _candidates(folder: Path) -> set[str]:
    return {
        path.parent.relative_to(folder).as_posix()
        for pattern in (f"*/{_LEDGER}", f"*/as-of/*/{_LEDGER}")
        for path in folder.glob(pattern)
    }


def _stale_by(card: Card, loaded: Iterable[str], on: date) -> tuple[tuple[str, str], ...]:
    held = {release.family: release for release in map(parse_release, card.releases)}
    newest: dict[str, Release] = {}
    for release in sorted(map(parse_release, loaded), key=lambda one: one.order):
        own = held.get(release.family)
        if own and own.order < release.order and not release.qpp and release_span(release.name)[0] <= on:
            newest[release.family] = release
    return tuple((held[family].name, newest[family].name) for family in sorted(newest))


def spent_so_far(journal: Path, prices: Prices) -> Spent:
    """What the replies in the journal's folder used and cost; entries that cannot be read are passed over."""
    replies, unpriced, total, known = 0, 0, Usage(), Decimal(0)
    for path in sorted(journal.glob("*.json")):
        try:
            entry = json.loads(path.read_bytes())
            usage = Usage.model_validate(entry["reply"]["usage"])
            model = str(entry["request"]["model"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        replies += 1
        total += usage
        paid = cost(usage, prices.get(model))
        known, unpriced = (known, unpriced + 1) if paid is None else (known + paid, unpriced)
    return Spent(
        replies=replies,
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        known_cost=known,
        unpriced=unpriced,
    )
