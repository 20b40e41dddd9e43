"""Starter-like facts and a context over them; the cases of the case files as tuples."""

import csv
from datetime import date
from pathlib import Path

from pipeline.data import Authority, Currency, Fact, RowEvidence, SourceDocument
from pipeline.facts.rows import Rows, rows_of
from pipeline.verify import ClaimContext

HERE = Path(__file__).parent
AS_OF = date(2026, 11, 24)


def load_facts() -> dict[str, dict[str, Fact]]:
    """Facts by code and field."""
    facts: dict[str, dict[str, Fact]] = {}
    with (HERE / "facts.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            fact = Fact(
                hcpcs_code=row["code"],
                field=row["field"],
                value=row["value"],
                release=row["release"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                locator="invented",
            )
            facts.setdefault(fact.hcpcs_code, {})[fact.field] = fact
    return facts


def load_paid() -> dict[str, dict[str, Fact]]:
    """Invented codes of each status, NA flag and imaging cap, one a line, all of RVU26D."""
    with (HERE / "facts_paid.csv").open(newline="") as lines:
        return {
            row["code"]: {
                field: Fact(
                    hcpcs_code=row["code"],
                    field=field,
                    value=value,
                    release="RVU26D",
                    valid_from=date(2026, 10, 1),
                    valid_to=date(2026, 12, 31),
                    locator="invented",
                )
                for field, value in row.items()
                if field != "code"
            }
            for row in csv.DictReader(lines)
        }


FACTS = load_facts() | load_paid()


def row_of(fact: Fact) -> RowEvidence:
    """A row as evidence: carried unless it is of 2026."""
    current = Currency.IN_FORCE if fact.valid_from.year == AS_OF.year else Currency.CARRIED
    return RowEvidence(id=f"e_{fact.key}", fact=fact, currency=current, in_force_release="RVU26D")


def page_rows(code: str, facts) -> Rows:
    """The rows a page of the code would draw from."""
    naming = [
        fact for other in FACTS if other != code for fact in facts(other).values() if fact.partner == code
    ]
    return rows_of(code, [*facts(code).values(), *facts("").values(), *naming])


def make_context(code: str | None = "27447", **changes) -> ClaimContext:
    """A context over the worked facts."""
    given = {
        "facts": lambda key: FACTS.get(key, {}),
        "rows": lambda key: page_rows(key, given["facts"]),
        "currency": row_of,
        "as_of": AS_OF,
        **changes,
    }
    return ClaimContext(hcpcs_code=code, **given)


def make_document(text: str, *, identity: str = "note:one", locator: str = "p. I-13") -> SourceDocument:
    """A stored document with this text."""
    return SourceDocument(
        id=identity,
        url="https://example.org",
        publisher="Example",
        title="An example",
        edition="2026",
        locator=locator,
        authority=Authority.NCCI,
        licence="public",
        payer_scope="Medicare FFS",
        valid_from=date(2026, 1, 1),
        sha256="0" * 64,
        text=text,
    )


def load_cases(name: str) -> list[tuple[str, str, str]]:
    """Lines `code|label letter|claim`; s supported, r refuted, n not enough information."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [
        (code, letter, text) for code, letter, text in (line.split("|", 2) for line in lines if line.strip())
    ]
