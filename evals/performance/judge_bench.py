"""How many claims a second the local judge judges, pair by pair and as `verify --judge local` asks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from evals.verification.claims import Starter
from pipeline.check_text import check_file
from pipeline.data import QuoteEvidence
from pipeline.evaluate.gold_claims import AS_OF
from pipeline.index import HashingEmbedder, MiniLmEmbedder
from pipeline.settings import Settings, read_settings
from pipeline.verify.judges import Opinion
from pipeline.verify.local_judge import LocalJudge, Pair, load_weights
from pipeline.verify.support import quote_in_context
from pipeline.workspace import Workspace

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
        *_of_a_file(embedder),
    ]


class _Timed(LocalJudge):
    """Counts its pairs and the seconds they took."""

    asked, took_s = 0, 0.0

    def judge(self, pairs: Sequence[Pair]) -> list[Opinion]:
        began = time.process_time()
        found = super().judge(pairs)
        self.took_s += time.process_time() - began
        self.asked += len(pairs)
        return found


def _of_a_file(embedder: MiniLmEmbedder) -> list[tuple[str, str]]:
    """The gold claims from prose, as `verify FILE --judge local` checks them: joined passages, 16 claims at a time."""
    root = read_settings().root
    path = root / "evals" / "verification" / "gold" / "manual.jsonl"
    judge = _Timed(load_weights(), embedder.embed)
    with TemporaryDirectory() as home:
        workspace = Workspace(Settings(root=root, home=Path(home)))
        first, again = (_check(path, workspace, judge) for _ in range(2))
    return [
        (
            f"{path.name} checked, {first.pairs} pairs judged, nothing read before",
            f"{first.rate:.0f} a second",
        ),
        ("the same, its sentences read before", f"{again.rate:.0f} a second"),
        ("the same, with all else that `verify` does", f"{again.overall:.0f} a second"),
    ]


class _Checked(NamedTuple):
    pairs: int
    rate: float
    overall: float


def _check(path: Path, workspace: Workspace, judge: _Timed) -> _Checked:
    judge.asked, judge.took_s = 0, 0.0
    claims = 0
    began = time.process_time()
    for _ in check_file(
        path,
        hcpcs_code=None,
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=AS_OF,
        progress=lambda _: None,
        judge=judge,
    ):
        claims += 1
    return _Checked(judge.asked, judge.asked / judge.took_s, claims / (time.process_time() - began))


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
