"""Records of what is known before a page is written: table rows, documents and their passages, our classification."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

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
