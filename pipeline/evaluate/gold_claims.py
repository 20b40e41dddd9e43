"""The gold claims: sentences written from reading the manual and the tables, true, false and not answerable.

None is a mutation of another, and none was written from the notes. A third of them is held: looked at only as a number.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from pipeline.data import Label, Record
from pipeline.errors import SourceError
from pipeline.evaluate.labelled import Truth
from pipeline.evaluate.metrics import wilson
from pipeline.json_lines import read_json_lines
from pipeline.verify import Catalogue, ClaimContext, checker_version, load_rules, verify_text_claim
from pipeline.verify.verdict import Search

AS_OF = date(2026, 11, 24)
"""The date of service that the gold claims were written for."""
PARTS = ("held", "development")
GOALS = {"false ones not passed": 0.95, "true ones supported": 0.90}


class GoldClaim(Record):
    """A sentence about a code ("" for none in particular), what it is, and where that stands."""

    id: str
    code: str
    claim: str
    label: Truth
    kind: Literal["manual", "table", "rule"]
    source: str
    why: str

    @property
    def part(self) -> str:
        """`held` for a third of the claims, by their ids."""
        return PARTS[0] if hashlib.sha256(self.id.encode()).digest()[0] % 3 == 0 else PARTS[1]


class GoldReport(Record):
    """How many claims of a part and truth got which label, `PART/TRUTH/LABEL`; ids of the worst."""

    counts: dict[str, int]
    passed: tuple[str, ...]
    refuted: tuple[str, ...]

    def count(self, part: str, truths: Iterable[str], labels: Iterable[str]) -> int:
        """How many claims of these truths got one of these labels."""
        return sum(self.counts.get(f"{part}/{truth}/{label}", 0) for truth in truths for label in labels)


def load_gold_claims(folder: Path) -> list[GoldClaim]:
    """All claims under a folder of JSON Lines, by id. Raises SourceError naming file and line."""
    found: dict[str, GoldClaim] = {}
    for path in sorted(folder.glob("*.jsonl")):
        claims = read_json_lines(path, GoldClaim, called="gold claim", mend="mend the line")
        for number, claim in enumerate(claims, 1):
            if claim.id in found:
                raise SourceError(f"{path}:{number}: the id {claim.id} was used before")
            found[claim.id] = claim
    return [found[id_] for id_ in sorted(found)]


def measure_gold(
    claims: Iterable[GoldClaim], *, context_of: Callable[[str], ClaimContext], search: Search | None
) -> GoldReport:
    """Verify each as a sentence of an outside text about its code."""
    counts: Counter[str] = Counter()
    passed, refuted = list[str](), list[str]()
    for claim in claims:
        context = context_of(claim.code)
        verdict = verify_text_claim(
            claim.claim,
            context=context,
            rules=load_rules(),
            checker=checker_version(),
            search=search,
            catalogue=Catalogue(context),
        ).verdict
        counts[f"{claim.part}/{claim.label}/{verdict.label.value}"] += 1
        if claim.label != "supported" and verdict.label is Label.SUPPORTED:
            passed.append(claim.id)
        if claim.label == "supported" and verdict.label is Label.REFUTED:
            refuted.append(claim.id)
    return GoldReport(counts=dict(sorted(counts.items())), passed=tuple(passed), refuted=tuple(refuted))


def gold_lines(report: GoldReport) -> Iterator[str]:
    """A table for each part, and the goals."""
    labels = [label.value for label in Label]
    for part in PARTS:
        yield f"{part} part"
        yield f"  {'is':<16}" + "".join(f"{label:<18}" for label in labels)
        for truth in ("supported", "refuted", "not_supported"):
            yield f"  {truth:<16}" + "".join(f"{report.count(part, [truth], [one]):<18}" for one in labels)
        false = report.count(part, ["refuted", "not_supported"], labels)
        stopped = false - report.count(part, ["refuted", "not_supported"], [Label.SUPPORTED])
        true = report.count(part, ["supported"], labels)
        stood = report.count(part, ["supported"], [Label.SUPPORTED])
        for name, found in zip(GOALS, (wilson(stopped, false), wilson(stood, true)), strict=True):
            yield f"  {name}: {found.value:.3f} [{found.low:.3f}, {found.high:.3f}], goal {GOALS[name]}"
    yield f"passed though not true: {', '.join(report.passed) or 'none'}"
    yield f"refuted though true: {', '.join(report.refuted) or 'none'}"
