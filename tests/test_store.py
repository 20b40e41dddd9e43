"""State files: whole or untouched, locked across processes, and errors that a user can act on."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import StateError
from pipeline.store import exclusive_lock, is_damage, open_sqlite, sqlite_state_error, write_atomically

HOLD_LOCK = """
import sys
from pathlib import Path
from pipeline.store import exclusive_lock
with exclusive_lock(Path(sys.argv[1]), what="holding on"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_writes_bytes_and_text_as_they_are(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "a.bin", b"\x00\r\n")
    write_atomically(tmp_path / "deep" / "b.txt", "née\r\n")
    assert (tmp_path / "deep" / "a.bin").read_bytes() == b"\x00\r\n"
    assert (tmp_path / "deep" / "b.txt").read_bytes() == "née\r\n".encode()
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["a.bin", "b.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_failed_write_keeps_the_old_file_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    target = tmp_path / "page.json"
    write_atomically(target, "old")

    def fail(*_: object) -> None:
        raise OSError(number, "no room at all")

    monkeypatch.setattr(Path, step, fail)
    with pytest.raises(StateError, match=r"page\.json: no room at all \(.* MiB free .*BRIEFWRIGHT_HOME"):
        write_atomically(target, "new")
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.json"]


def test_parent_that_is_a_file_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateError, match="cannot write"):
        write_atomically(tmp_path / "file" / "x", "y")
    with pytest.raises(StateError, match="cannot write"):
        open_sqlite(tmp_path / "file" / "x.sqlite3")
    with (
        pytest.raises(StateError, match="cannot write"),
        exclusive_lock(tmp_path / "file" / "lock", what="busy"),
    ):
        pass


def test_second_process_is_locked_out_until_the_first_ends(tmp_path: Path) -> None:
    lock = tmp_path / "state" / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(StateError, match="another briefwright process is counting; wait for it"),
            exclusive_lock(lock, what="counting"),
        ):
            pass
        holder.kill()
        holder.wait(10)
        with exclusive_lock(lock, what="counting", timeout_s=5):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_lock_is_released_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), exclusive_lock(tmp_path / "lock", what="busy"):
        raise ValueError("inside")
    with exclusive_lock(tmp_path / "lock", what="busy"):
        pass


def test_sqlite_is_opened_in_wal_mode(tmp_path: Path) -> None:
    connection = open_sqlite(tmp_path / "new" / "a.sqlite3")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    connection.close()


def test_absent_database_is_not_made_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_sqlite(tmp_path / "a.sqlite3", create=False)
    assert not (tmp_path / "a.sqlite3").exists()


def test_damaged_database_is_told_from_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"not a database " * 100)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        open_sqlite(tmp_path / "garbage")
    assert is_damage(caught.value)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StateError, match="cannot write"):
        open_sqlite(tmp_path / "folder")


def test_full_database_is_no_damage(tmp_path: Path) -> None:
    connection = open_sqlite(tmp_path / "a.sqlite3")
    connection.execute("CREATE TABLE big (data)")
    connection.execute("PRAGMA max_page_count=3")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO big VALUES (zeroblob(100000))")
    connection.close()
    assert not is_damage(caught.value)
    assert "full" in str(sqlite_state_error(tmp_path / "a.sqlite3", caught.value))
