"""The records that flow between stages. They hold data and derive from it; work is done in the stages.

All character offsets are Python string offsets, start inclusive, end exclusive, into
`SourceDocument.text` unless a field says otherwise.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

HcpcsCode = Annotated[str, Field(pattern=r"^[0-9A-Z][0-9]{3}[0-9A-Z]$")]


class Record(BaseModel):
    """Base of all records: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(StrEnum):
    """What a verdict says. A failed judge has no label; see `JudgeFailure`."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NOT_ENOUGH_INFO = "not_enough_info"


class Match(StrEnum):
    """How a quote was found in its stored text."""

    EXACT = "exact"
    NORMALISED = "normalised"
    MISSING = "missing"


class Outcome(StrEnum):
    """What one check found. SILENT: the check had nothing to say about this claim."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    SILENT = "silent"


class Currency(StrEnum):
    """Whether a row's release is the one in force on the page's as-of date, or an older one carried over.

    EARLIER: a row of a past year, stated as that year's and compared with a newer one.
    """

    IN_FORCE = "in_force"
    CARRIED = "carried"
    EARLIER = "earlier"


class Authority(StrEnum):
    """Kind of source, in falling order of authority."""

    STATUTE = "statute"
    CMS = "cms"
    NCCI = "ncci"
    NATIONAL_COVERAGE = "national_coverage"
    LOCAL_COVERAGE = "local_coverage"
    CPT = "cpt"
    SOCIETY = "society"
    EDUCATOR = "educator"
    VENDOR = "vendor"
    OWN = "own"


class Fact(Record):
    """One value from a published table. Money and RVUs stay text here; arithmetic turns them into Decimal.

    `hcpcs_code` is empty for a value that belongs to a whole release (a conversion factor).
    `field` may name a partner after a colon: `ptp_column_two:29870`, `primary_code:22612`.
    `modifier` is the row's own modifier: empty, 26, TC or 53. `valid_to` None: open-ended.
    """

    hcpcs_code: str = Field(pattern=r"^([0-9A-Z][0-9]{3}[0-9A-Z])?$")
    modifier: str = ""
    field: str
    value: str
    unit: str = ""
    release: str
    valid_from: date
    valid_to: date | None = None
    locator: str

    @property
    def key(self) -> str:
        """Identity of the row and column the value stands in."""
        return "/".join((self.release, self.hcpcs_code or "-", self.modifier or "-", self.field))

    @property
    def partner(self) -> str:
        """The second code of a pair-valued field, else empty."""
        return self.field.partition(":")[2]


class Applicability(Record):
    """When a note applies: every dimension that is given must hold; inside one, any value will do.

    `ranges` are inclusive pairs; `tags` are code attributes such as `vascularized` or `arthroscopic`;
    `all_tags` must all be present; `indicators` map a fact field to the values that qualify.
    Nothing given means: applies to every code.
    """

    codes: tuple[HcpcsCode, ...] = ()
    ranges: tuple[tuple[HcpcsCode, HcpcsCode], ...] = ()
    tags: tuple[str, ...] = ()
    all_tags: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    not_codes: tuple[HcpcsCode, ...] = ()
    indicators: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Anchor(Record):
    """Where a note's rule stands in the document it restates; holds no text of it.

    `page` counts physical pages from 1; `start`, `end` are offsets in that page's text;
    `digest` is `sources.anchors.digest_words` of the span, so that a moved span can be found again.
    """

    document: str = Field(pattern=r"^[0-9a-f]{64}$")
    page: int = Field(ge=1)
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    words: int = Field(gt=0)
    digest: str = Field(pattern=r"^[0-9a-f]{16}$")


class SourceDocument(Record):
    """A stored source. `page_starts[i]` is the offset where physical page i+1 begins (empty: no pages).

    `quote_words` and `page_words` cap what may be quoted of it, in one quote and on one page; 0: no cap.
    """

    id: str
    url: str
    publisher: str
    title: str
    edition: str
    locator: str = ""
    authority: Authority
    licence: str
    payer_scope: str
    valid_from: date
    retrieved_on: date | None = None
    sha256: str
    text: str
    page_starts: tuple[int, ...] = ()
    quote_words: int = Field(default=0, ge=0)
    page_words: int = Field(default=0, ge=0)


