"""The shared third-party parses, written again as files in CMS's official layouts.

For tests and benchmarks, so that the product's own readers load whole releases of which only parses are at
hand. Headings come from the official files and excerpts beside them, with the release's year and month.
`shared` is the folder of the `shared_data` fixture. Every function streams, writes into `folder` under the
names that CMS gives its files, and returns the paths.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import zstandard


class FeeSchedule(NamedTuple):
    """A fee schedule release that is at hand as a parse: its name there, and the month in its title."""

    parse: str
    month: str


FEE_SCHEDULES = {
    "RVU24A": FeeSchedule("rvu24a_jan", "January"),
    "RVU24AR": FeeSchedule("rvu24ar_jan", "January"),
    "RVU24B": FeeSchedule("rvu24b_apr", "April"),
    "RVU24C": FeeSchedule("rvu24c_jul", "July"),
}
PTP_RELEASE, PTP_EDITION = "PTP-2024Q3", "v302r0"  # edition 30 of 1994 + 30, its third quarter's step 2
MUE_RELEASE, AOC_RELEASE = "MUE-2024Q3", "AOC-2024Q3"
_PTP_STARTS = ("", "26", "37", "58")  # codes with which the four parts begin: some 600,000 rows each
_FIRST_DAY = "19960101"
_ADD_ON_DAY = "2013091"
_MUE_PHRASES = {
    "1": "1 Line Edit",
    "2": "2 Date of Service Edit: Policy",
    "3": "3 Date of Service Edit: Clinical",
}
_HUNDREDTHS = (5, 6, 8, 10, 11, 12, 15, 16, 17, 28, 29, 30)
_FACTOR = 24


def write_fee_schedule(shared: Path, folder: Path, release: str) -> tuple[Path, Path]:
    """The relative value file and the GPCI file of RVU24A, RVU24AR, RVU24B or RVU24C.

    The parse has every column and row; its amounts get back the zeros they have in CMS's text. The asterisks
    and footnotes of the GPCI file are lost. January's file name is the same for A and AR, as CMS has it: use
    two folders.
    """
    parse, month = FEE_SCHEDULES[release]
    table = folder / f"PPRRVU24_{month[:3].upper()}.csv"
    official = shared / "pfs" / "rvu25d_oct2025"
    with (official / "PPRRVU2025_Oct.csv").open(encoding="cp1252", newline="") as lines:
        above = "".join(islice(lines, 10))
    title = above.replace("2025 National", "2024 National").replace("October Release", f"{month} Release")
    with (
        gzip.open(shared / "pfs" / "rvu2024" / f"pprrvu_{parse}.csv.gz", "rt", newline="") as source,
        table.open("w", encoding="cp1252", newline="") as target,
    ):
        target.write(title)
        csv.writer(target).writerows(map(_fee_schedule_cells, islice(csv.reader(source), 1, None)))
    return table, _write_gpci(shared, folder, parse)


def _fee_schedule_cells(cells: list[str]) -> list[str]:
    for place in _HUNDREDTHS:
        cells[place] = f"{float(cells[place]):.2f}"
    cells[_FACTOR] = f"{float(cells[_FACTOR]):.4f}"
    return cells


def _write_gpci(shared: Path, folder: Path, parse: str) -> Path:
    path = folder / "GPCI2024.csv"
    with (shared / "pfs" / "rvu25d_oct2025" / "GPCI2025.csv").open(encoding="cp1252", newline="") as lines:
        above = "".join(islice(lines, 3)).replace("2025", "2024")
    with (
        (shared / "pfs" / "rvu2024" / f"gpci_{parse.partition('_')[0]}.csv").open(newline="") as source,
        path.open("w", encoding="cp1252", newline="") as target,
    ):
        target.write(above)
        writer = csv.writer(target)
        for mac, state, locality, name, *indices in islice(csv.reader(source), 1, None):
            amounts = [f"{float(index):.3f}".rstrip("0").rstrip(".") for index in indices[:3]]
            writer.writerow((mac, state, locality, name, *amounts))
    return path


def write_ptp(shared: Path, folder: Path, *, codes: Iterable[str] | None = None) -> list[Path]:
    """All practitioner PTP edits of 2024 Q3 in four parts, or those that have one of `codes`.

    Lost in the parse, and stood in for: effective dates, and the mark of edits older than 1996 (left blank).
    An edit starts on 19960101, or on the day after an earlier edit of the pair was deleted; one of indicator
    9 starts on its deletion date, as such edits do. So dates are in order and no pair has two edits on a day
    (one row of the parse comes twice), but questions about a day before 2024 Q3 have invented answers. Real
    files have more different dates.
    """
    wanted = None if codes is None else frozenset(codes)
    with (shared / "ncci" / "layout_2026" / "ccipra-v322r0-f1.head.txt").open(newline="") as lines:
        header = "".join(islice(lines, 6))
    paths = [folder / f"ccipra-{PTP_EDITION}-f{part}.txt" for part in range(1, 5)]
    targets = [path.open("w", newline="") for path in paths]
    end = "\r\n" if header.endswith("\r\n") else "\n"
    try:
        for target in targets:
            target.write(header)
        rows = _ptp_rows(shared)
        if wanted is not None:
            rows = (row for row in rows if row[0] in wanted or row[1] in wanted)
        for column_one, of_code in groupby(rows, key=itemgetter(0)):
            part = sum(column_one >= start for start in _PTP_STARTS) - 1
            targets[part].writelines(line + end for line in _ptp_lines(of_code))
    finally:
        for target in targets:
            target.close()
    return paths


def _ptp_rows(shared: Path) -> Iterator[list[str]]:
    path = shared / "ncci" / "2024q3" / "ptp_practitioner_2024q3_full.csv.zst"
    with path.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        yield from islice(csv.reader(io.TextIOWrapper(stream, encoding="utf-8", newline="")), 1, None)


def _ptp_lines(rows: Iterable[list[str]]) -> Iterator[str]:
    """Lines of one column one code, by column two and deletion date."""
    pair, start = "", _FIRST_DAY
    for one, two, deletion, indicator, rationale in sorted(rows, key=_by_end):
        if two != pair:
            pair, start = two, _FIRST_DAY
        effective = deletion if indicator == "9" else start
        yield f"{one}\t{two}\t\t{effective}\t{deletion}\t{indicator}\t{rationale}"
        if deletion != "*":
            start = _day_after(deletion)


def _by_end(row: list[str]) -> tuple[str, str, str]:
    return row[1], row[2].replace("*", "~"), row[3]  # `~` sorts behind every date


@cache
def _day_after(day: str) -> str:
    return (date(int(day[:4]), int(day[4:6]), int(day[6:])) + timedelta(days=1)).strftime("%Y%m%d")


def write_mue(shared: Path, folder: Path) -> Path:
    """The practitioner MUE table of 2024 Q3 as CSV."""
    path = folder / "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv"
    (excerpt,) = (shared / "ncci" / "layout_2026").glob("MCR_MUE_*.csv")
    with (
        excerpt.open(encoding="utf-8-sig", newline="") as head,
        (shared / "ncci" / "2024q3" / "ncci_mue_prac.csv").open(newline="") as source,
        path.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target)
        writer.writerows(islice(csv.reader(head), 2))
        for code, units, indicator, rationale, _ in islice(csv.reader(source), 1, None):
            writer.writerow((code, units, _MUE_PHRASES[indicator], rationale))
    return path


def write_add_ons(shared: Path, folder: Path) -> Path:
    """The add-on code edits of 2024 Q3 as fixed-width text. Their dates are lost: all start on 1 April 2013."""
    path = folder / "AOC_V2024Q3-MCR.txt"
    with (
        (shared / "ncci" / "2024q3" / "ncci_aoc.csv").open(newline="") as source,
        path.open("w", encoding="ascii", newline="") as target,
    ):
        for primary, add_on, kind in islice(csv.reader(source), 1, None):
            target.write(f"{kind}{add_on}{'':7}{primary}{'':7}{_ADD_ON_DAY}{'':7}\r\n")
    return path
