"""What a ledger says of its sources, title and authority and the like, beside what the installation says of them."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check_ledger.findings import HELD, RECORD, against
from pipeline.check_ledger.held import Held
from pipeline.data import Check, Evidence, Page, QuoteEvidence, RowEvidence, SourceUse
from pipeline.identity import evidence_id

_COMPARED = ("publisher", "title", "edition", "url", "authority", "licence")


def compare_description(id_: str, item: Evidence, page: Page, *, held: Held) -> Iterator[Check]:
    """What is wrong with how the source of a piece of evidence is described, where it is quoted and in the references.

    Whether the document behind a note is present depends on the installation, and is not compared.
    """
    quoted = page.documents.get(item.document_id) if isinstance(item, QuoteEvidence) else None
    expected = _described(id_, item, held) or quoted
    if expected is None:
        return
    if quoted is not None:
        yield from _differences(HELD, expected, quoted, id_)
        if quoted.locators != expected.locators:
            yield _otherwise(HELD, expected, "locators", quoted, id_)
    listed = next((source for source in page.sources if source.id == expected.id), None)
    if listed is None:
        yield against(RECORD, f"the references lack {expected.id}", expected=expected.id, evidence=id_)
        return
    yield from _differences(RECORD, expected, listed, id_)
    if not set(expected.locators) <= set(listed.locators):
        yield _otherwise(RECORD, expected, "locators", listed, id_)
    if isinstance(item, RowEvidence) and item.level == "table":
        yield from _misdated(item, listed, page, id_)


def _misdated(item: RowEvidence, listed: SourceUse, page: Page, id_: str) -> Iterator[Check]:
    """Whether the references say of a release what one of its rows does: in force, or carried in place of which."""
    rows = [one for one in page.evidence.values() if isinstance(one, RowEvidence)]
    said = {(one.currency, one.in_force_release) for one in rows if one.fact.release == item.fact.release}
    currencies, in_force = zip(*said, strict=True)
    if listed.currency not in currencies or listed.in_force_release not in in_force:
        yield against(
            RECORD,
            f"the references say of {listed.id} that {listed.in_force_release or 'no release'} is in force",
            expected=item.in_force_release,
            found=listed.in_force_release,
            evidence=id_,
        )


def _described(id_: str, item: Evidence, held: Held) -> SourceUse | None:
    """What the installation says of the source; None where it has not got it, or not with this text."""
    if isinstance(item, QuoteEvidence):
        document = held.documents.get(item.document_id)
        if document is None or id_ != evidence_id(document.id, document.sha256, item.start, item.end):
            return None
    return held.describe(item)


def _differences(check: str, expected: SourceUse, found: SourceUse, id_: str) -> Iterator[Check]:
    for name in _COMPARED:
        if getattr(expected, name) != getattr(found, name):
            yield _otherwise(check, expected, name, found, id_)


def _otherwise(check: str, expected: SourceUse, name: str, found: SourceUse, id_: str) -> Check:
    said, shown = (_text(one, name) for one in (expected, found))
    where = "the references give" if check == RECORD else "the ledger gives"
    reason = (
        f"{where} {expected.id} another {name.removesuffix('s')}: {shown or 'none'}, not {said or 'none'}"
    )
    return against(check, reason, expected=said, found=shown, evidence=id_)


def _text(use: SourceUse, name: str) -> str:
    value = getattr(use, name)
    return "; ".join(value) if isinstance(value, tuple) else str(value)
