import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import SourceError, StateError
from pipeline.sources import snapshots as module
from pipeline.sources.snapshots import (
    Fetched,
    Snapshot,
    adopt,
    check_snapshot,
    is_stored,
    looks_like_web_page,
    read_snapshots,
    record_snapshot,
    stored_path,
)

DAY = date(2026, 11, 3)


def take(
    path: Path, store: Path, known: Snapshot | None = None, release: str = "RVU26D", day: date = DAY
) -> Fetched:
    return adopt(path, folder=store, release=release, retrieved_on=day, known=known)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "given" / "PPRRVU2026_Oct.csv"
    path.parent.mkdir()
    path.write_bytes(b"HCPCS,MOD\r\n" * 1000)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_a_file_is_kept_under_its_hash_and_recorded(table: Path, store: Path):
    status, snapshot = take(table, store)
    assert status == "new"
    assert snapshot.sha256 == hashlib.sha256(table.read_bytes()).hexdigest()
    assert stored_path(store, snapshot.sha256).read_bytes() == table.read_bytes()
    assert (snapshot.name, snapshot.size, snapshot.retrieved_on) == (table.name, 11_000, DAY)
    assert read_snapshots(store, "RVU26D") == ()
    record_snapshot(store, snapshot)
    assert read_snapshots(store, "RVU26D") == (snapshot,)
    check_snapshot(store, snapshot)


def test_the_record_keeps_one_file_of_a_name_and_the_order_of_names(table: Path, store: Path):
    snapshot = take(table, store).snapshot
    other = snapshot.model_copy(update={"name": "GPCI2026.csv"})
    newer = snapshot.model_copy(update={"origin": "https://example.org/PPRRVU2026_Oct.csv"})
    elsewhere = snapshot.model_copy(update={"release": "RVU26C"})
    for each in (snapshot, other, newer, elsewhere):
        record_snapshot(store, each)
    assert read_snapshots(store, "RVU26D") == (other, newer)
    assert read_snapshots(store, "RVU26C") == (elsewhere,)
    first = (store / "releases" / "RVU26D.json").read_bytes()
    record_snapshot(store, other)
    assert (store / "releases" / "RVU26D.json").read_bytes() == first


def test_an_untouched_file_is_not_read_again(table: Path, store: Path, monkeypatch: pytest.MonkeyPatch):
    snapshot = take(table, store).snapshot
    monkeypatch.setattr(module.hashlib, "file_digest", lambda *_: pytest.fail("read again"))
    assert take(table, store, snapshot, day=date(2027, 1, 1)) == Fetched("unchanged", snapshot)


def test_a_touched_file_with_the_same_bytes_is_unchanged(table: Path, store: Path):
    snapshot = take(table, store).snapshot
    os.utime(table, ns=(1, 1))
    status, again = take(table, store, snapshot)
    assert status == "unchanged" and again.stamp != snapshot.stamp
    assert again.model_copy(update={"stamp": snapshot.stamp}) == snapshot


def test_a_changed_file_of_the_same_size_and_time_is_noticed(table: Path, store: Path):
    snapshot = take(table, store).snapshot
    times = table.stat()
    table.write_bytes(b"hcpcs,mod\r\n" * 1000)
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    status, again = take(table, store, snapshot)
    assert status == "new" and again.sha256 != snapshot.sha256
    assert is_stored(store, again) and is_stored(store, snapshot)


def test_a_store_that_lost_the_bytes_takes_them_again(table: Path, store: Path):
    snapshot = take(table, store).snapshot
    stored_path(store, snapshot.sha256).write_bytes(b"cut")
    assert not is_stored(store, snapshot)
    with pytest.raises(StateError, match=r"missing or damaged.*run briefwright sources sync again"):
        check_snapshot(store, snapshot)
    assert take(table, store, snapshot).snapshot.sha256 == snapshot.sha256
    check_snapshot(store, snapshot)
    stored_path(store, snapshot.sha256).unlink()
    with pytest.raises(StateError, match="No such file"):
        check_snapshot(store, snapshot)


def test_bytes_there_already_are_not_copied(table: Path, store: Path, monkeypatch: pytest.MonkeyPatch):
    take(table, store)
    monkeypatch.setattr(module, "_copy", lambda *_, **__: pytest.fail("copied again"))
    assert take(table, store, release="RVU26C").status == "new"


def test_files_that_are_no_tables_are_refused(tmp_path: Path, store: Path):
    page, empty = tmp_path / "a.zip", tmp_path / "b.zip"
    page.write_bytes(b"\xef\xbb\xbf \r\n<!DOCTYPE html>")
    empty.touch()
    for path, says in (
        (page, "web page"),
        (empty, "empty"),
        (tmp_path / "none", "No such"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(SourceError, match=says):
            take(path, store)
    with pytest.raises(SourceError, match="more than any official file"):
        adopt(page, folder=store, release="RVU26D", retrieved_on=DAY, max_bytes=10)
    assert not store.exists()
    assert not looks_like_web_page(b"PK\x03\x04<")


def test_a_file_that_changes_while_it_is_copied_leaves_nothing(
    table: Path, store: Path, monkeypatch: pytest.MonkeyPatch
):
    genuine = module.shutil.copyfileobj

    def copy(source, target, length):
        target.write(b"torn")
        genuine(source, target, length)

    monkeypatch.setattr(module.shutil, "copyfileobj", copy)
    with pytest.raises(SourceError, match="changed while it was read"):
        take(table, store)
    assert list(store.iterdir()) == []


def test_a_file_that_changes_after_it_was_read_is_refused(
    table: Path, store: Path, monkeypatch: pytest.MonkeyPatch
):
    take(table, store)
    genuine = module.hashlib.file_digest

    def digest(stream, name):
        found = genuine(stream, name)
        table.write_bytes(b"more")
        return found

    monkeypatch.setattr(module.hashlib, "file_digest", digest)
    with pytest.raises(SourceError, match="changed while it was read"):
        take(table, store)


def test_a_store_that_cannot_be_written_is_said_so(table: Path, tmp_path: Path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StateError, match="cannot write"):
        take(table, tmp_path / "store")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"snapshots": [{}]}', b"\xff", b'{"snapshots": 5}'])
def test_a_damaged_record_says_what_to_do(store: Path, content: bytes):
    path = store / "releases" / "RVU26D.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(StateError, match="delete it and run briefwright sources sync again"):
        read_snapshots(store, "RVU26D")


def test_hashes_and_releases_cannot_name_other_paths(table: Path, store: Path):
    snapshot = take(table, store).snapshot
    for field, value in (("sha256", "../../etc/passwd"), ("release", "../RVU26D")):
        with pytest.raises(ValueError, match=field):
            Snapshot.model_validate(snapshot.model_dump() | {field: value})
