"""Tables out of one file of a publisher: its members recognised by content, each loaded whole or refused.

A release comes as an archive with several forms of the same table (CSV, fixed-width text, workbook): one is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.facts.database import FactDatabase, LoadedTable
from pipeline.facts.loading import Origin, Said, held_table, load_table, other_edition, said_of_edition
from pipeline.facts.readers import hospital_layout, layouts, recognise
from pipeline.facts.readers.layout import Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.releases import parse_release
from pipeline.facts.whole_tables import FEE_SCHEDULE, PTP

# Of several forms of one table the first is loaded; delimited text says most exactly what stands where.
_FORMS = (".csv", ".txt", ".xlsx")
_SETTINGS = {"PTP": re.compile("ccipra|practitioner", re.I), "PTPH": re.compile("ccioph|hospital", re.I)}
_PART = re.compile(r"-f([1-4])\b", re.IGNORECASE)
Progress = Callable[[str], None]
# Keeps the descriptors of a release, by code.
KeepDescriptors = Callable[[str, Mapping[str, str]], None]
Status = Literal["loaded", "unchanged", "passed over", "refused"]
LOADED = frozenset[Status](("loaded", "unchanged"))  # of a table that is in the database
PTP_PARTS = 4  # NCCI's practitioner and hospital tables come as four files each, f1 to f4


@dataclass(frozen=True)
class Naming:
    """How a file's release is told: `asked` by the user ("" where not), else by names, as the registry reads them.

    `of_name` gives the releases that a file name may mean, one at most of a family; `starts` the first day of a
    release that does not start with its quarter.
    """

    asked: str
    of_name: Callable[[str], Sequence[str]]
    starts: Callable[[str], date | None]

    def release(self, layout: Layout, names: Sequence[str]) -> str:
        """The release of a table, from the first name that tells one of its family; empty where nothing does."""
        told = (release for name in names for release in self.of_name(name))
        offered = [self.asked] if self.asked else list(told)
        return next((release for release in offered if _is_of(release, layout)), "")

    def contradiction(self, layout: Layout, names: Sequence[str]) -> str:
        """Why a table cannot be of the release asked for: a name tells another of its family. Empty where none does."""
        for name in names if self.asked else ():
            for told in self.of_name(name):
                if _is_of(told, layout) and told != self.asked:
                    return f"{name} is of {told} by its name, not of {self.asked}; give --release {told}, or none"
            family = next(
                (f for f, words in _SETTINGS.items() if layout.name == PTP and words.search(name)), ""
            )
            if family and family != parse_release(self.asked).family:
                return (
                    f"{name} is of the family {family} by its name, not of {self.asked}; give --release "
                    f"{_example(family)}, or the like"
                )
        return ""

    def confirms(self, names: Sequence[str]) -> bool:
        """Whether a name tells the very release asked for."""
        return any(self.asked in self.of_name(name) for name in names)


class LoadedFile(Record):
    """What became of one member of a file. `rows` kept and `passed_over` add up to what was read.

    `part` counts from 1, 0 for what is no table. `passed over`: no table of ours, or another form of one.
    """

    file: str
    status: Status
    release: str = ""
    layout: str = ""
    part: int = 0
    rows: int = 0
    passed_over: int = 0
    reason: str = ""

    @property
    def place(self) -> str:
        """What it is in the database, where one table stands in each place; empty for what is no table."""
        return table_place(self.layout, self.release, self.part) if self.part else ""


class Candidate(NamedTuple):
    """A member that is a table: its reader, and the release it belongs to."""

    file: TableFile
    reader: Reader
    origin: Origin

    @property
    def place(self) -> str:
        """What it would be in the database."""
        return table_place(self.reader.layout.name, self.origin.release, self.origin.part)


def table_place(layout: str, release: str, part: int) -> str:
    """The name under which one table at a time stands in the database."""
    return f"{layout} {release} {part}"


def find_tables(
    members: Iterable[TableFile], *, archive: str, sha256: str, naming: Naming
) -> Iterator[Candidate | LoadedFile]:
    """The tables among the members of a file; what is none comes with its reason.

    Where a member's name tells another release than the one asked for, those whose names tell nothing are refused too.
    """
    found = [_identify(file, archive=archive, sha256=sha256, naming=naming) for file in members]
    other = next((item.file for item in found if _is_contrary(item, archive, naming)), "")
    for item in found:
        if other and isinstance(item, Candidate) and not naming.confirms(_names(item.file.name, archive)):
            reason = (
                f"its name does not tell its release, and {other} beside it is of another than {naming.asked}; "
                "give the release they belong to with --release"
            )
            yield _report(item, "refused", reason=reason)
        else:
            yield item


def _is_contrary(item: Candidate | LoadedFile, archive: str, naming: Naming) -> bool:
    if isinstance(item, Candidate) or not item.release:
        return False
    return bool(naming.contradiction(layouts()[item.layout], _names(item.file, archive)))


def _names(member: str, archive: str) -> tuple[str, ...]:
    """The names that may tell a release: a member of a zip inside the zip is named INNER.zip/MEMBER."""
    return (*reversed(member.split("/")), archive)


def choose_forms(
    candidates: Iterable[Candidate],
    loaded: Iterable[LoadedFile] = (),
    *,
    stands: Mapping[str, LoadedTable] = MappingProxyType({}),
) -> tuple[list[Candidate], list[tuple[Candidate, LoadedFile]]]:
    """Of several forms of one table the preferred one; the others, each with the reason it is passed over.

    `loaded`: tables that stand in the database already and are left there for a form that is no better. `stands`: all
    tables that stand there, by place; of two files of one form the one that does is preferred.
    """
    held = {table.place: table.file for table in loaded if table.part}
    forms: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        forms.setdefault(candidate.place, []).append(candidate)
    best: list[Candidate] = []
    passed: list[tuple[Candidate, LoadedFile]] = []
    for place in sorted(forms):
        now = stands[place].sha256 if place in stands else ""
        others = sorted(forms[place], key=lambda c: (_form(c.file.name), c.origin.sha256 != now))
        standing = held.get(place)
        if standing is None or _form(others[0].file.name) < _form(standing):
            best.append(others.pop(0))
            standing = best[-1].file.name
        passed += [(candidate, _same_table(candidate, standing)) for candidate in others]
    return best, passed


def _same_table(candidate: Candidate, file: str) -> LoadedFile:
    reason = f"another form of the table in {file}"
    if _form(file) == _form(candidate.file.name):  # perhaps issued again
        reason = (
            f"the same table as in another file ({file}), which is taken; to load this one instead, "
            f"{_on_its_own(candidate)}"
        )
    return _report(candidate, "passed over", reason=reason)


def replaced(candidate: Candidate, by: LoadedTable) -> LoadedFile:
    """The report of a table that was loaded once, and in whose place another file's was loaded since."""
    reason = f"it was replaced by {by.file}, which stays; to load it again, {_on_its_own(candidate)}"
    return _report(candidate, "passed over", reason=reason)


