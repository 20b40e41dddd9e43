"""How specific pages are: what counts as a page's own, and which goals are missed."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.data import Gap, Page, Section, Statement
from pipeline.evaluate.content import content_lines, measure_content

CODES = ("20610", "27447", "29881", "64721")


def page(code: str, *texts: str, gaps: tuple[str, ...] = ()) -> Page:
    statements = tuple(
        Statement(id=f"s_{number:012x}", section_key="denials", text=text, drafter="extractive", claims=())
        for number, text in enumerate(texts)
    )
    return Page(
        hcpcs_code=code,
        as_of=date(2026, 3, 2),
        drafter="extractive",
        checker="rules-x",
        fingerprint="x",
        verified_on=date(2026, 3, 2),
        category="",
        region="",
        summary=None,
        sections=(Section(key="denials", heading="Denials", statements=statements),),
        evidence={},
        verdicts={},
        gaps=tuple(Gap(section_key="denials", key=key, question="?", reason="none") for key in gaps),
    )


def test_a_statement_on_a_third_of_the_pages_is_not_a_pages_own_whatever_code_it_names():
    pages = [page(code, f"{code} is wobbly.", f"Own to {ord(code[-1])}.") for code in CODES[:1]]
    pages += [page(code, f"{code} is wobbly.", f"Word {'x' * n}.") for n, code in enumerate(CODES[1:], 1)]
    report = measure_content(pages)
    (denials,) = [row for row in report.sections if row.section_key == "denials"]
    assert (denials.statements, denials.own) == (8, 4)
    assert [one.own["denials"] for one in report.pages] == [1, 1, 1, 1]
    assert report.short()["denials"] == list(CODES)


def test_goals_and_gaps_are_printed_with_what_misses_them():
    pages = [page(code, *(f"{'y' * (n * 4 + k + 1)}" for k in range(4))) for n, code in enumerate(CODES[:3])]
    pages.append(page(CODES[3], "One.", gaps=("units", "assistant", "a", "b", "c", "d", "e", "f", "g")))
    lines = "\n".join(content_lines(measure_content(pages)))
    assert "goal denials ≥ 4 own: not reached by 1: 64721" in lines
    assert "goal open questions ≤ 2.0 a page: 2.25: not reached" in lines and "1 denials/units" in lines
    lines = "\n".join(content_lines(measure_content(pages[:3])))
    assert "0.00: reached" in lines


def test_no_pages_are_refused():
    with pytest.raises(ValueError, match="no pages"):
        measure_content([])
