import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import SourceError, StateError
from pipeline.facts.database import FactDatabase, delete_table
from pipeline.facts.differences import diff_releases
from pipeline.facts.loading import Origin, load_table
from pipeline.facts.lookup import FactStore
from tests.facts.loaded import edit, edits, fee, fee_schedule, limit, limits, load
from tests.facts.loading_process import ROWS

ROOT = Path(__file__).parents[2]


def held(database: FactDatabase) -> dict[str, int]:
    """Rows by release, as they stand in the file."""
    return dict(
        database.query("SELECT t.release, count(*) FROM rows r JOIN tables t ON t.id = r.table_id GROUP BY 1")
    )


@contextmanager
def loading(database: FactDatabase, release: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has loaded half of a table, and waits."""
    command = [sys.executable, "-m", "tests.facts.loading_process", str(database.path), release, *options]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def reach_halfway(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdout.readline() == "halfway\n"


def go_on(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate("\n", timeout=60)
    return said.strip()


@pytest.mark.parametrize("path", [None, Path("no folder") / "facts.sqlite"])
def test_no_file_holds_nothing_and_is_not_made(path: Path | None):
    database = FactDatabase(path)
    assert database.tables() == ()
    assert database.query("SELECT * FROM rows") == []
    assert path is None or not path.parent.exists()


def test_tables_come_by_release_layout_and_part(database: FactDatabase):
    for part in (2, 1):
        load(database, "PTP-2024Q3", edits(edit(f"X990{part}", "X9904")), part=part, parts=2)
    for release in ("RVU26A", "RVU24AR", "RVU24D", "RVU24A"):
        load(database, release, fee_schedule(fee("X9901")))
    for release, qpp in (("RVU26B", False), ("RVU26B-QPP", True)):
        load(database, release, fee_schedule(fee("X9901"), qpp=qpp))
    names = [table.release.name for table in database.tables("pprrvu")]
    assert names == ["RVU24A", "RVU24AR", "RVU24D", "RVU26A", "RVU26B-QPP", "RVU26B"]
    assert [table.part for table in database.tables(release="PTP-2024Q3")] == [1, 2]
    assert database.tables("mue") == ()
    again = FactDatabase(database.path)
    assert again.tables() == database.tables()


def test_a_table_taken_out_leaves_no_row(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901")))
    load(database, "MUE-2024Q3", limits(limit("X9901", "1")))
    for part in (1, 2):
        load(database, "PTP-2024Q3", edits(edit(f"X990{part}", "X9904")), part=part, parts=2)
    tables = database.tables()
    with database.transaction() as cursor:
        for table in tables:
            if table.layout != "mue":
                delete_table(cursor, table.id)
    assert [table.layout for table in database.tables()] == ["mue"]
    for table in ("ptp_edits", "national"):
        assert database.query(f"SELECT * FROM {table}") == []
    assert held(database) == {"MUE-2024Q3": 1}


def test_the_view_shows_every_value_as_a_row(database: FactDatabase):
    load(database, "MUE-2024Q3", limits(limit("X9901", "2")))
    shown = database.query(
        "SELECT key, field, value, unit, release, valid_to, line FROM facts ORDER BY field"
    )
    assert shown[0] == ("X9901", "mue_adjudication_indicator", "3", "", "MUE-2024Q3", "2024-09-30", 11)
    assert shown[2] == ("X9901", "mue_value", "2", "units", "MUE-2024Q3", "2024-09-30", 11)
    assert len(shown) == 3


def test_look_ups_see_the_tables_of_one_moment(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901", work_rvu="1.00")))
    reader = FactDatabase(database.path)
    store = FactStore([], reader)
    assert store.of_release("X9901", "RVU25D")["work_rvu"].value == "1.00"
    load(database, "RVU25D", fee_schedule(fee("X9901", work_rvu="2.00"), fee("X9902")))
    assert store.of_release("X9901", "RVU25D")["work_rvu"].value == "1.00"
    assert store.of_release("X9902", "RVU25D") == {}
    reader.close()
    assert store.of_release("X9901", "RVU25D")["work_rvu"].value == "2.00"
    load(reader, "RVU25D", fee_schedule(fee("X9901", work_rvu="3.00")))
    assert store.of_release("X9901", "RVU25D")["work_rvu"].value == "3.00"


def test_one_process_reads_the_old_table_while_another_loads(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901")))
    with loading(database, "RVU25D") as process:
        reach_halfway(process)
        assert held(database) == {"RVU25D": 1}
        assert go_on(process) == "loaded"
    database.close()
    assert held(database) == {"RVU25D": ROWS}


def test_of_two_processes_that_load_the_second_is_told_of_the_first(
    database: FactDatabase, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.store.BUSY_TIMEOUT_S", 0.1)
    load(database, "RVU25C", fee_schedule(fee("X9901")))
    database.close()
    with loading(database, "RVU25D") as process:
        reach_halfway(process)
        with pytest.raises(StateError, match=r"in use by another process; wait for it to end"):
            load(database, "RVU25B", fee_schedule(fee("X9901")))
        assert go_on(process) == "loaded"
    load(database, "RVU25B", fee_schedule(fee("X9901")))
    assert held(database) == {"RVU25B": 1, "RVU25C": 1, "RVU25D": ROWS}


def test_a_process_killed_in_the_middle_of_a_load_leaves_the_old_table(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901")))
    database.close()
    with loading(database, "RVU25D") as process:
        reach_halfway(process)
        assert database.path
        assert database.path.with_name("facts.sqlite-wal").stat().st_size > 500_000  # half a table is on disk
        process.kill()
        process.wait()
    assert held(database) == {"RVU25D": 1}
    assert database.query("PRAGMA integrity_check") == [("ok",)]
    load(database, "RVU25D", fee_schedule(fee("X9901"), fee("X9902")))
    assert held(database) == {"RVU25D": 2}


def test_a_full_disk_leaves_the_old_table_and_says_so(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901")))
    database.close()
    with loading(database, "RVU25D", "300000") as process:
        said = go_on(process).removeprefix("halfway\n")
    assert said.startswith(f"StateError: cannot write {database.path}: ")
    assert "free some space" in said
    assert held(database) == {"RVU25D": 1}
    load(database, "RVU25D", fee_schedule(fee("X9901"), fee("X9902")))
    assert held(database) == {"RVU25D": 2}


def test_a_database_that_reaches_its_limit_is_rolled_back(database: FactDatabase):
    load(database, "RVU25D", fee_schedule(fee("X9901")))
    database.query("PRAGMA max_page_count = 40")
    table = fee_schedule(*(fee(f"{number:05d}") for number in range(2000)))
    with pytest.raises(StateError, match="database or disk is full"):
        load(database, "RVU25D", table)
    assert held(database) == {"RVU25D": 1}
    assert [table.kept for table in database.tables()] == [1]


@pytest.mark.parametrize("start", [0, 100, 4096])
def test_a_damaged_database_says_so_and_what_to_do(database: FactDatabase, start: int):
    load(database, "MUE-2024Q3", limits(*(limit(f"{number:05d}", "1") for number in range(2000))))
    database.close()
    assert database.path
    content = database.path.read_bytes()
    database.path.write_bytes(content[:start] + b"\xff" * (len(content) - start))
    with pytest.raises(
        SourceError, match=r"facts.sqlite is damaged \(.*\); delete it and run `briefwright sources"
    ):
        held(database)
    with pytest.raises(SourceError, match="is damaged"):
        load_table(database, limits(limit("X9901", "1")), Origin("MUE-2024Q3", "mue.csv", ""))


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_what_stands_in_the_place_of_the_file_is_named(tmp_path: Path, make: Callable[[Path], None]):
    path = tmp_path / "facts.sqlite"
    make(path)
    with pytest.raises(StateError, match=r"facts\.sqlite is not a file"):
        FactDatabase(path).tables()
    with pytest.raises(StateError, match=r"facts\.sqlite is not a file"):
        load(FactDatabase(path), "MUE-2024Q3", limits(limit("X9901", "1")))


def test_a_row_whose_cells_are_damaged_says_so(database: FactDatabase):
    for release in ("RVU25C", "RVU25D"):
        load(database, release, fee_schedule(fee("X9901")))
    with database.transaction() as cursor:
        cursor.execute("UPDATE rows SET cells = substr(cells, 1, 20)")
    with pytest.raises(SourceError, match="is damaged"):
        FactStore([], database).of_release("X9901", "RVU25D")
    with pytest.raises(SourceError, match="is damaged"):
        diff_releases(database, "RVU25C", "RVU25D")
    with database.transaction() as cursor:
        cursor.execute("UPDATE tables SET columns = substr(columns, 1, 20)")
    with pytest.raises(SourceError, match="is damaged"):
        database.tables()


def test_a_folder_that_cannot_be_made_is_a_state_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot write"):
        load(FactDatabase(tmp_path / "file" / "facts.sqlite"), "RVU25D", fee_schedule(fee("X9901")))
