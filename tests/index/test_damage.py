"""Damage is named with its remedy, and the remedy mends it; what can be made again is, without being asked."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import PassageIndexError
from pipeline.index import HashingEmbedder, IndexReport, build_index, open_index
from pipeline.index.generations import POINTER, current
from pipeline.index.places import EMBEDDED
from tests.index.helpers import BOOK, INVENTED, SECOND, CountingEmbedder, count_stored, document, ids, passage

ALL = ["a", "b", "c", "d", "e"]
REMEDY = r"the passage index in .* is damaged \(.*\); run `briefwright index --rebuild`$"
Damage = Callable[[Path], None]


def home_of(folder: Path) -> Path:
    home = current(folder)
    assert home is not None
    return home


def table_of(folder: Path) -> Path:
    return home_of(folder) / "passages.sqlite3"


def truncate_table(folder: Path) -> None:
    os.truncate(table_of(folder), 5_000)


def garble_table(folder: Path) -> None:
    table_of(folder).write_bytes(b"garbage " * 2_000)


def garble_table_pages(folder: Path) -> None:
    table = table_of(folder)
    table.write_bytes(table.read_bytes()[:8192] + b"\xff" * (table.stat().st_size - 8192))


def point_to_nothing(folder: Path) -> None:
    (folder / POINTER).write_text("b7\n")


def point_out_of_the_folder(folder: Path) -> None:
    (folder / POINTER).write_text("../index/b1\n")


def garble_pointer(folder: Path) -> None:
    (folder / POINTER).write_bytes(b"\xff\x00" * 400)


def empty_pointer(folder: Path) -> None:
    (folder / POINTER).write_bytes(b"")


def remove_build(folder: Path) -> None:
    shutil.rmtree(home_of(folder))


def age_format(folder: Path) -> None:
    with sqlite3.connect(table_of(folder)) as connection:
        connection.execute("PRAGMA user_version = 2")


def lose_a_table(folder: Path) -> None:
    with sqlite3.connect(table_of(folder)) as connection:
        connection.execute("DROP TABLE pieces")


def garble_chroma_pages(folder: Path) -> None:
    database = home_of(folder) / "chroma" / "chroma.sqlite3"
    database.write_bytes(database.read_bytes()[:8192] + b"\xff" * (database.stat().st_size - 8192))


def remove_chroma(folder: Path) -> None:
    shutil.rmtree(home_of(folder) / "chroma")


def garble_chroma(folder: Path) -> None:
    (home_of(folder) / "chroma" / "chroma.sqlite3").write_bytes(b"garbage " * 2_000)


def remove_segments(folder: Path) -> None:
    for path in (home_of(folder) / "chroma").iterdir():
        if path.is_dir():
            shutil.rmtree(path)


POINTERS = [point_to_nothing, point_out_of_the_folder, garble_pointer, empty_pointer, remove_build]
TABLES = [truncate_table, garble_table, garble_table_pages, age_format, lose_a_table]


@pytest.mark.parametrize("damage", [*POINTERS, *TABLES, garble_chroma_pages])
def test_damage_is_named_with_its_remedy_which_mends_it(folder: Path, damage: Damage) -> None:
    damage(folder)
    with (
        pytest.raises(PassageIndexError, match=REMEDY),
        open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index,
    ):
        index.vector_search("knee", limit=1)
        index.passages()
    build_index([BOOK], folder=folder, embedder=HashingEmbedder(), rebuild=True)
    assert ids(folder, exact_up_to=0) == ALL
    assert [one.name for one in folder.iterdir() if one.is_dir()] == [home_of(folder).name]


@pytest.mark.parametrize("damage", [*POINTERS, *TABLES])
def test_no_build_trusts_what_is_damaged(folder: Path, damage: Damage) -> None:
    damage(folder)
    with pytest.raises(PassageIndexError, match=REMEDY):
        build_index([BOOK, SECOND], folder=folder, embedder=HashingEmbedder())


@pytest.mark.parametrize("damage", [remove_chroma, garble_chroma])
def test_a_lost_store_is_made_up_for_and_filled_anew_by_the_next_build(folder: Path, damage: Damage) -> None:
    """Every vector is in the table: a search compares them itself, a build stores them again and embeds nothing."""
    damage(folder)
    assert ids(folder, exact_up_to=0) == ALL
    embedder = CountingEmbedder()
    assert build_index([BOOK], folder=folder, embedder=embedder) == IndexReport(kept=5, generation=1)
    assert embedder.texts == []
    assert count_stored(folder) == 5
    assert ids(folder, exact_up_to=0) == ALL


@pytest.mark.parametrize("damage", [garble_chroma_pages, remove_segments])
def test_a_damaged_store_is_filled_anew_by_a_build_that_writes_to_it(folder: Path, damage: Damage) -> None:
    damage(folder)
    embedder = CountingEmbedder()
    build_index([BOOK, SECOND], folder=folder, embedder=embedder)
    assert embedder.texts == [SECOND.passages()[0].text]
    assert count_stored(folder) == 6
    assert ids(folder, exact_up_to=0) == [*ALL, "f"]


def test_vectors_that_another_took_out_of_the_store_are_put_back(folder: Path) -> None:
    with EMBEDDED.open(home_of(folder), create=False) as store:
        near = store.query(HashingEmbedder().embed(["knee"])[0], limit=2)
        store.delete([one.key for one in near])
    assert ids(folder, exact_up_to=0) == ALL
    build_index([BOOK, SECOND], folder=folder, embedder=HashingEmbedder())
    assert count_stored(folder) == 6


def test_vectors_lost_inside_chroma_are_no_silent_loss(tmp_path: Path) -> None:
    """Chroma answers with what is left when a segment folder is gone; the table makes up for it."""
    many = document(*(passage(f"p{number:04}", f"rule number {number}") for number in range(1_100)))
    build_index([many], folder=tmp_path, embedder=HashingEmbedder())
    remove_segments(tmp_path)
    with open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=0) as index:
        hits = index.vector_search("rule number 7", limit=200)
    assert len(hits) == 200
    assert hits[0].passage.id == "p0007"


def test_a_table_removed_beside_its_vectors_is_made_anew(folder: Path) -> None:
    table_of(folder).unlink()
    with pytest.raises(PassageIndexError, match=r"no passage index.*run `briefwright index`$"):
        open_index(folder, embedder=HashingEmbedder())
    report = build_index([document(*INVENTED[:2])], folder=folder, embedder=HashingEmbedder())
    assert report.embedded == 2
    assert count_stored(folder) == 2
    assert ids(folder, exact_up_to=0) == ["a", "b"]


def test_an_index_of_the_first_format_is_built_anew_and_removed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "passages.sqlite3") as connection:
        connection.execute("CREATE TABLE passages (id TEXT)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"SQLite format 3\x00")
    with pytest.raises(PassageIndexError, match=r"no passage index.*run `briefwright index`$"):
        open_index(tmp_path, embedder=HashingEmbedder())
    assert build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder()).added == 5
    assert ids(tmp_path) == ALL
    assert sorted(one.name for one in tmp_path.iterdir() if one.name != "lock") == ["b1", POINTER]


def test_vectors_of_two_embedders_are_never_mixed(folder: Path) -> None:
    other = CountingEmbedder(32)
    refused = r"holds vectors of hashing-64, not of hashing-32, .*; run `briefwright index --rebuild`$"
    for documents in ([BOOK], [SECOND], []):
        with pytest.raises(PassageIndexError, match=refused):
            build_index(documents, folder=folder, embedder=other)
    with pytest.raises(PassageIndexError, match=refused):
        open_index(folder, embedder=other)
    assert ids(folder, exact_up_to=0) == ALL
    assert build_index([BOOK], folder=folder, embedder=other, rebuild=True).embedded == 5
    with open_index(folder, embedder=other, exact_up_to=0) as index:
        assert index.search("knee compartment", limit=1)[0].passage.id == "b"


def test_an_embedder_that_changed_under_its_name_is_refused(folder: Path) -> None:
    """A provider can put another model behind the same name: its vectors are of another length, if we are lucky."""
    other = HashingEmbedder(32)
    other.name = "hashing-64"
    changed = r"answers vectors of 32 numbers, the passage index holds .* 64, .*--rebuild`$"
    with pytest.raises(PassageIndexError, match=changed):
        build_index([BOOK, SECOND], folder=folder, embedder=other)
    with open_index(folder, embedder=other) as index, pytest.raises(PassageIndexError, match=changed):
        index.search("knee", limit=1)
    assert ids(folder) == ALL
