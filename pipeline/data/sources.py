"""Records of what is known before a page is written: table rows, documents and their passages, our classification."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field, model_validator

from pipeline.data.base import HcpcsCode, Record


class Match(StrEnum):
    """How a quote was found in its stored text."""

    EXACT = "exact"
    NORMALISED = "normalised"
    MISSING = "missing"


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

    def other(self, hcpcs_code: str) -> str:
        """The code that a pair-valued row sets beside this one, whichever of the two it is listed under."""
        return self.partner if self.hcpcs_code == hcpcs_code else self.hcpcs_code


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
    `digest` is `sources.anchors.digest_words` of the span, `opening` that of its first four words, so that a moved span
    can be found again.
    """

    document: str = Field(pattern=r"^[0-9a-f]{64}$")
    page: int = Field(ge=1)
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    words: int = Field(gt=0)
    opening: str = Field(pattern=r"^[0-9a-f]{16}$")
    digest: str = Field(pattern=r"^[0-9a-f]{16}$")


class BlockKind(StrEnum):
    """What a piece of a document is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CONTENTS = "contents"


class DocumentBlock(NamedTuple):
    """A piece of a document's text, from `start` to `end`, in reading order.

    `level`: of a heading from 1 (the widest) down; of an item its nesting from 1; of a paragraph 0, or the level of the
    item that it continues.
    """

    kind: BlockKind
    level: int
    start: int
    end: int


def page_texts(text: str, page_starts: Sequence[int]) -> list[str]:
    """The text of each physical page, or all of it as one where there are none."""
    if not page_starts:
        return [text]
    ends = (*page_starts[1:], len(text))
    return [text[start:end] for start, end in zip(page_starts, ends, strict=True)]


class SourceDocument(Record):
    """A stored source. `page_starts[i]` is the offset where physical page i+1 begins (empty: no pages).

    `blocks` are its headings, paragraphs, items and rows, in order. `applies_to` says which codes it was added for.
    `valid_to` None: until a later edition takes its place.

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
    valid_to: date | None = None
    retrieved_on: date | None = None
    sha256: str
    text: str
    page_starts: tuple[int, ...] = ()
    blocks: tuple[DocumentBlock, ...] = ()
    applies_to: Applicability = Applicability()
    quote_words: int = Field(default=0, ge=0)
    page_words: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _places_are_in_the_text(self) -> SourceDocument:
        length = len(self.text)
        if any(not 0 <= start <= length for start in self.page_starts):
            raise ValueError("a page begins outside the text")
        if any(not 0 <= block.start < block.end <= length for block in self.blocks):
            raise ValueError("a block lies outside the text")
        return self

    def page_of(self, offset: int) -> int | None:
        """The physical page, from 1, that the character at `offset` stands on; None where there are no pages."""
        return bisect_right(self.page_starts, offset) or None

    def page_texts(self) -> list[str]:
        """The text of each physical page, or all of it as one where there are none."""
        return page_texts(self.text, self.page_starts)

    def in_force(self, day: date) -> bool:
        """Whether it is valid on the day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Passage(Record):
    """The unit retrieved: a span of one document. `id` depends on document and text, not on position.

    `codes` are the codes and ranges that the text names, `chapter_codes` those that its headings say it is about; both
    as inclusive pairs.
    """

    id: str
    document_id: str
    heading_path: tuple[str, ...] = ()
    section_key: str = ""
    start: int
    end: int
    page: int | None = None
    text: str
    applies_to: Applicability = Applicability()
    codes: tuple[tuple[str, str], ...] = ()
    chapter_codes: tuple[tuple[str, str], ...] = ()


class LocatedQuote(NamedTuple):
    """Where a quote stands in a text, and how it was found."""

    start: int
    end: int
    match: Match


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
