"""Claims about diagnoses that a document lists: read and composed again from the document as it is stored.

A condition's sentence is also composed from its quoted rows alone, so that no code, side or absence stands on a page
that these rows do not bear out; its table row is the sentence's, cell by cell. A sentence on what the document says
about a list holds its quote word for word.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.data import Check, Claim, Evidence, Outcome, QuoteEvidence, SourceDocument, Statement
from pipeline.sources.diagnoses import (
    SUBJECT_KINDS,
    compose_diagnoses,
    condition_cells,
    condition_text,
    quote_place,
    read_diagnoses,
)
from pipeline.verify.claims import split_claims
from pipeline.verify.context import ClaimContext, Finding

CHECK = "diagnoses"
COLUMNS = ("Condition", "Right", "Left", "Bilateral", "Side not named")
"""The heads of our pages' tables of diagnoses, as in `prompts/sections/diagnoses.md`."""


def check_diagnoses(claim: Claim, evidence: Sequence[Evidence], *, context: ClaimContext) -> list[Finding]:
    """Check a claim about listed diagnoses; nothing for any other claim.

    It stands where the document is in force, ties the very codes to the page's code, and the claim quotes all places
    that say so, and says what they say.
    """
    kind, _, rest = claim.subject.partition(":")
    if kind not in SUBJECT_KINDS:
        return []
    quotes = tuple(item for item in evidence if isinstance(item, QuoteEvidence))
    document = context.documents.get(rest.partition("/")[0])
    problem = _problem(claim, quotes, document, context) if document else "the document is not stored"
    check = Check(
        check=CHECK,
        outcome=Outcome.FAIL if problem else Outcome.PASS,
        reason=problem or "composed again from the quoted rows of the document, word for word",
        found=claim.text,
        evidence_ids=tuple(item.id for item in quotes),
    )
    return [Finding(check, evidence=quotes)]


def _problem(
    claim: Claim, quotes: Sequence[QuoteEvidence], document: SourceDocument, context: ClaimContext
) -> str:
    code = context.hcpcs_code
    if code is None:
        return "the text belongs to no code"
    if not document.in_force(context.as_of):
        return f"{document.title} is not in force on {context.as_of}"
    composed = compose_diagnoses(document, code)
    expected = next((one for one in (*composed.above, *composed.rows) if one.subject == claim.subject), None)
    if expected is None:
        return f"{document.title} ties no such diagnosis to {code}"
    wanted = [quote_place(document, place) for place in expected.places]
    if {_bare(item) for item in quotes} != {_bare(item) for item in wanted}:
        return "the claim does not quote the places of the document that say this, and these alone"
    if claim.payer_scope != document.payer_scope:
        return f"the document speaks for {document.payer_scope}, not for {claim.payer_scope}"
    if claim.subject.startswith("diagnosis:"):
        key = claim.subject.rpartition("/")[2]
        left_out = read_diagnoses(document, code).left_out
        quoted = [item.quote for item in quotes]
        if condition_text(document, code, key, quoted, left_out=left_out) != claim.text:
            return "the quoted rows do not say this"
    if claim.subject.startswith("diagnosis_proviso:") and not _holds(claim.text, quotes):
        return "the claim does not hold the quoted words"
    return "" if claim.text == expected.text else "the document does not say this"


def _holds(text: str, quotes: Sequence[QuoteEvidence]) -> bool:
    return all(f"“{' '.join(item.quote.split())}”" in text for item in quotes)


def _bare(item: QuoteEvidence) -> tuple[str, int, int, str, str]:
    return item.document_id, item.start, item.end, item.quote, item.level


def listed_texts(hcpcs_code: str, context: ClaimContext) -> dict[str, tuple[QuoteEvidence, ...]]:
    """All that our pages say of diagnoses listed for the code, sentences and table rows, with what they quote."""
    texts: dict[str, tuple[QuoteEvidence, ...]] = {}
    for document in context.documents.values():
        if document.id.startswith("note:") or not document.in_force(context.as_of):
            continue
        composed = compose_diagnoses(document, hcpcs_code)
        for one in (*composed.above, *composed.rows):
            quotes = tuple(quote_place(document, place) for place in one.places)
            row = "; ".join(f"{head}: {cell}" for head, cell in zip(COLUMNS, one.cells, strict=False))
            pieces = split_claims(one.text)
            if one.subject.startswith("diagnosis_proviso:") and len(pieces) > 1:
                pieces = []  # a piece would pass the document's words off as ours
            texts |= dict.fromkeys([*pieces, *([row] if row else [])], quotes)
    return texts


def strange_cells(statement: Statement) -> tuple[str, ...]:
    """The cells that a row of diagnoses should have, where its own are others; empty: they are its sentence's."""
    kind, _, rest = statement.claims[0].subject.partition(":") if statement.claims else ("", "", "")
    if kind != "diagnosis":
        return ()
    expected = condition_cells(rest.rpartition("/")[2], statement.claims[0].text)
    return () if statement.cells == expected else expected
