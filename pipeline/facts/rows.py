"""Rows keyed for a page, and the sentence composed from some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.data import Fact, Record

# Rows by field; a row of another code, such as a PTP pair listed under it, as `CODE.field`; a row of the year before,
# where one is compared with the newest, as `before.field`.
Rows = Mapping[str, Fact]
BEFORE = "before."


class FactSentence(Record):
    """A sentence with its table cells, the rows it rests on and the arithmetic behind its figures.

    `earlier` are those of its rows that it states as the year before's.
    """

    subject: str
    text: str
    cells: tuple[str, ...]
    facts: tuple[Fact, ...]
    earlier: tuple[Fact, ...] = ()
    derivation: str = ""


def rows_of(hcpcs_code: str, facts: Iterable[Fact], *, earlier: Iterable[Fact] = ()) -> dict[str, Fact]:
    """Key facts as `Rows` for a page about `hcpcs_code`; `earlier` are its rows of the year before."""
    found = {
        fact.field if fact.hcpcs_code in ("", hcpcs_code) else f"{fact.hcpcs_code}.{fact.field}": fact
        for fact in facts
    }
    return found | {f"{BEFORE}{fact.field}": fact for fact in earlier}
