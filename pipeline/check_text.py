"""Checking any text against the sources: claim by claim, evidence found by us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.data import Check, Claim, Evidence, Label, Passage, QuoteEvidence, Record
from pipeline.errors import SourceError
from pipeline.identity import text_subject
from pipeline.index import Embedder
from pipeline.regenerate import Progress
from pipeline.retrieve import opened_index
from pipeline.run import claim_context
from pipeline.verify import (
    Catalogue,
    CounterEvidence,
    Examined,
    InputClaim,
    checker_version,
    load_rules,
    read_claims,
    verify_text_claim,
)
from pipeline.workspace import Workspace

MAX_BYTES = 20 * 2**20
MAX_CLAIM_CHARACTERS = 5_000
"""A sentence of prose is a tenth of it; the checks' time grows with the square of its length."""


class CheckedClaim(Record):
    """One claim of the text. `label` is None only where checking failed; `failure` then says how."""

    id: str
    statement_id: str
    claim: str
    label: Label | None
    failure: str = ""
    confidence: float | None
    reason: str
    evidence: tuple[Evidence, ...]
    checks: tuple[Check, ...]

    def sources(self) -> Iterator[str]:
        """One line for each piece of evidence."""
        for item in self.evidence:
            if isinstance(item, QuoteEvidence):
                page = f", page {item.page}" if item.page else ""
                yield f"{item.document_id}{page}: {' '.join(item.quote.split())}"
            else:
                fact = item.fact
                carried = (
                    "" if item.in_force_release == fact.release else f", {item.in_force_release} not loaded"
                )
                yield f"{fact.release}{carried}: {fact.hcpcs_code or 'release'} {fact.field} = {fact.value}"


def check_file(
    path: Path,
    *,
    hcpcs_code: str | None,
    workspace: Workspace,
    embedder: Embedder,
    as_of: date,
    progress: Progress,
) -> Iterator[CheckedClaim]:
    """Yield the claims of a file in order, each with its verdict. Raises SourceError for a file it cannot read."""
    claims = _read(path)
    context = claim_context(workspace, hcpcs_code, as_of)
    rules, checker, catalogue = load_rules(), checker_version(), Catalogue(context)
    counter = CounterEvidence(workspace.corpus, context, rules)
    examined_texts: dict[str, Examined] = {}
    with _open_search(workspace, embedder=embedder, progress=progress) as find:
        for number, claim in enumerate(claims, 1):
            progress(f"claim {number}/{len(claims)}")
            if len(claim.text) > MAX_CLAIM_CHARACTERS:
                yield _unchecked(claim)
                continue
            if claim.text not in examined_texts:
                examined = verify_text_claim(
                    claim.text,
                    context=context,
                    rules=rules,
                    checker=checker,
                    search=find,
                    claim_id=claim.id,
                    catalogue=catalogue,
                )
                asserted = Claim(id=claim.id, text=claim.text, subject=text_subject(claim.text))
                examined_texts[claim.text] = counter.weigh(asserted, examined)
            examined = examined_texts[claim.text]
            verdict = examined.verdict
            known = {item.id: item for item in examined.evidence}
            yield CheckedClaim(
                id=claim.id,
                statement_id=claim.statement_id,
                claim=claim.text,
                label=verdict.label,
                confidence=verdict.confidence,
                reason=verdict.reason,
                evidence=tuple(known[id_] for id_ in verdict.evidence_ids if id_ in known),
                checks=verdict.checks,
            )


@contextmanager
def _open_search(
    workspace: Workspace, *, embedder: Embedder, progress: Progress
) -> Iterator[Callable[[str, int], list[Passage]]]:
    """Search by words; by meaning only where no word is found.

    A passage supports only what shares its words, so that nothing is lost, and a page of 150 claims needs no model.
    """
    with opened_index(workspace, embedder=embedder, progress=progress) as index:

        def find(query: str, limit: int) -> list[Passage]:
            hits = index.keyword_search(query, limit=limit) or index.vector_search(query, limit=limit)
            return [hit.passage for hit in hits]

        yield find


def _read(path: Path) -> list[InputClaim]:
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); name a text file") from error
    if size > MAX_BYTES:
        raise SourceError(
            f"{path} has {size / 2**20:,.0f} MiB, more than {MAX_BYTES // 2**20}; split it and check the parts"
        )
    return read_claims(path)


def _unchecked(claim: InputClaim) -> CheckedClaim:
    length, shown = len(claim.text), claim.text[:200]
    return CheckedClaim(
        id=claim.id,
        statement_id=claim.statement_id,
        claim=f"{shown}…",
        label=None,
        failure=f"{length:,} characters, more than the {MAX_CLAIM_CHARACTERS:,} of one claim; split it into sentences",
        confidence=None,
        reason="",
        evidence=(),
        checks=(),
    )
