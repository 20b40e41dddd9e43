"""Build the starter set's `facts.csv` from CMS files: `python sources/starter/build_facts.py DATA_FOLDER`.

DATA_FOLDER holds `cms/`. Every fact carries the release its row belongs to and a locator with the file, the
line and the column it was read from; `README.md` beside this script says which file gives what. The codes are
those of `codes.toml`. The `zstd` program is needed to read the pair file.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.errors import BriefwrightError, SourceError
from pipeline.facts.profiles import load_profiles
from pipeline.facts.table import write_facts
from pipeline.sources.applicability import applies, is_for_few
from pipeline.sources.codes_named import CodeRange, codes_named, names, width
from pipeline.sources.notes import load_notes

HERE = Path(__file__).parent
THIRD_PARTY = "third-party parse"
EXCERPT = "transcribed excerpt"
SHORT_RANGE = 4
"""A range of fewer codes than this is named code by code."""
LISTED_PRIMARIES = 24
"""Of an add-on code with more primaries, those among the starter codes are listed."""


class Release(NamedTuple):
    """A release's name and the days its publisher meant it for."""

    name: str
    first: date
    last: date


RVU25D = Release("RVU25D", date(2025, 10, 1), date(2025, 12, 31))
RVU26A = Release("RVU26A", date(2026, 1, 1), date(2026, 3, 31))
RVU26B = Release("RVU26B", date(2026, 4, 1), date(2026, 6, 30))
RVU26C = Release("RVU26C", date(2026, 7, 1), date(2026, 9, 30))
RVU26D = Release("RVU26D", date(2026, 10, 1), date(2026, 12, 31))
OPPS = Release("OPPS-2026-07", date(2026, 7, 1), date(2026, 9, 30))
ASC = Release("ASC-2026-07", date(2026, 7, 1), date(2026, 9, 30))
MUE = Release("MUE-2024Q3", date(2024, 7, 1), date(2024, 9, 30))
PTP = Release("PTP-2024Q3", date(2024, 7, 1), date(2024, 9, 30))
AOC = Release("AOC-2024Q3", date(2024, 7, 1), date(2024, 12, 31))  # a yearly file


class Column(NamedTuple):
    """Which column of a file gives which field."""

    name: str
    field: str
    unit: str = ""


# PPRRVU columns by their header cells joined downward, which tells the 31- and the 32-column layout apart.
PPRRVU_COLUMNS = (
    Column("STATUS CODE", "status_code"),
    Column("WORK RVU", "work_rvu", "RVU"),
    Column("NON-FAC PE RVU", "nonfac_pe_rvu", "RVU"),
    Column("NON-FAC NA INDICATOR", "nonfac_na"),
    Column("FACILITY PE RVU", "fac_pe_rvu", "RVU"),
    Column("FACILITY NA INDICATOR", "fac_na"),
    Column("MP RVU", "mp_rvu", "RVU"),
    Column("NON-FACILITY TOTAL", "nonfac_total_rvu", "RVU"),
    Column("FACILITY TOTAL", "fac_total_rvu", "RVU"),
    Column("PCTC IND", "pctc_indicator"),
    Column("GLOB DAYS", "global_days"),
    Column("PRE OP", "preoperative_share", "fraction"),
    Column("INTRA OP", "intraoperative_share", "fraction"),
    Column("POST OP", "postoperative_share", "fraction"),
    Column("MULT PROC", "multiple_procedure_indicator"),
    Column("BILAT SURG", "bilateral_indicator"),
    Column("ASST SURG", "assistant_indicator"),
    Column("CO- SURG", "cosurgeon_indicator"),
    Column("TEAM SURG", "team_indicator"),
    Column("ENDO BASE", "endoscopic_base"),
)
BLANK_MEANS_NONE = frozenset({"nonfac_na", "fac_na"})
CONVERSION_COLUMN = "CONV FACTOR"
VALUES_2026 = (
    Column("work_rvu", "work_rvu", "RVU"),
    Column("nonfac_pe_rvu", "nonfac_pe_rvu", "RVU"),
    Column("fac_pe_rvu", "fac_pe_rvu", "RVU"),
    Column("mp_rvu", "mp_rvu", "RVU"),
    Column("nonfac_total", "nonfac_total_rvu", "RVU"),
    Column("fac_total", "fac_total_rvu", "RVU"),
)
OPPS_COLUMNS = (
    Column("status_indicator", "opps_status_indicator"),
    Column("apc", "opps_apc"),
    Column("rate", "opps_rate", "USD"),
)
ASC_COLUMNS = (Column("payment_indicator", "asc_payment_indicator"), Column("rate", "asc_rate", "USD"))
MUE_COLUMNS = (
    Column("mue_units", "mue_value", "units"),
    Column("mue_mai", "mue_adjudication_indicator"),
    Column("mue_rationale", "mue_rationale"),
)


