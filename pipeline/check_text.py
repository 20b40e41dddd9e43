"""Checking any text against the sources: claim by claim, evidence found by us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pipeline.data import Check, Evidence, Label, Passage, QuoteEvidence, Record
from pipeline.errors import SourceError
from pipeline.examine_text import TextClaim, TextExaminer
from pipeline.index import Embedder
from pipeline.regenerate import Progress
from pipeline.retrieve import opened_index
from pipeline.run import claim_context
from pipeline.verify import InputClaim, read_claims
from pipeline.verify.judges import PairJudge
from pipeline.verify.titles import untold_code
from pipeline.workspace import Workspace

_AT_A_TIME = 16
"""Claims examined together where a judge is asked, so that its calls may run side by side."""
MAX_BYTES = 20 * 2**20
MAX_CLAIM_CHARACTERS = 5_000
"""A sentence of prose is a tenth of it; the checks' time grows with the square of its length."""


class CheckedClaim(Record):
    """One claim of the text. `label` is None only where checking failed; `failure` then says how.

    `sentence` and `headings` as of `InputClaim`: where it stands in the text.
    """

    id: str
    statement_id: str
    claim: str
    label: Label | None
    failure: str = ""
    confidence: float | None
    reason: str
    evidence: tuple[Evidence, ...]
    checks: tuple[Check, ...]
    sentence: str = ""
    headings: tuple[str, ...] = ()

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
    judge: PairJudge | None = None,
) -> Iterator[CheckedClaim]:
    """Yield the claims of a file in order, each with its verdict; `judge` is asked about what the checks leave open.

    Raises SourceError for a file it cannot read, ModelError where the judge's endpoint fails.
    """
    claims = _read(path)
    context = claim_context(workspace, hcpcs_code, as_of)
    whole = path.suffix.lower() in (".jsonl", ".ndjson")  # whoever gave each claim an id wants it back as one
    with _open_search(workspace, embedder=embedder, progress=progress) as find:
        examiner = TextExaminer(context, workspace.corpus, search=find, judge=judge)
        size = _AT_A_TIME if judge else 1
        for start in range(0, len(claims), size):
            some = claims[start : start + size]
            progress(f"claim {start + len(some)}/{len(claims)}")
            found = iter(examiner.examine([claim for claim in some if not _is_long(claim)], whole=whole))
            for claim in some:
                yield from [_unchecked(claim)] if _is_long(claim) else map(_checked, next(found))


def suggest_code(path: Path) -> str:
    """The code to give with a file that names it in its title, and hardly in its claims; "" where there is none.

    Raises SourceError for a file it cannot read.
    """
    return untold_code(path, _read(path))


def _is_long(claim: InputClaim) -> bool:
    return len(claim.text) > MAX_CLAIM_CHARACTERS


def _checked(one: TextClaim) -> CheckedClaim:
    verdict, failure = one.examined.verdict, one.failure
    known = {item.id: item for item in one.examined.evidence}
    return CheckedClaim(
        id=one.claim.id,
        statement_id=one.claim.statement_id,
        claim=one.claim.text,
        label=None if failure else verdict.label,
        failure=failure,
        confidence=None if failure else verdict.confidence,
        reason="" if failure else verdict.reason,
        evidence=tuple(known[id_] for id_ in verdict.evidence_ids if id_ in known),
        checks=verdict.checks,
        sentence=one.claim.sentence,
        headings=one.claim.headings,
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
        headings=claim.headings,
    )
