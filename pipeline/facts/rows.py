"""Rows keyed for a page, and the sentence composed from some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.data import Fact, Record

# Rows by field; a row of another code, such as a PTP pair listed under it, as `CODE.field`.
Rows = Mapping[str, Fact]


class FactSentence(Record):
    """A sentence with its table cells, the rows it rests on and the arithmetic behind its figures."""

    subject: str
    text: str
    cells: tuple[str, ...]
    facts: tuple[Fact, ...]
    derivation: str = ""


def rows_of(hcpcs_code: str, facts: Iterable[Fact]) -> dict[str, Fact]:
    """Key facts as `Rows` for a page about `hcpcs_code`."""
    return {
        fact.field if fact.hcpcs_code in ("", hcpcs_code) else f"{fact.hcpcs_code}.{fact.field}": fact
        for fact in facts
    }
