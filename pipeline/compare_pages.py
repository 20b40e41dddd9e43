"""Pages beside each other: what two of them say of one thing has to be the same, and no figure is a sibling's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from pipeline.data import Page
from pipeline.errors import SourceError
from pipeline.page.files import PAGE_FILES
from pipeline.page.layout import statements_of
from pipeline.regenerate import read_candidate, read_ledger
from pipeline.settings import Settings
from pipeline.verify import Inconsistency, Said, find_inconsistencies


def compare_pages(pages: Iterable[Page]) -> list[Inconsistency]:
    """The pairs of claims, on one page or on two, that cannot both hold; pages of one date of service only."""
    return find_inconsistencies([said for page in pages for said in said_on(page)])


def said_on(page: Page) -> Iterator[Said]:
    """Every claim that stands on a page, each once, with its evidence."""
    seen: set[str] = set()
    for statement in statements_of(page):
        for claim in statement.claims:
            if claim.id in seen:
                continue
            seen.add(claim.id)
            verdict = page.verdicts.get(claim.id)
            named = dict.fromkeys((*claim.evidence_ids, *(verdict.evidence_ids if verdict else ())))
            evidence = tuple(page.evidence[id_] for id_ in named if id_ in page.evidence)
            yield Said(page.hcpcs_code, claim, evidence)


class PagesAtHand(NamedTuple):
    """Pages by code, and of each ledger that cannot be read, what is wrong and what to do."""

    pages: list[Page]
    damaged: list[str]


def read_pages(settings: Settings) -> PagesAtHand:
    """The current candidate of every code, else, also where that is damaged, its published page."""
    folders = (settings.candidates, settings.outputs)
    codes = {path.parent.name for folder in folders for path in folder.glob("*/page.json")}
    found = PagesAtHand([], [])
    for code in sorted(codes):
        for read in (
            partial(read_candidate, settings.candidates / code),
            partial(read_ledger, settings.outputs / code / PAGE_FILES[-1]),
        ):
            try:
                page = read()
            except SourceError as error:
                found.damaged.append(str(error))
                continue
            if page is not None:
                found.pages.append(page)
                break
    return found
