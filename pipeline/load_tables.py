"""Tables out of one file of a publisher: its members recognised by content, each loaded whole or refused.

A release comes as an archive with several forms of the same table (CSV, fixed-width text, workbook): one is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.facts.database import FactDatabase
from pipeline.facts.loading import Origin, holds, load_table
from pipeline.facts.readers import hospital_layout, recognise
from pipeline.facts.readers.layout import Reader, Table, TableFile
from pipeline.facts.releases import parse_release
from pipeline.facts.whole_tables import FEE_SCHEDULE

# Of several forms of one table the first is loaded; delimited text says most exactly what stands where.
_FORMS = (".csv", ".txt", ".xlsx")
_PART = re.compile(r"-f([1-9])\b", re.IGNORECASE)
Progress = Callable[[str], None]
# The release that a file's name tells, empty where it tells none.
NameRelease = Callable[[str], str]


class LoadedFile(Record):
    """What became of one member of a file. `rows` kept and `passed_over` add up to what was read.

    `passed over`: no table of ours, or another form of a table that was loaded.
    """

    file: str
    status: Literal["loaded", "unchanged", "passed over", "refused"]
    release: str = ""
    layout: str = ""
    rows: int = 0
    passed_over: int = 0
    reason: str = ""
    notice: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """A member that is a table: its reader, and the release it belongs to."""

    file: TableFile
    reader: Reader
    origin: Origin


def find_tables(
    members: Iterable[TableFile],
    *,
    archive: str,
    sha256: str,
    release: str,
    name_release: NameRelease,
    parts: int,
) -> Iterator[Candidate | LoadedFile]:
    """The tables among the members of a file, the preferred form of each; what is none comes with its reason.

    `release` is asked for by the user and settles it for tables of its family; else the names of the member and of
    the archive tell. `parts`: over how many files the release spreads a PTP table.
    """
    chosen: dict[tuple[str, str, int], Candidate] = {}
    for file in members:
        found = _identify(
            file, archive=archive, sha256=sha256, release=release, name_release=name_release, parts=parts
        )
        if isinstance(found, LoadedFile):
            yield found
            continue
        key = (found.reader.layout.name, found.origin.release, found.origin.part)
        other = chosen.get(key)
        if other is None or _form(found) < _form(other):
            chosen[key] = found
            found, other = other, found
        if found is not None and other is not None:
            reason = f"the same table as {other.file.name}, in another form"
            yield LoadedFile(
                file=found.file.name, status="passed over", release=found.origin.release, reason=reason
            )
    yield from (chosen[key] for key in sorted(chosen))


def load_candidate(database: FactDatabase, candidate: Candidate, *, progress: Progress) -> LoadedFile:
    """Load one table, unless this very file is loaded already. What cannot be loaded comes back refused."""
    file, reader, origin = candidate
    if holds(database, origin, reader.layout.name):
        return _report(candidate, "unchanged")
    try:
        table = reader.read(file, False)
        table.layout = reader.layout
        loaded = load_table(
            database, table, origin, progress=lambda rows: progress(f"{file.name}: {rows:,} rows")
        )
    except SourceError as error:
        return _report(candidate, "refused", reason=str(error))
    return _report(candidate, "loaded", table=table, rows=loaded.kept)


def notices(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    """The copyright lines that the tables begin with, each once."""
    found: dict[str, None] = {}
    for candidate in candidates:
        try:
            table = candidate.reader.read(candidate.file, False)
            next(table.rows, None)
        except SourceError:
            continue  # it will be refused, with its reason, when its turn comes
        found |= dict.fromkeys(table.notice)
    return tuple(found)


def _identify(
    file: TableFile, *, archive: str, sha256: str, release: str, name_release: NameRelease, parts: int
) -> Candidate | LoadedFile:
    try:
        reader = recognise(file)
        if reader is None:
            return LoadedFile(file=file.name, status="passed over", reason="no layout of ours")
        family = reader.layout.family
        named = next((n for n in (file.name, archive) if _family(name_release(n), family)), "")
        chosen = release if _family(release, family) else name_release(named) if named and not release else ""
        if not chosen:
            return _unnamed(file, reader, release)
        if reader.layout.name == FEE_SCHEDULE and _is_qpp(reader, file):
            chosen = f"{chosen.removesuffix('-QPP')}-QPP"
        if parse_release(chosen).family == f"{family}H" != reader.layout.family:
            reader = reader._replace(layout=hospital_layout(reader.layout))
    except SourceError as error:
        return LoadedFile(file=file.name, status="refused", reason=str(error))
    part = _PART.search(file.name) or _PART.search(archive)
    origin = Origin(chosen, file.name, sha256, int(part[1]) if part else 1, parts if part else 1)
    return Candidate(file, reader, origin)


def _unnamed(file: TableFile, reader: Reader, release: str) -> LoadedFile:
    name = reader.layout.name
    if release:
        return LoadedFile(
            file=file.name, status="passed over", layout=name, reason=f"not of {release}'s family"
        )
    reason = (
        f"{file.name} is a table of the kind {name}, and neither its name nor its archive's tells the release; "
        f"give it with --release, such as {_example(reader.layout.family)}"
    )
    return LoadedFile(file=file.name, status="refused", layout=name, reason=reason)


def _example(family: str) -> str:
    return {"RVU": "RVU26D", "MCD": "MCD-2026-10"}.get(
        family, f"{family}-2026-10" if family in ("OPPS", "ASC", "HCPCS") else f"{family}-2026Q4"
    )


def _family(release: str, family: str) -> bool:
    """Whether a release is of a layout's family; hospital editions share the layout of the practitioners'."""
    return bool(release) and parse_release(release).family in (family, f"{family}H")


def _is_qpp(reader: Reader, file: TableFile) -> bool:
    """Whether a fee schedule is the one for qualifying APM participants, which its rows tell."""
    table = reader.read(file, False)
    for _ in table.rows:
        pass
    return bool(table.qpp)


def _form(candidate: Candidate) -> tuple[int, str]:
    name = candidate.file.name.lower()
    return next((i for i, form in enumerate(_FORMS) if name.endswith(form)), len(_FORMS)), name


def _report(
    candidate: Candidate,
    status: Literal["loaded", "unchanged", "refused"],
    *,
    table: Table | None = None,
    rows: int = 0,
    reason: str = "",
) -> LoadedFile:
    return LoadedFile(
        file=candidate.file.name,
        status=status,
        release=candidate.origin.release,
        layout=candidate.reader.layout.name,
        rows=rows,
        passed_over=table.passed_over if table else 0,
        reason=reason,
    )