class Passage(Record):
    """The unit retrieved: a span of one document. `id` depends on document and text, not on position."""

    id: str
    document_id: str
    heading_path: tuple[str, ...] = ()
    section_key: str = ""
    start: int
    end: int
    page: int | None = None
    text: str
    applies_to: Applicability = Applicability()


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


class MustAnswer(Record):
    """A question that a section has to answer where `when` holds; unanswered, it is a gap."""

    key: str
    question: str
    when: Applicability = Applicability()


class SectionSpec(Record):
    """One section of a page, from `prompts/sections/`. `fed_by` says what its statements come from.

    `order` sorts sections down the page; `limit` is the most statements shown, 0 for no limit;
    `intro` is shown to readers, `guidance` only to a model that drafts the section.
    """

    key: str
    heading: str
    order: int
    fed_by: Literal["notes", "facts", "page"]
    intro: str = ""
    columns: tuple[str, ...] = ()
    limit: int = 0
    must_answer: tuple[MustAnswer, ...] = ()
    guidance: str = ""
    sha256: str


class PagePlan(Record):
    """What is to be written: the code, its date of service, the sections that apply."""

    hcpcs_code: HcpcsCode
    as_of: date
    sections: tuple[SectionSpec, ...]


class CodeProfile(Record):
    """Our own classification of a code: taxonomy and attributes, no CPT descriptor.

    A code that we have not classified has no words at all, and `tags` None: which attributes it has is not known.
    """

    hcpcs_code: HcpcsCode
    category: str
    region: str
    family: str
    summary: str
    tags: tuple[str, ...] | None
    siblings: dict[str, str] = Field(default_factory=dict)
    locator: str


class Gap(Record):
    """An expected fact that the page could not state."""

    section_key: str
    key: str
    question: str
    reason: str


class Withheld(Record):
    """A statement that did not stand, with the verdicts that say why."""

    statement: Statement
    verdicts: tuple[Verdict | JudgeFailure, ...]


class SourceUse(Record):
    """A source or release the page draws from, as the references list shows it."""

    id: str
    publisher: str
    title: str
    edition: str
    url: str = ""
    locators: tuple[str, ...] = ()
    authority: Authority
    licence: str = ""
    currency: Currency | None = None
    in_force_release: str = ""
    present: bool = True


class Section(Record):
    """Statements in order under a heading."""

    key: str
    heading: str
    intro: str = ""
    columns: tuple[str, ...] = ()
    statements: tuple[Statement, ...]


class Descriptor(Record):
    """The AMA's descriptor of a code out of a source whose publisher says that it is licensed to show it."""

    text: str
    source: str
    licence: str


class SiteBlock(Record):
    """A publisher's own block: shown, visibly not a claim."""

    heading: str
    text: str
    link_text: str = ""
    link_url: str = ""


class Page(Record):
    """A page revision: the claim ledger that HTML, Markdown and JSON are rendered from.

    `evidence` and `verdicts` are keyed by evidence and claim id, `documents` by document id; `failures` say what
    a model failed to deliver.
    """

    schema_version: int = 1
    hcpcs_code: HcpcsCode
    as_of: date
    drafter: str
    checker: str
    fingerprint: str
    verified_on: date
    category: str
    region: str
    summary: Statement | None
    descriptor: Descriptor | None = None
    fact_strip: tuple[Statement, ...] = ()
    sections: tuple[Section, ...]
    evidence: dict[str, Evidence]
    verdicts: dict[str, Verdict]
    gaps: tuple[Gap, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    failures: tuple[str, ...] = ()
    sources: tuple[SourceUse, ...] = ()
    documents: dict[str, SourceUse] = Field(default_factory=dict)
    site_blocks: tuple[SiteBlock, ...] = ()


class LocatedQuote(NamedTuple):
    """Where a quote stands in a text, and how it was found."""

    start: int
    end: int
    match: Match
