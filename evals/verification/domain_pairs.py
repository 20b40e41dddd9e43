"""Our own pairs for a judge: claims of notes beside the passage they are from, as they were, reworded and mutated.

Rows as `briefwright eval verification --data` reads them. A subset is a type of mutation with the claims it was made
from, so that each has both kinds; rewordings, all true, are one of their own. Claims composed from table rows are left
out: a row is no text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evals.verification.claims import Starter
from evals.verification.mutations import SEED, make_pairs
from pipeline.data import Passage, QuoteEvidence
from pipeline.evaluate.labelled import LabelledPair, Truth
from pipeline.evaluate.mutations import Pair, TrueClaim

REWORDED = "reworded"


def own_pairs(starter: Starter, *, seed: int = SEED) -> list[LabelledPair]:
    """The pairs of all starter codes, the same for the same seed."""
    pairs = make_pairs(starter, seed=seed)
    claims = {claim.claim.id: claim for code in starter.codes() for claim in starter.of(code).claims}
    return list(domain_pairs(pairs, claims, starter.passages()))


def domain_pairs(
    pairs: Sequence[Pair], claims: Mapping[str, TrueClaim], passages: Mapping[str, Sequence[Passage]]
) -> Iterator[LabelledPair]:
    """Two rows a mutation, one a rewording; `claims` by claim id, `passages` by document id.

    Rows of one passage are a group: notes say the same of several codes.
    """
    texts = {passage.id: passage.text for found in passages.values() for passage in found}
    for pair in pairs:
        claim = claims[pair.claim_id]
        if claim.basis != "notes":
            continue
        ids = dict.fromkeys(item.passage_id for item in claim.evidence if isinstance(item, QuoteEvidence))
        evidence = "\n".join(texts[id_] for id_ in ids)
        if pair.harmless:
            yield _row(pair.id, REWORDED, evidence, pair.text, "supported")
        else:
            yield _row(f"{pair.id}-was", pair.type, evidence, pair.original, "supported")
            yield _row(pair.id, pair.type, evidence, pair.text, "not_supported")


def _row(id_: str, subset: str, evidence: str, claim: str, label: Truth) -> LabelledPair:
    return LabelledPair(id=id_, subset=subset, evidence=evidence, claim=claim, label=label)