class Row(NamedTuple):
    """A data row: its line in the file, from 1, and its cells by column name."""

    line: int
    cells: dict[str, str]


def build_facts(data: Path, codes: Collection[str]) -> list[Fact]:
    """All facts about `codes` that the files under `data/cms` hold, with the release-wide conversion factors."""
    cms = data / "cms"
    pfs, excerpts = cms / "pfs", cms / "pfs" / "rvu2026"
    january = excerpts / "worth_PPRRVU2026_Jan_nonQPP.rowsubset.csv"
    july = excerpts / "biller_PPRRVU2026_Jul_nonQPP.head.csv"
    october = excerpts / "worth_PPRRVU2026_Oct_QPP.rowsubset.csv"
    opps, asc = (cms / "opps_asc" / f"{name}_2026jul_rates.csv" for name in ("opps", "asc"))
    release_2025 = pfs / "rvu25d_oct2025" / "PPRRVU2025_Oct.csv"
    facts = [
        *pprrvu_facts(release_2025, codes, RVU25D, factor="conversion_factor", nature=""),
        *pprrvu_facts(january, codes, RVU26A, factor="conversion_factor_nonqpp", nature=EXCERPT),
        *pprrvu_facts(july, codes, RVU26C, factor="conversion_factor_nonqpp", nature=EXCERPT),
        *pprrvu_facts(october, codes, RVU26D, factor="conversion_factor_qpp", nature=EXCERPT),
        *table_facts(excerpts / "rvu2026_values.csv", "hcpcs", VALUES_2026, codes, RVU26B),
        *table_facts(opps, "hcpcs", OPPS_COLUMNS, codes, OPPS),
        *unpriced_facts(opps, "hcpcs", "opps_priced", codes, OPPS),
        *table_facts(asc, "hcpcs", ASC_COLUMNS, codes, ASC),
        *unpriced_facts(asc, "hcpcs", "asc_priced", codes, ASC),
        *table_facts(cms / "ncci/2024q3/ncci_mue_prac.csv", "hcpcs_code", MUE_COLUMNS, codes, MUE),
        *addon_facts(cms / "ncci/2024q3/ncci_aoc.csv", codes),
    ]
    pairs = cms / "ncci/2024q3/ptp_practitioner_2024q3_full.csv.zst"
    return [*facts, *pair_facts(pairs, codes, named_on_pages(facts, codes))]


def named_on_pages(facts: Sequence[Fact], codes: Collection[str]) -> dict[str, tuple[CodeRange, ...]]:
    """By code, what its page names as its own: its add-on codes, codes and short ranges of notes for few codes."""
    profiles, values = load_profiles(HERE / "codes.toml"), {code: dict[str, str]() for code in codes}
    for fact in facts:
        if fact.hcpcs_code:
            values[fact.hcpcs_code][fact.field] = fact.value
    named = {
        code: [(field.partition(":")[2],) * 2 for field in own if field.startswith("add_on_code:")]
        for code, own in values.items()
    }
    for note in load_notes(HERE / "notes"):
        reached = [
            code
            for code in named
            if code in profiles
            and applies(note.applies_to, hcpcs_code=code, tags=profiles[code].tags, values=values[code])
        ]
        said = codes_named(" ".join(f"{part.question} {part.text}" for part in note.parts))
        for code in reached if is_for_few(len(reached), len(codes)) else ():
            named[code] += [pair for pair in said if width(pair) < SHORT_RANGE]
    return {code: tuple((first, last) for first, last in pairs) for code, pairs in named.items()}


