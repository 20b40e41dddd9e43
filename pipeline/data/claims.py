"""Records of what a page asserts, on what evidence, and what the checks found."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from pipeline.data.base import Record
from pipeline.data.sources import Currency, Fact, Match


class Label(StrEnum):
    """What a verdict says. A failed judge has no label; see `JudgeFailure`."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NOT_ENOUGH_INFO = "not_enough_info"


class Outcome(StrEnum):
    """What one check found. SILENT: the check had nothing to say about this claim."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    SILENT = "silent"


class QuoteEvidence(Record):
    """An exact span of a stored document. `level` says whose words they are.

    `locator` is the document's own division, such as "Chapter I, section D, p. I-13", where one is known.
    """

    kind: Literal["quote"] = "quote"
    id: str
    document_id: str
    passage_id: str
    quote: str
    start: int
    end: int
    page: int | None = None
    locator: str = ""
    match: Match
    level: Literal["document", "note"]
    relevance: float = 0.0


class RowEvidence(Record):
    """A row of a published table, and whether its release is in force on the page's date."""

    kind: Literal["row"] = "row"
    id: str
    fact: Fact
    currency: Currency
    in_force_release: str
    level: Literal["table", "classification"] = "table"


Evidence = Annotated[QuoteEvidence | RowEvidence, Field(discriminator="kind")]


class Claim(Record):
    """One checkable assertion of ours. See `identity.claim_id` for how the id is formed.

    `derivation` shows the arithmetic when the figure was computed from rows, else empty.
    """

    id: str
    text: str
    subject: str
    evidence_ids: tuple[str, ...] = ()
    payer_scope: str = "Medicare FFS"
    derivation: str = ""


class Statement(Record):
    """A sentence, table row, or question with its answer, standing only if all its claims hold.

    `cells` are the row's columns when it is rendered in a table; `text` always reads as a sentence.
    `answers` are the `must_answer` keys of the section spec that it answers.
    """

    id: str
    section_key: str
    text: str
    question: str = ""
    cells: tuple[str, ...] = ()
    adjustment_codes: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    derived_from: str = ""
    drafter: str
    claims: tuple[Claim, ...]

    @property
    def by_model(self) -> bool:
        """Whether a language model wrote it."""
        return self.drafter.startswith("model:")


class Check(Record):
    """One finding of one check on one claim, readable by machines."""

    check: str
    outcome: Outcome
    reason: str
    expected: str = ""
    found: str = ""
    evidence_ids: tuple[str, ...] = ()


class Verdict(Record):
    """The outcome for one claim. `confidence` in [0, 1]; `verified_on` is carried while nothing changed."""

    claim_id: str
    label: Label
    confidence: float = Field(ge=0, le=1)
    reason: str
    evidence_ids: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    checker: str
    verified_on: date | None = None
    model: str = ""
    prompt_hash: str = ""


class JudgeFailure(Record):
    """No verdict was obtained; kept beside verdicts, never counted as one."""

    claim_id: str
    failure: str
    checks: tuple[Check, ...] = ()


class Judgement(Record):
    """What a judge said of a statement. `label` None: no judgement was obtained, and `failure` says why.

    `about` is the statement's question, words and evidence (`identity.judged_id`): a judgement holds for no others.
    """

    about: str
    label: Label | None
    reason: str = ""
    failure: str = ""
    model: str
    prompt_hash: str


def is_supported(outcome: Verdict | JudgeFailure) -> bool:
    """Whether a claim with this outcome stands; where a judge failed, none does."""
    return isinstance(outcome, Verdict) and outcome.label is Label.SUPPORTED
