"""What a page shows of each claim, in reading order: the two sides that a comparison of revisions looks at."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.data import ClaimState, JudgeFailure, Page, Statement, Verdict
from pipeline.page.layout import heading_of, statements_of
from pipeline.page.text import one_line

FAILED = "failed"
_UNHEADED = {"summary": "Summary", "strip": "At a glance"}
_STRIP = ("label", "value", "small print")


def claim_states(page: Page) -> list[ClaimState]:
    """Every claim of the page: those that stand in reading order, then those of withheld statements."""
    columns = {"strip": _STRIP, **{section.key: section.columns for section in page.sections}}
    headings = _UNHEADED | {section.key: section.heading for section in page.sections}
    found: list[ClaimState] = []
    for statement, verdicts, standing in _all(page):
        heading = heading_of(headings, statement.section_key)
        for number, (claim, verdict) in enumerate(zip(statement.claims, verdicts, strict=True)):
            judged = verdict if isinstance(verdict, Verdict) else None
            found.append(
                ClaimState(
                    claim_id=claim.id,
                    subject=claim.subject,
                    section_key=statement.section_key,
                    heading=heading,
                    place=len(found),
                    standing=standing,
                    parts=(
                        *(
                            _of_statement(statement, columns.get(statement.section_key, ()))
                            if number == 0
                            else ()
                        ),
                        ("text", claim.text),
                        *([("arithmetic", claim.derivation)] if claim.derivation else []),
                        ("payer", claim.payer_scope),
                    ),
                    label=judged.label.value if judged else FAILED,
                    reason=verdict.reason if isinstance(verdict, Verdict) else verdict.failure,
                    checker=judged.checker if judged else "",
                    drafter=statement.drafter,
                    model=judged.model if judged else "",
                    prompt_hash=judged.prompt_hash if judged else "",
                    evidence=tuple(
                        page.evidence[name]
                        for name in dict.fromkeys(
                            (*claim.evidence_ids, *(judged.evidence_ids if judged else ()))
                        )
                        if name in page.evidence
                    ),
                )
            )
    return found


def _all(page: Page) -> Iterator[tuple[Statement, tuple[Verdict | JudgeFailure, ...], bool]]:
    for statement in statements_of(page):
        yield statement, tuple(page.verdicts[claim.id] for claim in statement.claims), True
    for held in page.withheld:
        yield held.statement, held.verdicts, False


def _of_statement(statement: Statement, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is shown once a statement, beside the words of its claims."""
    if statement.question:
        yield "question", statement.question
    if one_line(statement.text) != one_line(" ".join(claim.text for claim in statement.claims)):
        yield "statement", statement.text
    for number, cell in enumerate(statement.cells, 1):
        named = f", {columns[number - 1]}" if number <= len(columns) else ""
        yield f"cell {number}{named}", cell
    if statement.adjustment_codes:
        yield "codes", ", ".join(statement.adjustment_codes)
