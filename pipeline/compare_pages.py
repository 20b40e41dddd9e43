"""Pages beside each other: what two of them say of one thing has to be the same, and no figure is a sibling's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.data import Page
from pipeline.errors import SourceError
from pipeline.page.layout import statements_of
from pipeline.regenerate import read_candidate, read_published
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


def read_pages(settings: Settings) -> list[Page]:
    """The current candidate of every code, else its published page, by code; a damaged one is left out."""
    folders = (settings.candidates, settings.outputs)
    codes = {path.parent.name for folder in folders for path in folder.glob("*/page.json")}
    pages = []
    for code in sorted(codes):
        try:
            page = read_candidate(settings.candidates / code) or read_published(code, settings)
        except SourceError:
            continue
        if page is not None:
            pages.append(page)
    return pages