def pprrvu_facts(
    path: Path, codes: Collection[str], release: Release, *, factor: str, nature: str
) -> Iterator[Fact]:
    """Facts of a PPRRVU file, and its conversion factor as `factor`. Raises SourceError when factors differ."""
    factors: dict[str, int] = {}
    for line, cells in _pprrvu_rows(path):
        factors.setdefault(cells[CONVERSION_COLUMN], line)
        if cells["HCPCS"] not in codes:
            continue
        for column in PPRRVU_COLUMNS:
            value = cells[column.name] or ("none" if column.field in BLANK_MEANS_NONE else "")
            if value:
                yield _fact(
                    release,
                    cells["HCPCS"],
                    column.field,
                    value,
                    unit=column.unit,
                    modifier=cells["MOD"],
                    locator=_locate(path.name, f"line {line}", f"column {column.name}", nature),
                )
    if len(factors) != 1:
        raise SourceError(f"{path}: expected one conversion factor for all rows, found {sorted(factors)}")
    value, line = next(iter(factors.items()))
    locator = _locate(path.name, f"line {line}", f"column {CONVERSION_COLUMN}", nature)
    yield _fact(release, "", factor, value, unit="USD/RVU", locator=locator)


def _pprrvu_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="cp1252", newline="") as file:
        reader = csv.reader(file)
        above: list[list[str]] = []
        for cells in reader:
            above.append(cells)
            if cells and cells[0] == "HCPCS":
                break
        # The header proper is the last four lines; what stands above it is the release's notice.
        stacked = zip(*above[-4:], strict=True)
        names = [" ".join(part.strip() for part in column if part.strip()) for column in stacked]
        needed = ["HCPCS", "MOD", CONVERSION_COLUMN, *(column.name for column in PPRRVU_COLUMNS)]
        _refuse_missing(needed, names, path)
        for cells in reader:
            yield _row(reader.line_num, names, [cell.strip() for cell in cells], path)


def table_facts(
    path: Path, key: str, columns: tuple[Column, ...], codes: Collection[str], release: Release
) -> Iterator[Fact]:
    """Facts of a file with one header line and one row a code."""
    with path.open(encoding="utf-8", newline="") as file:
        for line, cells in _rows(file, path, [key, *(column.name for column in columns)]):
            if cells[key] in codes:
                for column in columns:
                    locator = _locate(path.name, f"line {line}", f"column {column.name}", THIRD_PARTY)
                    value = cells[column.name]
                    yield _fact(release, cells[key], column.field, value, unit=column.unit, locator=locator)


def unpriced_facts(
    path: Path, key: str, field: str, codes: Collection[str], release: Release
) -> Iterator[Fact]:
    """`no` for each code without a row in a file that holds priced codes only."""
    with path.open(encoding="utf-8", newline="") as file:
        priced = [cells[key] for _, cells in _rows(file, path, [key])]
    for code in sorted(set(codes).difference(priced)):
        where = f"no row of {code} among {len(priced)}"
        yield _fact(
            release, code, field, "no", locator=_locate(path.name, where, "priced codes only", THIRD_PARTY)
        )


def addon_facts(path: Path, codes: Collection[str]) -> Iterator[Fact]:
    """On each add-on code: its edit type, how many primaries are listed, and all of them where they are few, else those
    among `codes`.

    An add-on code that is not among `codes` stands on its primary, as `add_on_code:22614`.

    The primary CCCCC, contractor defined, is kept as `primary_code:CCCCC` and not counted.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(_rows(file, path, ("add_on_code", "primary_code", "aoc_edit_type")))
    primaries = Counter(cells["add_on_code"] for _, cells in rows if cells["primary_code"] != "CCCCC")
    types: dict[str, set[str]] = {}
    for line, cells in rows:
        addon, primary, kind = cells["add_on_code"], cells["primary_code"], cells["aoc_edit_type"]
        locator = _locate(path.name, f"line {line}", "column aoc_edit_type", THIRD_PARTY)
        if addon not in codes:
            if primary in codes:
                yield _fact(AOC, primary, f"add_on_code:{addon}", kind, locator=locator)
            continue
        types.setdefault(addon, set()).add(kind)
        if primary in codes or primary == "CCCCC" or primaries[addon] <= LISTED_PRIMARIES:
            yield _fact(AOC, addon, f"primary_code:{primary}", kind, locator=locator)
    for addon, kinds in types.items():
        where = f"rows with add_on_code {addon}"
        if len(kinds) != 1:
            raise SourceError(f"{path}: expected one edit type for {addon}, found {', '.join(sorted(kinds))}")
        locator = _locate(path.name, where, "column aoc_edit_type", THIRD_PARTY)
        yield _fact(AOC, addon, "addon_edit_type", next(iter(kinds)), locator=locator)
        locator = _locate(path.name, where, "primary_code counted", THIRD_PARTY)
        yield _fact(AOC, addon, "primary_count", str(primaries[addon]), unit="codes", locator=locator)


def pair_facts(
    path: Path, codes: Collection[str], named: Mapping[str, tuple[CodeRange, ...]]
) -> Iterator[Fact]:
    """The edits in existence (deletion date `*`) between two of `codes`, or of one in column one with a code that its
    page names (`named`), and each code's number of partners."""
    partners: dict[str, set[str]] = {code: set() for code in codes}
    name = path.name.removesuffix(".zst")
    with _decompressed(path) as file:
        for line, cells in _rows(file, path, ("column1", "column2", "deletion_date", "modifier_indicator")):
            first, second = cells["column1"], cells["column2"]
            if cells["deletion_date"] != "*" or not (first in partners or second in partners):
                continue
            for code, partner in ((first, second), (second, first)):
                if code in partners:
                    partners[code].add(partner)
            if first in partners and (second in partners or names(named.get(first, ()), second)):
                where = "column modifier_indicator, deletion_date *"
                locator = _locate(name, f"line {line}", where, THIRD_PARTY)
                indicator = cells["modifier_indicator"]
                yield _fact(PTP, first, f"ptp_column_two:{second}", indicator, locator=locator)
    for code, others in partners.items():
        where = f"rows with {code} in column1 or column2, deletion_date *"
        locator = _locate(name, where, "other codes counted", THIRD_PARTY)
        yield _fact(PTP, code, "ptp_partner_count", str(len(others)), unit="codes", locator=locator)


