"""Corrections: what a published page said and a later publication says otherwise, or not at all, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pipeline.data import Claim, Page, QuoteEvidence, Record, RowEvidence, Verdict, is_supported
from pipeline.json_lines import read_json_lines
from pipeline.page.layout import statements_of
from pipeline.page.matching import Mark, Subject, match_claims, subject_of_claim
from pipeline.page.text import one_line
from pipeline.review.publish import Publication

CORRECTIONS_LOG = "corrections.jsonl"


class Correction(Record):
    """One claim that was published and changed or was withdrawn; of a page taken down, all of it.

    `as_of` is the date of service of a page asked for by date. `claim_id` is that of the old claim, empty for a whole
    page; `says` is empty for what was withdrawn. `published_at`: when the old page gave way.
    """

    kind: Literal["changed", "withdrawn", "page_withdrawn"]
    hcpcs_code: str
    as_of: date | None = None
    claim_id: str = ""
    said: str = ""
    says: str = ""
    reason: str
    published_at: datetime


def read_corrections(root: Path) -> list[Correction]:
    """Every correction logged under `root`, the oldest first. Raises SourceError."""
    return read_json_lines(
        root / CORRECTIONS_LOG, Correction, called="correction", mend="restore the file from version control"
    )


def page_corrections(old: Page, new: Page, publication: Publication, *, mark: Mark) -> list[Correction]:
    """What `publication` of `new` corrects in `old`, in the old page's reading order.

    A new claim corrects nothing, nor does the same sentence by a newer release.
    """
    first, second = _subjects(old), _subjects(new)
    pairs = {
        first[pair.old].claim_id: second[pair.new].claim_id for pair in match_claims(first, second, mark=mark)
    }
    claims = {claim.id: claim for _, claim in _claims(new)}
    found: dict[str, Correction] = {}
    for _, claim in _claims(old):
        after = claims.get(pairs.get(claim.id, ""))
        if claim.id in found or (after is not None and _says(after, mark) == _says(claim, mark)):
            continue
        reason = _why_changed(old, new, claim, after) if after else _why_withdrawn(new, claim, old)
        found[claim.id] = Correction(
            kind="changed" if after else "withdrawn",
            hcpcs_code=old.hcpcs_code,
            as_of=publication.as_of,
            claim_id=claim.id,
            said=claim.text,
            says=after.text if after else "",
            reason="; ".join(filter(None, (reason, publication.reason))),
            published_at=publication.published_at,
        )
    return list(found.values())


def page_withdrawn(publication: Publication) -> Correction:
    """The correction of a page that is taken down."""
    return Correction(
        kind="page_withdrawn",
        hcpcs_code=publication.hcpcs_code,
        as_of=publication.as_of,
        reason=publication.reason,
        published_at=publication.published_at,
    )


def _subjects(page: Page) -> list[Subject]:
    return [subject_of_claim(claim, section) for section, claim in _claims(page)]


def _claims(page: Page) -> Iterator[tuple[str, Claim]]:
    for statement in statements_of(page):
        for claim in statement.claims:
            yield statement.section_key, claim


def _says(claim: Claim, mark: Mark) -> list[str]:
    """The words of a claim, without the names of releases in them."""
    return [word for word in mark(one_line(claim.text)).split() if not word.startswith("rel#")]


def _why_changed(old: Page, new: Page, before: Claim, after: Claim) -> str:
    was, now = _rows(old, before), _rows(new, after)
    moved = {
        f"{was[field].fact.release} → {now[field].fact.release}"
        for field in was.keys() & now.keys()
        if was[field].fact.release != now[field].fact.release
    }
    if moved:
        return f"release {', '.join(sorted(moved))}"
    if changed := sorted(
        field for field in was.keys() & now.keys() if was[field].fact.value != now[field].fact.value
    ):
        return f"the row was read again: {', '.join(changed)}"
    if (gone := _sources(old, before)) != (came := _sources(new, after)):
        return f"source: {', '.join(gone) or 'none'} → {', '.join(came) or 'none'}"
    if old.checker != new.checker:
        return f"checked anew by {new.checker}"
    return "reworded, on the same evidence"


def _why_withdrawn(new: Page, claim: Claim, old: Page) -> str:
    for item in new.withheld:
        if any(held.id == claim.id for held in item.statement.claims):
            against = [verdict for verdict in item.verdicts if not is_supported(verdict)]
            reasons = [v.reason if isinstance(v, Verdict) else v.failure for v in against]
            return f"it did not pass the checks again: {'; '.join(dict.fromkeys(reasons))}".rstrip(": ")
    rest = {name for other in new.evidence.values() for name in _named(new, other)}
    if lost := [name for name in _sources(old, claim) if name not in rest]:
        return f"the page draws no more from {', '.join(lost)}"
    return "no longer stated"


def _rows(page: Page, claim: Claim) -> dict[str, RowEvidence]:
    items = (page.evidence.get(id_) for id_ in claim.evidence_ids)
    return {
        f"{item.fact.hcpcs_code}.{item.fact.modifier}.{item.fact.field}": item
        for item in items
        if isinstance(item, RowEvidence)
    }


def _sources(page: Page, claim: Claim) -> list[str]:
    items = (page.evidence.get(id_) for id_ in claim.evidence_ids)
    return sorted({name for item in items if item is not None for name in _named(page, item)})


def _named(page: Page, item: QuoteEvidence | RowEvidence) -> tuple[str, ...]:
    """What the evidence comes from, as a reader knows it."""
    if isinstance(item, RowEvidence):
        return (item.fact.release,)
    use = page.documents.get(item.document_id)
    return (f"{use.title}, {use.edition}",) if use else (item.document_id,)
