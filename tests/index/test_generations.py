"""Generations: what a reader opened stays, a build that dies loses nothing, one builder at a time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import PassageIndexError, StateError
from pipeline.index import HashingEmbedder, IndexReport, build_index, open_index
from pipeline.index.generations import LOCK, POINTER, builds, current
from pipeline.index.pieces import hash_piece, pieces_of
from pipeline.index.vectors import VectorPlace, VectorStore
from pipeline.store import exclusive_lock
from tests.index.helpers import (
    ADDED,
    BOOK,
    INVENTED,
    SECOND,
    CountingEmbedder,
    count_stored,
    document,
    ids,
    passage,
)
from tests.index.killed_build import MORE

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

OLD = ["a", "b", "c", "d", "e"]
BOTH = [*OLD, "m0", "m1", "m2", "m3"]
UPDATE = ["embedding", "upserting", "upserted", "before the swap", "in the swap"]


def killed(folder: Path, moment: str, how: str) -> list[str]:
    """Run a build of `BOOK` and `MORE` that is killed; the texts it embedded."""
    texts = folder.with_name("texts.jsonl")
    texts.touch()
    done = subprocess.run(
        [sys.executable, "-m", "tests.index.killed_build", str(folder), moment, how, str(texts)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    return [json.loads(line) for line in texts.read_text().splitlines()]


def test_a_reader_keeps_the_generation_it_opened(folder: Path, place: VectorPlace) -> None:
    """Also its vectors, through two builds and a rebuild that takes the place of what it reads."""
    build_index([BOOK], folder=folder, embedder=HashingEmbedder(), place=place)
    for exact_up_to in (0, 1_000):
        with open_index(folder, embedder=HashingEmbedder(), place=place, exact_up_to=exact_up_to) as index:
            opened, held = index.generation, index.passages()
            for documents, rebuild in (([SECOND], False), ([MORE], False), ([BOOK], True)):
                build_index(
                    documents, folder=folder, embedder=HashingEmbedder(), place=place, rebuild=rebuild
                )
                assert (index.generation, index.passages()) == (opened, held)
                for one in INVENTED[1:]:
                    assert index.vector_search(one.text, limit=1)[0].passage == one
                    assert index.search(one.text, limit=1)[0].passage == one
    assert len(builds(folder)) == 1
    assert ids(folder, place=place, exact_up_to=0) == OLD


def test_an_open_index_sees_a_passage_that_it_had_not_read_before_it_went(folder: Path) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        build_index([SECOND], folder=folder, embedder=HashingEmbedder())
        assert index.passage("e") == INVENTED[4]
        assert index.digests() == {BOOK.id: BOOK.digest}
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert index.digests() == {SECOND.id: SECOND.digest}


@pytest.mark.parametrize("moment", UPDATE)
def test_kill_9_leaves_the_generation_before_serving_and_nothing_is_embedded_twice(
    folder: Path, moment: str
) -> None:
    embedded = killed(folder, moment, "update")
    assert embedded
    for exact_up_to in (0, 1_000):
        assert ids(folder, exact_up_to=exact_up_to) == OLD  # at once, without a build
    again = CountingEmbedder()
    report = build_index([BOOK, MORE], folder=folder, embedder=again)
    assert (report.added, report.kept, report.generation) == (4, 5, 2)
    assert len(embedded) + len(again.texts) == 4 and not set(embedded) & set(again.texts)
    assert ids(folder, exact_up_to=0) == BOTH
    assert count_stored(folder) == 9


@pytest.mark.parametrize("moment", [*UPDATE[::2], "after the swap"])
def test_kill_9_of_a_rebuild_leaves_the_old_build_serving_and_the_next_goes_on(
    folder: Path, moment: str
) -> None:
    embedded = killed(folder, moment, "rebuild")
    finished = moment == "after the swap"
    assert ids(folder, exact_up_to=0) == (BOTH if finished else OLD)
    assert len(builds(folder)) == 2
    if not finished:
        again = CountingEmbedder()
        report = build_index([BOOK, MORE], folder=folder, embedder=again, rebuild=True)
        assert (report.added, report.generation) == (9, 1)
        assert len(embedded) + len(again.texts) == 9 and not set(embedded) & set(again.texts)
    else:
        build_index([BOOK, MORE, SECOND], folder=folder, embedder=HashingEmbedder())
    assert ids(folder, exact_up_to=0)[-len(MORE.passages()) :] == BOTH[5:]
    assert len(builds(folder)) == 1


def test_what_a_dead_rebuild_left_goes_with_the_next_ordinary_build(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_index([BOOK], folder=folder, embedder=CountingEmbedder(dies_after=0), rebuild=True)
    assert len(builds(folder)) == 2
    build_index([BOOK, SECOND], folder=folder, embedder=HashingEmbedder())
    assert len(builds(folder)) == 1
    assert ids(folder) == [*OLD, "f"]


def test_a_rebuild_does_not_go_on_with_what_another_embedder_began(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_index([BOOK], folder=folder, embedder=CountingEmbedder(32, dies_after=0), rebuild=True)
    assert build_index([BOOK], folder=folder, embedder=HashingEmbedder(), rebuild=True).embedded == 5
    assert ids(folder, exact_up_to=0) == OLD


def test_a_first_build_that_is_killed_is_said_to_be_unfinished_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    embedded = killed(folder, "embedding", "update")
    with pytest.raises(PassageIndexError, match=r"not finished.*run `briefwright index`"):
        open_index(folder, embedder=HashingEmbedder())
    again = CountingEmbedder()
    report = build_index([BOOK, MORE], folder=folder, embedder=again)
    assert (report.added, report.embedded, report.generation) == (9, 7, 1)
    assert not set(embedded) & set(again.texts)
    assert ids(folder, exact_up_to=0) == BOTH


def test_what_was_taken_from_chroma_by_a_build_that_died_is_stored_again_when_wanted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: VectorPlace
) -> None:
    build_index([BOOK], folder=folder, embedder=HashingEmbedder(), place=place)
    build_index([SECOND], folder=folder, embedder=HashingEmbedder(), place=place)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pipeline.index.writing.WritableTable.drop_vectors", die)
        ended = document(ADDED, name="note:new", valid_to=date(2026, 12, 31))
        build_index([ended], folder=folder, embedder=HashingEmbedder(), place=place)
    again = CountingEmbedder()
    build_index([BOOK, SECOND], folder=folder, embedder=again, place=place)
    assert again.texts == []
    assert count_stored(folder, place) == 6
    assert ids(folder, place=place, exact_up_to=0) == [*OLD, "f"]


def test_a_store_that_is_only_half_filled_anew_is_not_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: VectorPlace
) -> None:
    """It was lost, and the build that fills it died with some of what serves still missing from it."""
    build_index([BOOK], folder=folder, embedder=HashingEmbedder(), place=place)
    home = current(folder)
    assert home is not None
    place.remove(home)
    missing = {hash_piece(piece) for one in INVENTED[3:] for piece in pieces_of(one)}
    original = VectorStore.upsert

    def upsert_some_and_die(store: VectorStore, names: list[str], vectors: Vectors) -> None:
        rows = [row for row, name in enumerate(names) if name not in missing]
        original(store, [names[row] for row in rows], vectors[rows])
        raise KeyboardInterrupt

    many = document(*(passage(f"n{n}", f"Rule {n} of a dozen.") for n in range(12)), name="doc:n")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(VectorStore, "upsert", upsert_some_and_die)
        build_index([BOOK, many], folder=folder, embedder=HashingEmbedder(), place=place)
    with place.open(home, create=False) as store:
        assert store.count() >= 12
    assert ids(folder, place=place, exact_up_to=0) == OLD
    again = CountingEmbedder()
    build_index([BOOK, many], folder=folder, embedder=again, place=place)
    assert again.texts == []
    assert count_stored(folder, place) == 17


@pytest.mark.parametrize("rebuild", [False, True])
def test_batches_done_before_a_key_is_pressed_are_not_embedded_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rebuild: bool
) -> None:
    monkeypatch.setattr("pipeline.index.embedding._EMBED_AT_ONCE", 2)
    dying, again = CountingEmbedder(dies_after=3), CountingEmbedder()
    with pytest.raises(KeyboardInterrupt):
        build_index([BOOK, MORE], folder=folder, embedder=dying, rebuild=rebuild)
    assert ids(folder) == OLD
    build_index([BOOK, MORE], folder=folder, embedder=again, rebuild=rebuild)
    assert len(dying.texts) == 2 and not set(again.texts) & set(dying.texts)
    assert ids(folder, exact_up_to=0) == BOTH


@contextmanager
def building(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that builds `BOOK` and `MORE`, and waits for a line after embedding."""
    script = (
        "import sys; from pathlib import Path; from pipeline.index import *; from tests.index.helpers import *\n"
        "from tests.index.killed_build import MORE\n"
        "def wait(done, total):\n    print('building', flush=True); sys.stdin.readline()\n"
        "build_index([BOOK, MORE], folder=Path(sys.argv[1]), embedder=HashingEmbedder(), progress=wait)"
    )
    builder = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "building\n"
        yield builder
    finally:
        builder.kill()
        builder.communicate()


