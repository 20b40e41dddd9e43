"""Builds the evidence, claims and statements of sample pages, each claim with its verdict."""

from __future__ import annotations

from datetime import date

from pipeline.data import (
    Check,
    Claim,
    Currency,
    Evidence,
    Fact,
    Label,
    Match,
    Outcome,
    QuoteEvidence,
    RowEvidence,
    Statement,
    Verdict,
)
from pipeline.identity import claim_id, evidence_id, statement_id

CODE = "20970"
VERIFIED = date(2026, 1, 16)
MANUAL = "manual:example"
NOTE = "note:example-decision-visit"
CHECKER = "checks 1"


def row(field: str, value: str, release: str, *, unit: str = "", level: str = "table") -> RowEvidence:
    """A table value; releases of 2025 count as carried over."""
    return RowEvidence(
        id=evidence_id(release, CODE, field, value),
        fact=Fact(
            hcpcs_code=CODE,
            field=field,
            value=value,
            unit=unit,
            release=release,
            valid_from=date(2026, 1, 1),
            locator=f"{release} table, line {len(field) * 37}",
        ),
        currency=Currency.CARRIED if "25" in release else Currency.IN_FORCE,
        in_force_release="RVU26A",
        level="classification" if level == "classification" else "table",
    )


def quote(text: str, *, level: str = "document", page: int | None = 14) -> QuoteEvidence:
    """A located quote, from the manual or from our own note."""
    document = MANUAL if level == "document" else NOTE
    return QuoteEvidence(
        id=evidence_id(document, text),
        document_id=document,
        passage_id=f"{document}#1",
        quote=text,
        start=100,
        end=100 + len(text),
        page=page,
        match=Match.EXACT,
        level="document" if level == "document" else "note",
        relevance=0.8,
    )


class Builder:
    """Collects what a page needs while its statements are written down."""

    def __init__(self) -> None:
        self.evidence: dict[str, Evidence] = {}
        self.verdicts: dict[str, Verdict] = {}

    def claim(
        self, section: str, subject: str, text: str, *evidence: Evidence, derivation: str = ""
    ) -> Claim:
        """A supported claim with its verdict."""
        claim = Claim(
            id=claim_id(CODE, section, subject),
            text=text,
            subject=subject,
            evidence_ids=tuple(item.id for item in evidence),
            derivation=derivation,
        )
        for item in evidence:
            self.evidence[item.id] = item
        row_only = all(item.kind == "row" for item in evidence)
        name = "figures" if row_only else "quotes"
        self.verdicts[claim.id] = Verdict(
            claim_id=claim.id,
            label=Label.SUPPORTED,
            confidence=1.0,
            reason="The figure is the row's own."
            if row_only
            else "The quote stands in the source at its offsets.",
            evidence_ids=claim.evidence_ids,
            checks=(Check(check=name, outcome=Outcome.PASS, reason="found"),),
            checker=CHECKER,
            verified_on=VERIFIED,
        )
        return claim

    def statement(
        self,
        section: str,
        text: str,
        *evidence: Evidence,
        question: str = "",
        cells: tuple[str, ...] = (),
        codes: tuple[str, ...] = (),
        derived_from: str = "",
        derivation: str = "",
        more: tuple[Claim, ...] = (),
    ) -> Statement:
        """A statement whose first claim is its own text."""
        claim = self.claim(section, f"text:{text}", text, *evidence, derivation=derivation)
        return Statement(
            id=statement_id(CODE, section, claim.subject),
            section_key=section,
            text=text,
            question=question,
            cells=cells,
            adjustment_codes=codes,
            derived_from=derived_from,
            drafter="extractive 1",
            claims=(claim, *more),
        )
