"""Every reader on damaged files: each is read cleanly or refused cleanly, and no line of it is lost.

A few seconds in all; BRIEFWRIGHT_FUZZ_SECONDS gives more. An example is told by its sample and number:
`example("gpci.csv", 17)` makes it again.
"""

import os
import re
import time
from datetime import date
from itertools import count
from random import Random

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers import layouts, readers, recognise
from pipeline.facts.readers.layout import Layout, Reader, Refused, Row, Table, TableFile
from pipeline.facts.readers.text import cells_of, is_workbook, lines_of
from tests.facts.readers.locality_tables import table_file, workbook
from tests.facts.readers.mutations import damaged, flipped, truncated
from tests.facts.readers.samples import SAMPLES, Sample

SECONDS = float(os.environ.get("BRIEFWRIGHT_FUZZ_SECONDS", "0"))
EXAMPLES = 50  # of each sample, where no time is given
SLOWEST_S = 5.0
CODE = r"[0-9A-Z][0-9]{3}[0-9A-Z]"
LOCALITY = r"[0-9]{7}"
KEYS = {
    "hcpcs": CODE,
    "apc": r"[0-9]{4}",
    "locality": LOCALITY,
    "modifier": r"[0-9A-Z]{2}",
    "document": r"[AL][0-9]+",
}
NUMBER = r"([0-9]+(\.[0-9]+)?)?"
RUNS_OVER_LINES = ("coverage",)  # layouts whose rows may, as contractors stand in a cell one below the other


def file_of(sample: Sample) -> TableFile:
    if isinstance(sample.content, bytes):
        return table_file(sample.content, sample.name)
    return workbook(*sample.content)._replace(name=sample.name)


def example(name: str, number: int) -> TableFile:
    """The file of an example: the sample of that name damaged by the generator of that number."""
    random = Random(f"{name} {number}")
    sample = SAMPLES[name]
    if not isinstance(sample.content, bytes) and random.random() < 0.1:
        content = file_of(sample).open().read()
        return table_file(random.choice((flipped, truncated))(content, random), name)
    return file_of(sample._replace(content=damaged(sample, random)))


def reader_of(sample: Sample) -> Reader:
    reader = recognise(file_of(sample))
    assert reader is not None and reader.layout.name == sample.layout
    return reader


def misread(file: TableFile, reader: Reader) -> str:
    """What is wrong with how a file is read, empty for a clean parse or a clean refusal."""
    try:
        table = reader.read(file, False)
        items = list(table.rows)
    except SourceError as error:
        return "" if file.name in str(error) else f"the message does not name the file: {error}"
    for item in items:
        if problem := bad_row(item, table.layout) if isinstance(item, Row) else bad_refusal(item):
            return f"{problem}: {str(item)[:300]}"
    if any(not re.fullmatch(NUMBER, value.value) or not value.value for value in table.national):
        return f"national values {table.national}"
    return lost_lines(file, table, items)


def bad_row(row: Row, layout: Layout) -> str:
    shapes = {
        row.key: KEYS[layout.key],
        row.modifier: r"([0-9A-Z]{2})?",
        row.partner: f"{CODE}|CCCCC" if layout.partnered else "",
        row.locality: f"({LOCALITY})?",
        row.description: "",
    }
    if any(not isinstance(text, str) or not re.fullmatch(shape, text) for text, shape in shapes.items()):
        return "a key of another shape"
    if not isinstance(row.line, int) or row.line < 1 or len(row.cells) != len(layout.columns):
        return "a row of another shape"
    for cell, column in zip(row.cells, layout.columns, strict=True):
        if not isinstance(cell, str) or cell != cell.strip() or re.search(r"[\x00-\x1f]", cell):
            return f"{column.field} is no stripped text on one line"
        if column.unit and not re.fullmatch(NUMBER, cell):
            return f"{column.field} is no number of {column.unit}"
        if column.field.endswith("_date") and cell and date.fromisoformat(cell).isoformat() != cell:
            return f"{column.field} is no date"
    return ""


def bad_refusal(item: Refused) -> str:
    texts = isinstance(item, Refused) and all(isinstance(text, str) for text in item[1:])
    return "" if texts and item.line >= 1 and item.column and item.expected else "an incomplete refusal"


def lost_lines(file: TableFile, table: Table, items: list[Row | Refused]) -> str:
    """Rows, refusals and lines passed over add up, and what runs over line ends is not taken for a row."""
    if file.name.endswith(".txt"):  # lines as they stand, in which quotation marks mean nothing
        records = [(number, [line]) for number, line in lines_of(file)]
    else:
        records = list(cells_of(file, delimiter="," if table.layout.name == "pprrvu" else None))
    lines = records[-1][0] if records else 0
    counted = len(items) + table.passed_over
    if not len(records) <= counted <= lines:
        return f"{len(records)} records in {lines} lines, but {counted} counted"
    if is_workbook(file) or table.layout.name in RUNS_OVER_LINES:
        return ""
    broken = {line for line, cells in records if any("\n" in cell for cell in cells)}
    long = [item for item in items if isinstance(item, Row) and item.line in broken]
    return f"a row that may hide others: {str(long[0])[:300]}" if long else ""


def failure(name: str, number: int, own: Reader) -> str:
    """What is wrong with how an example is read, by the reader of its sample and by the one found for it."""
    file = example(name, number)
    started = time.process_time()
    problems: list[str] = []
    asked = [own]
    try:
        if (known := recognise(file)) and known is not own:
            asked.append(known)
    except SourceError as error:
        problems = [] if file.name in str(error) else [f"the message does not name the file: {error}"]
    except Exception as error:
        problems = [f"recognise: {type(error).__name__}: {error}"]
    for reader in asked:
        try:
            problems.append(misread(file, reader))
        except Exception as error:
            problems.append(f"{reader.layout.name}: {type(error).__name__}: {error}")
    if (seconds := time.process_time() - started) > SLOWEST_S:
        problems.append(f"took {seconds:.1f} s")
    found = "; ".join(filter(None, problems))
    return found and f"example({name!r}, {number}): {found}\n{file.open().read()[:3000]!r}"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_is_read_cleanly_or_refused(name):
    own = reader_of(SAMPLES[name])
    until = time.monotonic() + SECONDS / len(SAMPLES)
    for number in count():
        if number >= EXAMPLES and time.monotonic() >= until:
            break
        assert not (found := failure(name, number, own)), found


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_whole(name):
    sample = SAMPLES[name]
    table = reader_of(sample).read(file_of(sample), False)
    assert [type(item) for item in table.rows] == [Row] * sample.rows
    assert misread(file_of(sample), reader_of(sample)) == ""


def test_every_reader_has_a_sample():
    known = {reader_of(sample) for sample in SAMPLES.values()}
    assert known == set(readers())
    assert {sample.layout for sample in SAMPLES.values()} | {"ptp_hospital"} == set(layouts())
