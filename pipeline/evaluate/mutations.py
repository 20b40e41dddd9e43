"""The mutation suite: how much of what was made false is caught, and how much of what stayed true is rejected.

Caught is a false claim that is not labelled supported. Each pair is tried as a claim of a page with its evidence, the
same with a judge who agrees to everything, as a sentence of an outside text without a search, and as one for which the
search finds the very source of the original.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from pipeline.data import Claim, Evidence, Judgement, Label, Passage, QuoteEvidence, Record, Verdict
from pipeline.evaluate.metrics import Estimate, wilson
from pipeline.verify import (
    Catalogue,
    ClaimContext,
    checker_version,
    examine_claim,
    load_rules,
    verify_text_claim,
)

Mode = Literal["page", "agreed", "text", "found"]
MODES: dict[Mode, str] = {
    "page": "claim of a page",
    "agreed": "and a judge who agrees",
    "text": "outside text, no search",
    "found": "outside text, source found",
}
UNTOUCHED = "untouched"
GOALS = {
    **dict.fromkeys(("number", "unit", "code", "modifier", "indicator", "global_class", "setting"), 0.995),
    **dict.fromkeys(
        ("negation", "quantifier", "count", "date", "payer", "sibling", "dropped_condition"), 0.95
    ),
}
"""The share of each type of mutation that should be caught."""
REWORDINGS = ("synonym", "if_when", "order", "this_code", "thousands", "contraction", "voice")
"""Changes that leave a claim true."""

MOST_REJECTED = 0.02
"""The share of true claims, untouched or reworded, that may be rejected."""

_AGREES = Judgement(
    about="", label=Label.SUPPORTED, reason="agrees to everything", model="agrees", prompt_hash=""
)


class TrueClaim(Record):
    """A supported claim of a code's page with the evidence that it cites."""

    hcpcs_code: str
    claim: Claim
    evidence: tuple[Evidence, ...]

    @property
    def basis(self) -> Literal["notes", "rows"]:
        """What it rests on: the words of a note, or rows of tables that it is composed from."""
        return "notes" if self.claim.subject.startswith("note:") else "rows"


class Pair(Record):
    """A true claim and what a mutation of the type made of it; `harmless`: the change leaves it true."""

    id: str
    type: str
    harmless: bool = False
    hcpcs_code: str
    claim_id: str
    original: str
    text: str
    evidence_ids: tuple[str, ...]


class Trial(Record):
    """What one pair, or an untouched claim, was labelled in one mode, and why."""

    pair: Pair
    basis: str
    mode: Mode
    label: Label
    reason: str


class Score(Record):
    """Shares of one type in one mode: not supported, and refuted among all. `basis` empty: of both."""

    type: str
    harmless: bool
    basis: str
    mode: Mode
    not_supported: Estimate
    refuted: Estimate


class MutationReport(Record):
    """All scores. `missed` are mutations that were supported, `rejected` true claims that were not."""

    pairs: int
    checker: str
    scores: tuple[Score, ...]
    missed: tuple[Trial, ...]
    rejected: tuple[Trial, ...]


def measure_mutations(
    pairs: Sequence[Pair],
    claims: Mapping[str, TrueClaim],
    *,
    context_of: Callable[[str], ClaimContext],
    passages: Mapping[str, Sequence[Passage]],
    progress: Callable[[str], None] = lambda _: None,
) -> MutationReport:
    """Try every pair, and every claim that a pair was made from as it was, in all modes.

    `claims` by claim id, `passages` by document id.
    """
    originals = {pair.claim_id: _untouched(claims[pair.claim_id]) for pair in pairs}
    tried = sorted([*originals.values(), *pairs], key=lambda pair: pair.hcpcs_code)
    trials: list[Trial] = []
    known: tuple[str, ClaimContext, Catalogue] | None = None
    for number, pair in enumerate(tried):
        if known is None or known[0] != pair.hcpcs_code:
            progress(f"{pair.hcpcs_code} ({number}/{len(tried)})")
            context = context_of(pair.hcpcs_code)
            known = pair.hcpcs_code, context, Catalogue(context)
        claim = claims[pair.claim_id]
        for mode in MODES:
            verdict = _verdict(claim, pair.text, mode, known[1], known[2], passages)
            trials.append(
                Trial(pair=pair, basis=claim.basis, mode=mode, label=verdict.label, reason=verdict.reason)
            )
    passed = [trial for trial in trials if (trial.label is Label.SUPPORTED) != trial.pair.harmless]
    return MutationReport(
        pairs=sum(not pair.harmless for pair in pairs),
        checker=checker_version(),
        scores=tuple(_scores(trials)),
        missed=tuple(trial for trial in passed if not trial.pair.harmless),
        rejected=tuple(trial for trial in passed if trial.pair.harmless),
    )


def _untouched(claim: TrueClaim) -> Pair:
    return Pair(
        id=claim.claim.id,
        type=UNTOUCHED,
        harmless=True,
        hcpcs_code=claim.hcpcs_code,
        claim_id=claim.claim.id,
        original=claim.claim.text,
        text=claim.claim.text,
        evidence_ids=claim.claim.evidence_ids,
    )


def _verdict(
    claim: TrueClaim,
    text: str,
    mode: Mode,
    context: ClaimContext,
    catalogue: Catalogue,
    passages: Mapping[str, Sequence[Passage]],
) -> Verdict:
    rules, checker = load_rules(), checker_version()
    if mode in ("page", "agreed"):
        stated = claim.claim.model_copy(update={"text": text})
        judgement = _AGREES if mode == "agreed" else None
        return examine_claim(
            stated, claim.evidence, context=context, rules=rules, checker=checker, judgement=judgement
        ).verdict
    own = [
        passage
        for item in claim.evidence
        if isinstance(item, QuoteEvidence)
        for passage in passages.get(item.document_id, ())
    ]
    search = (lambda _query, limit: own[:limit]) if mode == "found" else None
    return verify_text_claim(
        text, context=context, rules=rules, checker=checker, search=search, catalogue=catalogue
    ).verdict


def _scores(trials: Iterable[Trial]) -> Iterator[Score]:
    """By type and mode, of all and by their basis: rows are composed again, words of notes are not."""
    groups: dict[tuple[str, bool, str, Mode], list[Label]] = {}
    for trial in trials:
        pair = trial.pair
        for basis in ("", trial.basis):
            groups.setdefault((pair.type, pair.harmless, basis, trial.mode), []).append(trial.label)
    for (type_, harmless, basis, mode), labels in sorted(groups.items()):
        yield Score(
            type=type_,
            harmless=harmless,
            basis=basis,
            mode=mode,
            not_supported=wilson(sum(label is not Label.SUPPORTED for label in labels), len(labels)),
            refuted=wilson(labels.count(Label.REFUTED), len(labels)),
        )
