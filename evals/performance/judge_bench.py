"""How many claims a second the local judge judges, its evidence read before, and how much of that is embedding."""

from __future__ import annotations

import time
from collections.abc import Callable

from evals.verification.claims import Starter
from pipeline.data import QuoteEvidence
from pipeline.index import MiniLmEmbedder
from pipeline.verify.local_judge import LocalJudge, Pair, load_weights
from pipeline.verify.support import quote_in_context

_PAIRS = 256
_TOGETHER = 16


def run() -> list[tuple[str, str]]:
    """Rows of (what, measured), times in CPU. Goal: 50 claims a second with passage vectors cached."""
    pairs = _pairs(Starter())
    embedder = MiniLmEmbedder()
    embedder.embed(["first"])
    judge = LocalJudge(load_weights(), embedder.embed)
    first_s = _seconds(lambda: _singly(judge, pairs))
    again_s = _seconds(lambda: _singly(judge, pairs))
    together_s = _seconds(lambda: _together(judge, pairs))
    claims = [pair.claim for pair in pairs]
    embedding_s = _seconds(lambda: [embedder.embed([claim]) for claim in claims])
    passages = len({pair.evidence for pair in pairs})
    return [
        (
            f"{len(pairs)} claims on {passages} passages, none read before",
            f"{len(pairs) / first_s:.0f} a second",
        ),
        ("passages read before, one claim at a time", f"{len(pairs) / again_s:.0f} a second"),
        (f"passages read before, {_TOGETHER} claims at a time", f"{len(pairs) / together_s:.0f} a second"),
        ("one at a time: share that is embedding the claim", f"{embedding_s / again_s:.0%}"),
    ]


def _pairs(starter: Starter) -> list[Pair]:
    """Claims of the starter pages with the sentences around what they quote, each pair once."""
    pairs: dict[Pair, None] = {}
    for code in starter.codes():
        own = starter.of(code)
        for each in own.claims:
            for item in each.evidence:
                document = (
                    own.context.documents.get(item.document_id) if isinstance(item, QuoteEvidence) else None
                )
                if document is not None and isinstance(item, QuoteEvidence):
                    pairs[Pair(quote_in_context(item, document), each.claim.text)] = None
    return list(pairs)[:_PAIRS]


def _singly(judge: LocalJudge, pairs: list[Pair]) -> None:
    for pair in pairs:
        judge.probability(pair.evidence, pair.claim)


def _together(judge: LocalJudge, pairs: list[Pair]) -> None:
    for start in range(0, len(pairs), _TOGETHER):
        judge.probabilities(pairs[start : start + _TOGETHER])


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