def _on_its_own(candidate: Candidate) -> str:
    release = candidate.origin.release.removesuffix("-QPP")
    return f"sync it from a folder of its own with --release {release}"


def refuse_unsure(
    candidates: Iterable[Candidate],
) -> tuple[list[Candidate], list[tuple[Candidate, LoadedFile]]]:
    """Without the tables of an archive that say another year or quarter than their release, or none beside such a one.

    The others, each with the reason it is refused.
    """
    archives: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        key = (candidate.origin.sha256, candidate.origin.release.removesuffix("-QPP"))
        archives.setdefault(key, []).append(candidate)
    sure: list[Candidate] = []
    refused: list[tuple[Candidate, LoadedFile]] = []
    for tables in archives.values():
        reasons = _reasons(tables) if len(tables) > 1 else {}
        for candidate in tables:
            if reason := reasons.get(candidate.place):
                refused.append((candidate, _report(candidate, "refused", reason=reason)))
            else:
                sure.append(candidate)
    return sure, refused


def _reasons(tables: Sequence[Candidate]) -> dict[str, str]:
    """Why tables of one archive are refused, by place. Of several forms of a table the preferred one speaks for all."""
    said = [(candidate, _said(candidate)) for candidate in choose_forms(tables)[0]]
    others = [(c, place) for c, of in said for place, each in enumerate(of) if each.other]
    reasons: dict[str, str] = {}
    for candidate, of in said:
        for other, place in others:
            if of and of[place].found is None:
                reasons[candidate.place] = (
                    f"it does not say its {of[place].name}, and {other.file.name} beside it is of another than "
                    f"{candidate.origin.release}; give the release they belong to with --release"
                )
    return reasons | {c.place: other_edition(_said(c)[place], c.origin) for c, place in others}


def _said(candidate: Candidate) -> tuple[Said, ...]:
    """What a table says of its edition, its first row included; nothing where it cannot be read."""
    table = _begun(candidate)
    return said_of_edition(table, candidate.origin) if table else ()


def _begun(candidate: Candidate) -> Table | None:
    """A table read up to its first row; None where it cannot be, for which it is refused when its turn comes."""
    try:
        table = candidate.reader.read(candidate.file, False)
        next(table.rows, None)
    except SourceError:
        return None
    return table


def load_candidate(
    database: FactDatabase,
    candidate: Candidate,
    *,
    progress: Progress,
    keep_descriptors: KeepDescriptors | None = None,
    together: Iterable[Candidate] = (),
) -> LoadedFile:
    """Load one table, unless this very file is loaded already. What cannot be loaded comes back refused.

    `keep_descriptors` is given the descriptors of a fee schedule; without it they are not read. `together`: all tables
    that are loaded in this run, among which the other parts of this one are.
    """
    file, reader, origin = candidate
    same = (
        c.origin for c in together if (c.reader.layout, c.origin.release) == (reader.layout, origin.release)
    )
    origin = origin._replace(beside={each.part: each.sha256 for each in same})
    if held := held_table(database, origin, reader.layout.name):
        return _report(candidate, "unchanged", rows=held.kept, passed_over=held.passed_over)
    try:
        wanted = keep_descriptors is not None and reader.layout.name == FEE_SCHEDULE
        table = reader.read(file, wanted)
        table.layout = reader.layout
        descriptors: dict[str, str] = {}
        if wanted:
            table.rows = _noted(table.rows, descriptors)
        loaded = load_table(
            database, table, origin, progress=lambda rows: progress(f"{file.name}: {rows:,} rows")
        )
    except SourceError as error:
        return _report(candidate, "refused", reason=str(error))
    if keep_descriptors is not None and descriptors:
        keep_descriptors(origin.release.removesuffix("-QPP"), descriptors)
    return _report(candidate, "loaded", rows=loaded.kept, passed_over=loaded.passed_over)


