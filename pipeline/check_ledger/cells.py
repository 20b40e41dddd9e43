"""What a statement shows beside its words: the cells of its table row, composed again, and its adjustment codes."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.check_ledger.findings import CELLS, against, undecided, unseen
from pipeline.check_ledger.held import Held
from pipeline.data import Check, Claim, Page, QuoteEvidence, RowEvidence, Statement
from pipeline.draft.extractive import without_edit
from pipeline.draft.tables import card_cells
from pipeline.facts.rows import FactSentence
from pipeline.facts.sentences import SUBJECT_KINDS
from pipeline.sources.diagnoses import condition_cells
from pipeline.verify.rows import compose_cited

_DENIALS = "denials"  # the section whose statements name adjustment codes


def check_shown(statement: Statement, page: Page, *, held: Held) -> Iterator[Check]:
    """What a statement shows that its claims and their evidence do not say."""
    yield from _check_cells(statement, page)
    yield from _check_codes(statement, page, held)


def _check_cells(statement: Statement, page: Page) -> Iterator[Check]:
    expected = _cells(statement, page)
    if expected is None:
        yield undecided(
            CELLS, "the cited rows do not make a table row to compare", found=" | ".join(statement.cells)
        )
    elif expected != statement.cells:
        yield against(
            CELLS,
            "the table row is not what its evidence says",
            expected=" | ".join(expected),
            found=" | ".join(statement.cells),
        )


def _cells(statement: Statement, page: Page) -> tuple[str, ...] | None:
    """The cells that the statement has to have, empty for none; None where its rows compose no sentence."""
    claim = statement.claims[0]
    kind, _, rest = claim.subject.partition(":")
    if kind == "diagnosis":
        return condition_cells(rest.rpartition("/")[2], claim.text)
    if kind == "class" and rest != "summary":
        return _relation(statement, rest, page)
    if kind not in SUBJECT_KINDS:
        return ()
    sentence = _sentence(claim, page)
    if sentence is None:
        return None
    return card_cells(sentence) if statement.section_key == "strip" else sentence.cells


def _relation(statement: Statement, other: str, page: Page) -> tuple[str, ...] | None:
    """The other code, how it differs, and the first cells of the sentences on how the two are related."""
    first, *relations = statement.claims
    composed = [_sentence(claim, page) for claim in relations if _kind(claim) in SUBJECT_KINDS]
    said = [sentence.cells[0] for sentence in composed if sentence is not None]
    if len(said) < len(relations):
        return None
    return (other, first.text.removeprefix(f"{other}: "), "; ".join(said))


def _kind(claim: Claim) -> str:
    return claim.subject.partition(":")[0]


def _sentence(claim: Claim, page: Page) -> FactSentence | None:
    cited = (page.evidence.get(id_) for id_ in claim.evidence_ids)
    rows = [item for item in cited if isinstance(item, RowEvidence)]
    return compose_cited(claim.subject, page.hcpcs_code, rows)


def _check_codes(statement: Statement, page: Page, held: Held) -> Iterator[Check]:
    """The adjustment codes are those of a cited note, that of NCCI edits left out where no edit bears it out."""
    shown, found = statement.adjustment_codes, ", ".join(statement.adjustment_codes)
    if statement.section_key != _DENIALS:
        if shown:
            yield against(CELLS, "adjustment codes stand at what is no denial reason", found=found)
        return
    notes = _cited_notes(statement, page)
    given = [codes for note in notes if (codes := held.adjustments.get(note))]
    possible = {variant for codes in given for variant in (codes, without_edit(codes))} or {()}
    if shown in possible:
        return
    strange = [note for note in notes if note not in held.adjustments]
    if strange:
        yield unseen(f"the adjustment codes of {', '.join(strange)}")
        return
    yield against(
        CELLS,
        "the adjustment codes are not those of a note that it cites",
        expected=" or ".join(sorted(", ".join(codes) or "none" for codes in possible)),
        found=found or "none",
    )


def _cited_notes(statement: Statement, page: Page) -> list[str]:
    cited = (page.evidence.get(id_) for claim in statement.claims for id_ in claim.evidence_ids)
    named = (item.document_id for item in cited if isinstance(item, QuoteEvidence))
    return sorted({name for name in named if name.startswith("note:")})
