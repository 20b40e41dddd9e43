"""Our tidy fact table: one row a fact, CSV, UTF-8, LF, sorted, every cell text.

    hcpcs_code,modifier,field,value,unit,release,valid_from,valid_to,locator

Leading zeros (`010`) and the literal `NA` survive, because every value stays text. A cell that the
publisher left empty and that means something is stored as the word `none`, so that "blank in the file" and
"no row" stay two different things; an empty value is therefore refused.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Fact
from pipeline.errors import SourceError, StateError
from pipeline.facts.releases import parse_release

COLUMNS: tuple[str, ...] = (
    "hcpcs_code",
    "modifier",
    "field",
    "value",
    "unit",
    "release",
    "valid_from",
    "valid_to",
    "locator",
)
# Pydantic alone would also take numbers of seconds and week dates for a date.
_EXPECTED = {
    "hcpcs_code": (
        re.compile(r"([0-9A-Z][0-9]{3}[0-9A-Z])?"),
        "five characters, or nothing for a whole release",
    ),
    "modifier": (re.compile(r"(26|TC|53)?"), "nothing, 26, TC or 53"),
    "field": (re.compile(r"[a-z][a-z0-9_]*(:[0-9A-Z]{5})?"), "a name like work_rvu, or primary_code:22612"),
    "value": (re.compile(r"\S(.*\S)?"), "text without blanks around it; an empty cell is written as none"),
    "unit": (re.compile(r"(\S(.*\S)?)?"), "nothing, or a unit without blanks around it"),
    "release": (re.compile(r"\S+"), "a release name like RVU26B"),
    "valid_from": (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a date like 2026-04-01"),
    "valid_to": (re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?"), "nothing, or a date like 2026-06-30"),
    "locator": (re.compile(r"\S(.*\S)?"), "file, line and column that the value stands in"),
}


_NUMERIC_UNITS = ("RVU", "USD", "USD/RVU", "fraction", "unit", "units", "codes")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_SUMS = {
    "fac_total_rvu": ("work_rvu", "fac_pe_rvu", "mp_rvu"),
    "nonfac_total_rvu": ("work_rvu", "nonfac_pe_rvu", "mp_rvu"),
}


def read_facts(path: Path) -> list[Fact]:
    """Read a table, in the file's order.

    Raises SourceError naming file, line, column and expectation for a file that cannot be read, a wrong
    header, a broken row, a second row with the same release, code, modifier and field, or a total that is not the
    sum of its parts (the record layout: work, practice expense and malpractice RVUs).
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    facts: list[Fact] = []
    lines: dict[str, int] = {}
    try:
        header = tuple(next(reader, ()))
        if header != COLUMNS:
            raise SourceError(
                f"{path}:1: expected the header {','.join(COLUMNS)}, found {','.join(header)!r:.120}"
            )
        for cells in reader:
            fact = _read_row(cells, where=f"{path}:{reader.line_num}")
            if fact.key in lines:
                raise SourceError(
                    f"{path}:{reader.line_num}: {fact.key} stands already on line {lines[fact.key]}; "
                    "expected one row for each release, code, modifier and field"
                )
            lines[fact.key] = reader.line_num
            facts.append(fact)
    except csv.Error as error:
        raise SourceError(f"{path}:{reader.line_num}: expected comma-separated cells ({error})") from error
    _check_sums(facts, lines, path)
    return facts


def _check_sums(facts: list[Fact], lines: dict[str, int], path: Path) -> None:
    rows: dict[tuple[str, str, str], dict[str, Fact]] = defaultdict(dict)
    for fact in facts:
        rows[fact.release, fact.hcpcs_code, fact.modifier][fact.field] = fact
    for row in rows.values():
        for total, parts in _SUMS.items():
            if total in row and all(part in row for part in parts):
                expected = sum((Decimal(row[part].value) for part in parts), Decimal(0))
                if expected != Decimal(row[total].value):
                    raise SourceError(
                        f"{path}:{lines[row[total].key]}: value: expected {expected}, the sum of "
                        f"{', '.join(parts)}, found {row[total].value!r}"
                    )


def _read_row(cells: list[str], *, where: str) -> Fact:
    if len(cells) != len(COLUMNS):
        raise SourceError(
            f"{where}: expected {len(COLUMNS)} cells ({', '.join(COLUMNS)}), found {len(cells)}"
        )
    row: dict[str, str] = dict(zip(COLUMNS, cells, strict=True))
    for column, (pattern, expectation) in _EXPECTED.items():
        if not pattern.fullmatch(row[column]):
            raise SourceError(f"{where}: {column}: expected {expectation}, found {row[column]!r:.60}")
    try:
        fact = Fact.model_validate({**row, "valid_to": row["valid_to"] or None})
    except ValidationError as error:
        first = error.errors()[0]
        column = str(first["loc"][0])
        raise SourceError(f"{where}: {column}: {first['msg']}, found {row.get(column, '')!r:.60}") from error
    if fact.unit in _NUMERIC_UNITS and not _AMOUNT.fullmatch(fact.value):
        raise SourceError(
            f"{where}: value: expected a number without sign, such as 43.47, for unit {fact.unit}, "
            f"found {fact.value!r:.60}"
        )
    try:
        parse_release(fact.release)
    except ValueError as error:
        raise SourceError(
            f"{where}: release: {error}; expected one like RVU26B, OPPS-2026-07 or PTP-2024Q3"
        ) from error
    if fact.valid_to and fact.valid_to < fact.valid_from:
        raise SourceError(
            f"{where}: valid_to: expected a date not before {fact.valid_from}, found {fact.valid_to}"
        )
    return fact


def write_facts(facts: Iterable[Fact], path: Path) -> None:
    """Write a table sorted by code, field, modifier, start and release; the same facts give the same bytes.

    Written beside `path` and moved over it, so a reader never sees half a table. Raises SourceError for facts
    that `read_facts` would refuse (before anything is written), StateError when the file cannot be written.
    """
    ordered = sorted(
        facts, key=lambda fact: (fact.hcpcs_code, fact.field, fact.modifier, fact.valid_from, fact.key)
    )
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    seen: set[str] = set()
    for fact in ordered:
        cells = [_cell(getattr(fact, column)) for column in COLUMNS]
        _read_row(cells, where=f"{path}: fact {fact.key}")
        if fact.key in seen:
            raise SourceError(f"{path}: fact {fact.key} is given twice; expected one value for each")
        seen.add(fact.key)
        writer.writerow(cells)
    aside = path.with_name(f".{path.name}.{os.getpid()}.aside")
    try:
        aside.write_bytes(buffer.getvalue().encode())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise StateError(
            f"{path}: cannot be written ({error.strerror}); free space or choose another place"
        ) from error


def _cell(value: str | date | None) -> str:
    return "" if value is None else str(value)
