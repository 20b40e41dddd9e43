"""Records of what changed between two revisions of a page, claim by claim, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pipeline.data.base import HcpcsCode, Record
from pipeline.data.claims import Evidence


class ChangeKind(StrEnum):
    """What happened to a claim, the gravest first. A claim that both changed and moved has several."""

    ADDED = "added"
    REMOVED = "removed"
    VERDICT = "verdict changed"
    FIGURE = "figure changed"
    REWORDED = "reworded"
    EVIDENCE = "evidence changed"
    MOVED = "moved"


class Risk(StrEnum):
    """What a change touches that a wrong bill would follow from."""

    RULE = "rule"
    MODIFIER = "modifier"
    PAYMENT = "payment"


class Words(Record):
    """A run of text: in both revisions, only in the old one (`out`), or only in the new one (`in`)."""

    op: Literal["same", "out", "in"]
    text: str


class WordChange(Record):
    """One part of what is shown of a claim (`text`, `question`, `codes`, `cell 2`), word by word."""

    part: str
    words: tuple[Words, ...]

    @property
    def old(self) -> str:
        """The part as it was."""
        return "".join(run.text for run in self.words if run.op != "in")

    @property
    def new(self) -> str:
        """The part as it is."""
        return "".join(run.text for run in self.words if run.op != "out")

    @property
    def changed(self) -> bool:
        """Whether any word differs."""
        return any(run.op != "same" for run in self.words)


class FigureChange(Record):
    """A typed value in the words of a claim: `kind` as in `verify.mentions` (usd, num, code, …), canonical values."""

    kind: str
    old: str
    new: str


class EvidenceChange(Record):
    """A piece of evidence that came, went or gave way to another one of the same row or place.

    Of rows, `field` names the column (after `CODE.` where it is another code's row), `old` and `new` the values,
    `old_source` and `new_source` the releases. Of quotes, `field` is empty, `old` and `new` are the quoted words, the
    sources name document and place. An empty side was not there.
    """

    kind: Literal["row", "quote"]
    field: str = ""
    old: str = ""
    new: str = ""
    old_source: str = ""
    new_source: str = ""


class ClaimState(Record):
    """What one revision shows of a claim.

    `parts` are what a reader sees, by name in order: question, text, cells, codes. `place` counts claims from 0 in
    reading order, withheld ones after all that stand. `label` is the verdict, or `failed` where none was obtained.
    `drafter` and `model` say who wrote it and who judged it.
    """

    claim_id: str
    subject: str
    section_key: str
    heading: str
    place: int
    standing: bool
    parts: tuple[tuple[str, str], ...]
    label: str
    reason: str = ""
    checker: str = ""
    drafter: str = ""
    model: str = ""
    prompt_hash: str = ""
    payer_scope: str = ""
    derivation: str = ""
    evidence: tuple[Evidence, ...] = ()

    @property
    def text(self) -> str:
        """The claim's sentence."""
        return dict(self.parts)["text"]


class ClaimMatch(Record):
    """How a claim of the new revision was recognised in the old one.

    `subject`: same section and subject; `id`: same id; `moved`: same subject in another section; `words`: most alike,
    with `score` in [0, 1].
    """

    how: Literal["subject", "id", "moved", "words"]
    score: float = 1.0


class InputChange(Record):
    """An input of a page that differs between two revisions: `part` names its kind, `item` which one of them."""

    part: str
    item: str
    how: Literal["added", "removed", "changed"]
    detail: str = ""

    def as_text(self) -> str:
        """In words: `facts: work_rvu changed, 6.85 (RVU25C) → 7.03 (RVU25D)`."""
        return f"{self.part}: {self.item} {self.how}" + (f", {self.detail}" if self.detail else "")


ReasonKind = Literal[
    "release",
    "row",
    "document",
    "note",
    "classification",
    "drafter",
    "judge",
    "prompt",
    "checker",
    "date",
    "program",
]


class Reason(Record):
    """Why a claim changed: which release, document, note, model, prompt, or part of the program."""

    kind: ReasonKind
    text: str


class Change(Record):
    """One claim whose two revisions differ.

    `id` is made of all that is shown of both sides, so that a decision about it holds for nothing else. `old` None:
    added; `new` None: removed. `risks` are empty for what changes no rule, modifier or payment.
    """

    id: str
    kinds: tuple[ChangeKind, ...]
    old: ClaimState | None
    new: ClaimState | None
    match: ClaimMatch | None = None
    words: tuple[WordChange, ...] = ()
    figures: tuple[FigureChange, ...] = ()
    evidence: tuple[EvidenceChange, ...] = ()
    reasons: tuple[Reason, ...] = ()
    risks: tuple[Risk, ...] = ()

    @property
    def state(self) -> ClaimState:
        """The new side, or the old one of a claim that was removed."""
        state = self.new or self.old
        if state is None:
            raise ValueError(f"change {self.id} has no side")
        return state


class PageChange(Record):
    """A difference in what a page shows beside its claims: a gap, a heading, a source, a publisher's block.

    An empty side was not there.
    """

    id: str
    what: str
    old: str = ""
    new: str = ""


class PageDiff(Record):
    """Two revisions of a page, compared. `unchanged` are claim ids, old and new, of what is the same and stayed.

    Every claim of both sides is in exactly one of `changes` and `unchanged`. `old` and `new` name the revisions as they
    were asked for; `old_sha256` and `new_sha256` are those of their ledgers, empty where there is no old one.
    """

    hcpcs_code: HcpcsCode
    old: str
    new: str
    old_sha256: str = ""
    new_sha256: str
    changes: tuple[Change, ...]
    unchanged: tuple[tuple[str, str], ...] = ()
    others: tuple[PageChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether a reader would see no difference."""
        return not self.changes and not self.others
