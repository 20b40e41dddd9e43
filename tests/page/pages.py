"""Pages for tests of what changed between two revisions: sections, orders and words as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.data import Authority, Page, Section, SourceUse, Statement
from pipeline.identity import claim_id, statement_id
from tests.page.builder import CODE, Builder, quote, row
from tests.page.sample import sample_page

SECTIONS = ("documentation", "coverage", "payment")


class Said(NamedTuple):
    """A claim to stand on a page: its section, subject and words; value, release and unit of its row, if it has one."""

    section: str
    subject: str
    text: str
    value: str = ""
    release: str = "RVU26A"
    unit: str = ""


def page_of(claims: Sequence[Said], *, code: str = CODE) -> Page:
    """A page of one statement a claim, in the order given within each section."""
    make = Builder()
    statements: dict[str, list[Statement]] = {key: [] for key in SECTIONS}
    for said in claims:
        evidence = (
            row(said.subject.partition(":")[2] or "work_rvu", said.value, said.release, unit=said.unit)
            if said.value
            else quote(f"The manual's words on {said.subject}.")
        )
        claim = make.claim(said.section, said.subject, said.text, evidence)
        statements[said.section].append(
            Statement(
                id=statement_id(code, said.section, said.subject),
                section_key=said.section,
                text=said.text,
                drafter="extractive 1",
                claims=(claim,),
            )
        )
    sample = sample_page()
    return sample.model_copy(
        update={
            "summary": None,
            "fact_strip": (),
            "sections": tuple(
                Section(key=key, heading=key.capitalize(), statements=tuple(inside))
                for key, inside in statements.items()
                if inside
            ),
            "evidence": make.evidence,
            "verdicts": make.verdicts,
            "withheld": (),
            "gaps": (),
            "sources": (),
            "documents": {"manual:example": _MANUAL},
        }
    )


def id_of(section: str, subject: str) -> str:
    """The id that a claim has by itself."""
    return claim_id(CODE, section, subject)


_MANUAL = SourceUse(
    id="manual", publisher="An agency", title="An Example Manual", edition="2026", authority=Authority.CMS
)
