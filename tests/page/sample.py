"""An invented but lifelike page: the shapes of a real one, in words made up for these tests."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.data import (
    Authority,
    Currency,
    Gap,
    Label,
    Page,
    Section,
    SiteBlock,
    SourceUse,
    Statement,
    Withheld,
)
from pipeline.identity import statement_id
from tests.page.builder import CHECKER, CODE, MANUAL, NOTE, VERIFIED, Builder, quote, row

AS_OF = date(2026, 1, 15)


def sample_page(*, hostile: str = "") -> Page:
    """A page with every part. `hostile` is put wherever text from a source or a publisher can reach."""
    make = Builder()
    family = row("family", "vascularised bone graft", "BW-2026-01", level="classification")
    total = row("fac_total_rvu", "76.07", "RVU26A", unit="RVU")
    factor = row("conversion_factor", "33.4009", "RVU26A", unit="USD")
    days = row("global_days", "090", "RVU25D")
    work = row("work_rvu", "43.47", "RVU26A", unit="RVU")
    apc = row("opps_rate", "7413.38", "OPPS-2026-01", unit="USD")
    asc = row("asc_rate", "4682.29", "ASC-2026-01", unit="USD")
    co_surgeon = row("co_surgeon", "1", "RVU25D")
    assistant = row("assistant_at_surgery", "2", "RVU25D")
    edit = row("ptp_column_two:69990", "0", "NCCI-2026-Q1")
    decision = quote(
        hostile
        or "A visit at which the surgeon decides on an operation with a long global period is reported apart."
    )
    own_rule = "The record names the donor bone, the side and the vessels that were joined."
    own = quote(own_rule, level="note", page=None)
    money = (Decimal("76.07") * Decimal("33.4009")).quantize(Decimal("0.01"))

    summary = make.statement(
        "summary", "Moving a living iliac crest graft with its vessels; donor site hip.", family
    )
    strip = (
        make.statement(
            "strip",
            f"The national payment in a facility is ${money:,}.",
            total,
            factor,
            cells=("National payment", f"${money:,}", "Professional, in a facility; no office rate (NA)"),
            derivation=f"76.07 RVU × $33.4009 = ${money:,}",
        ),
        make.statement(
            "strip",
            "The facility total is 76.07 RVUs.",
            total,
            cells=("Total RVUs", "76.07", "Facility setting"),
        ),
        make.statement(
            "strip", "The global period is 090.", days, cells=("Global days", "090", "Major surgery")
        ),
        make.statement(
            "strip",
            "The region is the pelvis and hip.",
            family,
            cells=("Region", "Pelvis and hip", "Briefwright taxonomy"),
        ),
    )
    needed = make.statement("documentation", own_rule, own)
    necessity = make.statement(
        "documentation",
        hostile
        or "A second surgeon's part is described in that surgeon's own report, with the reason for two surgeons.",
        decision,
        more=(
            make.claim(
                "documentation", "fact:co_surgeon", "The co-surgeon indicator is 1.", co_surgeon, decision
            ),
        ),
    )
    sections = (
        Section(key="documentation", heading="Documentation requirements", statements=(needed, necessity)),
        Section(
            key="modifiers",
            heading="Applicable modifiers",
            intro="Computed from the fee schedule's policy indicators; each row names its indicator.",
            columns=("Modifier", "When it applies", "Indicator"),
            statements=(
                make.statement(
                    "modifiers",
                    "Modifier 62 applies with documentation of necessity.",
                    co_surgeon,
                    cells=(
                        "62",
                        "Two surgeons of different specialties, with documentation of necessity",
                        "Co-surgeons 1",
                    ),
                ),
                make.statement(
                    "modifiers",
                    "Modifiers 80, 82 and AS are payable.",
                    assistant,
                    cells=("80, 82, AS", "Assistant at surgery is payable", "Assistant 2"),
                ),
                make.statement(
                    "modifiers",
                    "Modifier 57 marks the decision for surgery.",
                    days,
                    decision,
                    cells=(
                        "57",
                        "Decision visit on the day of, or the day before, major surgery",
                        "Global 090",
                    ),
                ),
            ),
        ),
        Section(
            key="coverage",
            heading="What this code covers",
            statements=(
                make.statement(
                    "coverage",
                    "Harvest of the graft with its vessels belongs to the procedure.",
                    own,
                    decision,
                ),
                make.statement(
                    "coverage", "Work with the operating microscope is not reported in addition.", edit
                ),
            ),
        ),
        Section(
            key="rvu",
            heading="RVU and reimbursement",
            columns=("Component", "Facility", "Office"),
            statements=(
                make.statement("rvu", "Work is 43.47 RVUs.", work, cells=("Work", "43.47", "NA")),
                make.statement(
                    "rvu", "The facility total is 76.07 RVUs.", total, cells=("Total", "76.07", "NA")
                ),
            ),
        ),
        Section(
            key="payment",
            heading="Payment by setting",
            intro="The facility part pays the building and comes on top of the surgeon's part.",
            columns=("Setting", "Professional part", "Facility part"),
            statements=(
                make.statement(
                    "payment",
                    "In a hospital outpatient department the facility part is $7,413.38.",
                    total,
                    factor,
                    apc,
                    cells=("Hospital outpatient", f"${money:,}", "$7,413.38 (APC 5114)"),
                    derivation=f"76.07 RVU × $33.4009 = ${money:,}",
                ),
                make.statement(
                    "payment",
                    "In an ambulatory surgical center the facility part is $4,682.29.",
                    total,
                    factor,
                    asc,
                    cells=("Ambulatory surgical center", f"${money:,}", "$4,682.29 (J8)"),
                ),
            ),
        ),
        Section(
            key="denials",
            heading="Denial reasons",
            statements=(
                make.statement(
                    "denials",
                    "The visit is bundled when it lies inside the global period.",
                    decision,
                    codes=("97",),
                ),
                make.statement(
                    "denials", "The pair meets an edit that no modifier opens.", edit, codes=("236", "N20")
                ),
            ),
        ),
        Section(
            key="faqs",
            heading="Frequently asked questions",
            statements=(
                make.statement(
                    "faqs",
                    "Modifier 57 goes on the visit that led to the decision.",
                    decision,
                    question=hostile or "Which modifier goes on the decision visit?",
                ),
                make.statement(
                    "faqs",
                    "The total in a facility is 76.07 RVUs.",
                    total,
                    question="What is the total RVU value?",
                ),
            ),
        ),
        Section(
            key="checklist",
            heading="Dictation checklist",
            statements=(
                make.statement(
                    "checklist", "Name the donor bone and the side.", own, derived_from=needed.claims[0].id
                ),
            ),
        ),
        Section(key="references", heading="References", statements=()),
    )
    refused = make.claim("modifiers", "text:25", "Modifier 25 belongs on the decision visit.", decision)
    against = make.verdicts.pop(refused.id).model_copy(
        update={
            "label": Label.REFUTED,
            "reason": "the code's global period is 090, which calls for another modifier",
        }
    )
    manual = SourceUse(
        id=MANUAL,
        publisher="Centers for Medicare & Medicaid Services (CMS)",
        title=hostile or "Example Policy Manual",
        edition="2026",
        url="javascript:alert(1)" if hostile else "https://www.example.gov/manual",
        locators=("chapter I, section D, I-13",),
        authority=Authority.NCCI,
        licence="public domain",
    )
    note = manual.model_copy(
        update={
            "id": NOTE,
            "title": "Example Claims Manual",
            "locators": ("chapter 12, section 40.2",),
            "present": False,
        }
    )
    tables = tuple(
        SourceUse(
            id=release,
            publisher="Centers for Medicare & Medicaid Services (CMS)",
            title=title,
            edition=release,
            url="https://www.example.gov/tables",
            authority=Authority.CMS,
            licence="public domain, CPT content excepted",
            currency=Currency.CARRIED if "25" in release else Currency.IN_FORCE,
            in_force_release="RVU26A" if "25" in release else release,
        )
        for release, title in (
            ("RVU26A", "Physician Fee Schedule relative value file"),
            ("RVU25D", "Physician Fee Schedule relative value file"),
            ("OPPS-2026-01", "Outpatient payment addendum"),
            ("ASC-2026-01", "Ambulatory surgical center addendum"),
            ("NCCI-2026-Q1", "Procedure-to-procedure edits"),
        )
    )
    return Page(
        hcpcs_code=CODE,
        as_of=AS_OF,
        drafter="extractive 1",
        checker=CHECKER,
        fingerprint="5f" * 32,
        verified_on=VERIFIED,
        category="Bone grafting",
        region="Pelvis and hip",
        summary=summary,
        fact_strip=strip,
        sections=sections,
        evidence=make.evidence,
        verdicts=make.verdicts,
        gaps=(
            Gap(
                section_key="icd10",
                key="diagnoses",
                question="Which diagnoses support this procedure?",
                reason=hostile or "no loaded source lists diagnoses for this code",
            ),
        ),
        withheld=(
            Withheld(
                statement=Statement(
                    id=statement_id(CODE, "modifiers", "text:25"),
                    section_key="modifiers",
                    text=refused.text,
                    drafter="extractive 1",
                    claims=(refused,),
                ),
                verdicts=(against,),
            ),
        ),
        sources=(manual, note, *tables),
        documents={MANUAL: manual, NOTE: note},
        site_blocks=(
            SiteBlock(
                heading="Dictate it right the first time",
                text=hostile or "Our scribe asks for each item on this checklist while you speak.",
                link_text="See how it works",
                link_url="https://www.example.com/scribe",
            ),
        ),
    )
