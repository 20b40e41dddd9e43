"""Records of a page: its plan and sections, what is missing, the sources it draws from."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from pipeline.data.base import HcpcsCode, Record
from pipeline.data.claims import Evidence, JudgeFailure, Statement, Verdict
from pipeline.data.sources import Applicability, Authority, Currency


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
