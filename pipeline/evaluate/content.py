"""How much of the pages' prose is about their own code: statements that few pages share, and what is left open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.data import Page, Record, Statement
from pipeline.sources.applicability import is_for_few

SECTIONS = ("documentation", "coverage", "denials", "faqs")
"""Sections of prose; the others are composed from tables."""

GOALS = {"documentation": 5, "denials": 4, "faqs": 5}
"""Statements of its own that each page should have."""

MOST_GAPS = 2.0
"""Open questions a page, on average, that the starter set should not exceed."""


class SectionContent(Record):
    """Statements of a section over all pages, and how many of them are on fewer than a third of the pages."""

    section_key: str
    statements: int
    own: int


class PageContent(Record):
    """Own statements by section, and questions left open."""

    hcpcs_code: str
    own: dict[str, int]
    gaps: tuple[str, ...]


class ContentReport(Record):
    """What is specific, by section and by page."""

    sections: tuple[SectionContent, ...]
    pages: tuple[PageContent, ...]

    @property
    def gaps_a_page(self) -> float:
        """Open questions a page, on average."""
        return sum(len(page.gaps) for page in self.pages) / len(self.pages)

    def short(self) -> dict[str, list[str]]:
        """By section with a goal, the codes whose page has fewer own statements."""
        return {
            key: [page.hcpcs_code for page in self.pages if page.own[key] < goal]
            for key, goal in GOALS.items()
        }


def measure_content(pages: Sequence[Page]) -> ContentReport:
    """Count over pages of different codes. A statement is the same on two pages when it has the same words but for the
    page's own code. Raises ValueError without pages."""
    if not pages:
        raise ValueError("there are no pages to measure")
    said = {page.hcpcs_code: dict(_said(page)) for page in pages}
    on = Counter(
        statement for statements in said.values() for each in statements.values() for statement in each
    )
    own = {
        code: {key: sum(is_for_few(on[one], len(pages)) for one in each) for key, each in statements.items()}
        for code, statements in said.items()
    }
    return ContentReport(
        sections=tuple(
            SectionContent(
                section_key=key,
                statements=sum(len(statements[key]) for statements in said.values()),
                own=sum(counts[key] for counts in own.values()),
            )
            for key in SECTIONS
        ),
        pages=tuple(
            PageContent(
                hcpcs_code=page.hcpcs_code,
                own=own[page.hcpcs_code],
                gaps=tuple(f"{gap.section_key}/{gap.key}" for gap in page.gaps),
            )
            for page in pages
        ),
    )


def _said(page: Page) -> Iterator[tuple[str, frozenset[tuple[str, str]]]]:
    held: Mapping[str, Iterable[Statement]] = {section.key: section.statements for section in page.sections}
    for key in SECTIONS:
        yield key, frozenset((key, _words(one, page.hcpcs_code)) for one in held.get(key, ()))


def _words(statement: Statement, hcpcs_code: str) -> str:
    return re.sub(rf"\b{hcpcs_code}\b", "#", f"{statement.question} {statement.text}")


def content_lines(report: ContentReport) -> Iterator[str]:
    """Lines of plain text: sections, then pages that are short of a goal, then the gaps."""
    yield f"{len(report.pages)} pages; own: on fewer than a third of them"
    yield f"  {'section':<16}{'statements':>11}{'own':>7}{'share':>8}"
    for row in report.sections:
        share = f"{row.own / row.statements:.2f}" if row.statements else "-"
        yield f"  {row.section_key:<16}{row.statements:>11,}{row.own:>7,}{share:>8}"
    yield ""
    for key, codes in report.short().items():
        reached = "reached by every page" if not codes else f"not reached by {len(codes)}: {', '.join(codes)}"
        yield f"goal {key} ≥ {GOALS[key]} own: {reached}"
    state = "reached" if report.gaps_a_page <= MOST_GAPS else "not reached"
    yield f"goal open questions ≤ {MOST_GAPS:.1f} a page: {report.gaps_a_page:.2f}: {state}"
    for key, count in Counter(gap for page in report.pages for gap in page.gaps).most_common():
        yield f"  {count:>3} {key}"