def _noted(rows: Iterator[Row | Refused], descriptors: dict[str, str]) -> Iterator[Row | Refused]:
    """The rows as they pass, the description of each code noted."""
    for row in rows:
        if isinstance(row, Row) and row.description and not row.modifier:
            descriptors[row.key] = row.description
        yield row


def notices(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    """The copyright lines that the tables begin with, each once."""
    found: dict[str, None] = {}
    for candidate in candidates:
        table = _begun(candidate)
        found |= dict.fromkeys(table.notice if table else ())
    return tuple(found)


def _identify(file: TableFile, *, archive: str, sha256: str, naming: Naming) -> Candidate | LoadedFile:
    try:
        reader = recognise(file)
        if reader is None:
            return LoadedFile(file=file.name, status="passed over", reason="no table that is read here")
        names = _names(file.name, archive)
        release = naming.release(reader.layout, names)
        if not release:
            return _unnamed(file, reader, naming.asked)
        if other := naming.contradiction(reader.layout, names):
            return _refused(file, reader, release, other)
        if reader.layout.name == FEE_SCHEDULE and _is_qpp(reader, file):
            release = f"{release.removesuffix('-QPP')}-QPP"
    except SourceError as error:
        return LoadedFile(file=file.name, status="refused", reason=str(error))
    if reader.layout.name == PTP and parse_release(release).family == "PTPH":
        reader = reader._replace(layout=hospital_layout(reader.layout))
    part = _PART.search(file.name) or _PART.search(archive)
    edits = reader.layout.name.startswith(PTP)
    if edits and not part:
        return _partless(file, reader, release)
    first, of = (int(part[1]), PTP_PARTS) if part and edits else (1, 1)
    starts = naming.starts(release.removesuffix("-QPP"))
    return Candidate(file, reader, Origin(release, file.name, sha256, first, of, starts))


def _partless(file: TableFile, reader: Reader, release: str) -> LoadedFile:
    reason = (
        f"neither its name nor that of an archive around it tells which of the {PTP_PARTS} files of its release it is; "
        f"keep CMS's name, which ends in -f1 to -f{PTP_PARTS}"
    )
    return _refused(file, reader, release, reason)


def _refused(file: TableFile, reader: Reader, release: str, reason: str) -> LoadedFile:
    return LoadedFile(
        file=file.name, status="refused", release=release, layout=reader.layout.name, reason=reason
    )


def _unnamed(file: TableFile, reader: Reader, asked: str) -> LoadedFile:
    name = reader.layout.name
    if asked:
        return LoadedFile(
            file=file.name, status="passed over", layout=name, reason=f"a table of another kind than {asked}"
        )
    reason = (
        f"it is a table of the kind {name}, and neither its name nor that of an archive around it tells the release; "
        f"give it with --release, such as {_example(reader.layout.family)}"
    )
    return LoadedFile(file=file.name, status="refused", layout=name, reason=reason)


def _example(family: str) -> str:
    return {"RVU": "RVU26D", "MCD": "MCD-2026-10", "AOC": "AOC-2026Q1"}.get(
        family, f"{family}-2026-10" if family in ("OPPS", "ASC", "HCPCS") else f"{family}-2026Q4"
    )


def _is_of(release: str, layout: Layout) -> bool:
    """Whether a release is of a layout's family; PTP files for hospitals have the practitioners' layout."""
    family = parse_release(release).family
    return family == layout.family or (layout.name == PTP and family == "PTPH")


def _is_qpp(reader: Reader, file: TableFile) -> bool:
    """Whether a fee schedule is the one for qualifying APM participants, which its first row tells."""
    table = reader.read(file, False)
    next((row for row in table.rows if isinstance(row, Row)), None)
    return bool(table.qpp)


def _form(name: str) -> int:
    return next((place for place, form in enumerate(_FORMS) if name.lower().endswith(form)), len(_FORMS))


def _report(
    candidate: Candidate,
    status: Status,
    *,
    rows: int = 0,
    passed_over: int = 0,
    reason: str = "",
) -> LoadedFile:
    return LoadedFile(
        file=candidate.file.name,
        status=status,
        release=candidate.origin.release,
        layout=candidate.reader.layout.name,
        part=candidate.origin.part,
        rows=rows,
        passed_over=passed_over,
        reason=reason,
    )