@contextmanager
def _decompressed(path: Path) -> Iterator[io.TextIOWrapper]:
    program = shutil.which("zstd")
    if program is None:
        raise SourceError(f"{path}: needs the program zstd; install it (Debian: zstd) and run again")
    if not path.is_file():
        raise SourceError(f"{path}: is not there; DATA_FOLDER holds cms/")
    with subprocess.Popen([program, "-dcq", str(path)], stdout=subprocess.PIPE) as process:
        if process.stdout is None:
            raise SourceError(f"{path}: zstd gave nothing to read")
        yield io.TextIOWrapper(process.stdout, encoding="utf-8", newline="")
    # A cut-off file ends early without an error on the pipe: only the exit status tells.
    if process.returncode:
        raise SourceError(f"{path}: zstd could not read it to its end (status {process.returncode})")


def _rows(file: io.TextIOBase, path: Path, needed: Collection[str]) -> Iterator[Row]:
    reader = csv.reader(file)
    names = next(reader, [])
    _refuse_missing(needed, names, path)
    for cells in reader:
        yield _row(reader.line_num, names, cells, path)


def _row(line: int, names: list[str], cells: list[str], path: Path) -> Row:
    if len(cells) != len(names):
        raise SourceError(f"{path}:{line}: expected {len(names)} cells as in the header, found {len(cells)}")
    return Row(line, dict(zip(names, cells, strict=True)))


def _refuse_missing(needed: Collection[str], names: list[str], path: Path) -> None:
    missing = [name for name in needed if names.count(name) != 1]
    if missing:
        raise SourceError(
            f"{path}: expected one column named {missing[0]!r}; the header has {', '.join(names)}"
        )


def _locate(file: str, where: str, column: str, nature: str) -> str:
    return f"{file} {where}, {column}" + (f" ({nature})" if nature else "")


def _fact(
    release: Release, code: str, field: str, value: str, *, locator: str, unit: str = "", modifier: str = ""
) -> Fact:
    return Fact(
        hcpcs_code=code,
        modifier=modifier,
        field=field,
        value=value,
        unit=unit,
        release=release.name,
        valid_from=release.first,
        valid_to=release.last,
        locator=locator,
    )


def main(arguments: list[str]) -> int:
    """Write `facts.csv` beside this script, or at the second argument. Returns the exit code."""
    if len(arguments) not in (1, 2):
        print("usage: python sources/starter/build_facts.py DATA_FOLDER [OUTPUT]", file=sys.stderr)
        return 2
    output = Path(arguments[1]) if len(arguments) == 2 else HERE / "facts.csv"
    try:
        facts = build_facts(Path(arguments[0]), tuple(load_profiles(HERE / "codes.toml")))
        write_facts(facts, output)
    except BriefwrightError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"{error.filename}: cannot be read ({error.strerror}); DATA_FOLDER holds cms/", file=sys.stderr)
        return SourceError.exit_code
    print(f"{len(facts)} facts written to {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