def test_two_processes_at_once(folder: Path) -> None:
    """The second is refused, or waits and has nothing left to do; readers do not notice."""
    with building(folder) as builder:
        for rebuild in (False, True):
            with pytest.raises(StateError, match=r"another briefwright process is building.*; wait for it"):
                build_index([BOOK, SECOND], folder=folder, embedder=HashingEmbedder(), rebuild=rebuild)
        assert ids(folder) == OLD
        unchanged = build_index([BOOK], folder=folder, embedder=CountingEmbedder(dies_after=0))
        assert unchanged == IndexReport(kept=5, generation=1)  # needs no lock

        def let_go() -> None:
            time.sleep(0.3)
            assert builder.stdin is not None
            builder.stdin.write("\n")
            builder.stdin.flush()

        threading.Thread(target=let_go).start()
        waited = build_index(
            [BOOK, MORE], folder=folder, embedder=CountingEmbedder(dies_after=0), lock_timeout_s=30
        )
        assert waited == IndexReport(kept=9, generation=2)
        assert builder.wait(20) == 0
    assert ids(folder, exact_up_to=0) == BOTH


def test_a_killed_builder_leaves_a_lock_for_none(folder: Path) -> None:
    with building(folder) as builder:
        builder.kill()
        builder.wait(10)
        report = build_index([BOOK, MORE], folder=folder, embedder=CountingEmbedder(dies_after=0))
        assert (report.added, report.embedded) == (4, 0)


