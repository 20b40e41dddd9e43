"""A process that loads a table slowly: `python -m tests.facts.loading_process FILE RELEASE [LARGEST]`.

It says "halfway" when half of its rows are in, and waits for a line before it goes on. LARGEST, in
bytes, makes writing beyond it fail, as on a full disk.
"""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import BriefwrightError
from pipeline.facts.database import FactDatabase
from pipeline.facts.readers.layout import Refused, Row
from tests.facts.loaded import fee, fee_schedule, load

ROWS = 24_000  # some megabytes: more than SQLite keeps in memory before it writes


def main() -> None:
    path, release, *limit = sys.argv[1:]
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
    table = fee_schedule(*(fee(f"{number:05d}") for number in range(ROWS)))
    table.rows = _slowly(table.rows)
    try:
        load(FactDatabase(Path(path)), release, table)
    except BriefwrightError as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("loaded")


def _slowly(rows: Iterator[Row | Refused]) -> Iterator[Row | Refused]:
    for number, row in enumerate(rows):
        if number == ROWS // 2:
            print("halfway", flush=True)
            sys.stdin.readline()
        yield row


if __name__ == "__main__":
    main()