def test_a_rebuild_is_made_aside_and_the_old_one_serves_until_then(folder: Path) -> None:
    seen: list[list[str]] = []
    build_index(
        [MORE],
        folder=folder,
        embedder=HashingEmbedder(),
        rebuild=True,
        progress=lambda *_: seen.append(ids(folder)),
    )
    assert seen == [OLD]
    assert ids(folder, exact_up_to=0) == BOTH[5:]
    assert (folder / POINTER).read_text() == "b2\n"
    assert [one.name for one in builds(folder)] == ["b2"]


FULL = """
import resource, signal, sys
from pathlib import Path
from pipeline.errors import StateError
from pipeline.index import HashingEmbedder, build_index
from tests.index.helpers import BOOK
from tests.index.test_generations import MANY

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    build_index([BOOK, MANY], folder=Path(sys.argv[1]), embedder=HashingEmbedder(), rebuild=sys.argv[3] == "True")
except StateError as error:
    sys.exit(str(error))
"""
MANY = document(
    *(passage(f"n{n:04}", f"Rule {n} of many. {'words of it ' * 20}", of="doc:n") for n in range(1_200)),
    name="doc:n",
)


@pytest.mark.parametrize(
    ("limit", "rebuild"),
    [(100_000, False), (700_000, False), (700_000, True)],
    ids=["while embedding", "in Chroma", "in Chroma of a rebuild"],
)
def test_a_full_disk_refuses_clearly_and_loses_nothing(folder: Path, limit: int, rebuild: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(limit), str(rebuild)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot write" in done.stderr and "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert ids(folder, exact_up_to=0) == OLD
    again = CountingEmbedder()
    report = build_index([BOOK, MANY], folder=folder, embedder=again, rebuild=rebuild)
    assert report.added == (1_205 if rebuild else 1_200)
    assert (again.texts == []) == (limit > 100_000)  # all were embedded before the disk was full
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index:
        assert len(index.passages()) == 1_205


def test_a_first_build_without_space_is_built_anew(tmp_path: Path) -> None:
    """What a full disk can leave: a pointer, a folder, and a database without tables."""
    (tmp_path / "b1").mkdir()
    (tmp_path / "b1" / "passages.sqlite3").touch()
    (tmp_path / POINTER).write_text("b1\n")
    with pytest.raises(PassageIndexError, match=r"no passage index.*run `briefwright index`$"):
        open_index(tmp_path, embedder=HashingEmbedder())
    assert build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder()).added == 5
    assert ids(tmp_path) == OLD


def test_a_folder_that_cannot_be_written_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateError, match="cannot"):
        build_index([BOOK], folder=tmp_path / "file", embedder=HashingEmbedder())


def test_readers_need_no_lock(folder: Path) -> None:
    with exclusive_lock(folder / LOCK, what="building the passage index"):
        assert ids(folder) == OLD
