"""Building: no work twice, nothing lost in a crash, one builder at a time, readers keep what they opened."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import PassageIndexError, StateError
from pipeline.index import HashingEmbedder, IndexReport, build_index, open_index
from pipeline.index.generations import LOCK, POINTER, current
from pipeline.index.vectors import VectorPlace
from pipeline.store import exclusive_lock
from tests.index.helpers import BOOK, INVENTED, CountingEmbedder, document, passage

NEW = passage("f", "A new rule about casts.", of="note:new")
SECOND = document(NEW, name="note:new")


def ids(folder: Path, place: VectorPlace | None = None) -> list[str]:
    options = {"place": place, "exact_up_to": 0} if place else {}
    with open_index(folder, embedder=HashingEmbedder(), **options) as index:
        for one in index.passages():
            text = "\n".join((*one.heading_path, one.text))
            assert one in [hit.passage for hit in index.vector_search(text, limit=1)]
            assert one in [hit.passage for hit in index.keyword_search(one.text, limit=1)]
        return [one.id for one in index.passages()]


def test_first_build_embeds_everything_and_reports_progress(tmp_path: Path, place: VectorPlace) -> None:
    embedder, seen = CountingEmbedder(), []
    report = build_index(
        [BOOK], folder=tmp_path, embedder=embedder, place=place, progress=lambda *done: seen.append(done)
    )
    assert report == IndexReport(added=5, embedded=5, generation=1)
    assert seen == [(5, 5)]
    assert "Guide\nAppointments\n" + INVENTED[0].text in embedder.texts
    assert ids(tmp_path, place) == ["a", "b", "c", "d", "e"]


def test_unchanged_input_is_only_read(folder: Path) -> None:
    """In a fresh process: no embedding, no lock, no passage asked for, and neither Chroma nor a model imported."""
    before = {
        path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and "-" not in path.name
    }
    script = (
        "import sys; from pathlib import Path; from pipeline.index import *; from tests.index.helpers import *\n"
        "counting = CountingEmbedder()\n"
        "book = document(*INVENTED, asked=lambda: sys.exit('asked'))\n"
        "print(build_index([book], folder=Path(sys.argv[1]), embedder=counting).model_dump_json())\n"
        "print(counting.texts, {'chromadb', 'filelock', 'onnxruntime', 'numpy'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert shown == [IndexReport(kept=5, generation=1).model_dump_json(), "[] set()"]
    after = {
        path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and "-" not in path.name
    }
    assert after == before


def test_changed_removed_and_added_passages(folder: Path) -> None:
    embedder = CountingEmbedder()
    changed = passage("b", "G0289 is told apart by compartment.")
    book = document(INVENTED[0], changed, *INVENTED[3:])
    report = build_index([book, SECOND], folder=folder, embedder=embedder)
    assert report == IndexReport(added=1, changed=1, removed=1, kept=3, embedded=2, generation=2)
    assert sorted(embedder.texts) == sorted([changed.text, NEW.text])
    assert ids(folder) == ["a", "b", "d", "e", "f"]
    assert build_index([SECOND], folder=folder, embedder=embedder).removed == 4
    assert ids(folder) == ["f"]


def test_only_the_document_that_changed_is_asked_for_its_passages(folder: Path) -> None:
    def asked() -> None:
        raise AssertionError("asked for the passages of an unchanged document")

    report = build_index(
        [document(*INVENTED, asked=asked), SECOND], folder=folder, embedder=HashingEmbedder()
    )
    assert (report.added, report.kept) == (1, 5)


def test_a_new_edition_embeds_its_new_words_alone_and_the_old_one_is_kept_apart(folder: Path) -> None:
    embedder = CountingEmbedder()
    old = document(*INVENTED, valid_to=date(2026, 12, 31))
    later = [one.model_copy(update={"id": f"{one.id}2", "document_id": "doc:2"}) for one in INVENTED[:4]]
    fresh = passage("new", "A rule of the new edition.", of="doc:2")
    edition = document(*later, fresh, name="doc:2", valid_from=date(2027, 1, 1))
    report = build_index([old, edition], folder=folder, embedder=embedder)
    assert (report.added, report.changed, report.kept, report.embedded) == (5, 0, 5, 1)
    assert embedder.texts == [fresh.text]


def test_a_reader_keeps_the_generation_it_opened(folder: Path) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        build_index([SECOND], folder=folder, embedder=HashingEmbedder())
        build_index([SECOND], folder=folder, embedder=HashingEmbedder(), rebuild=True)
        assert (index.generation, len(index.passages())) == (1, 5)
        assert index.search(INVENTED[4].text, limit=1)[0].passage.id == "e"
    assert ids(folder) == ["f"]


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_build_that_dies_leaves_the_generation_before_and_what_was_embedded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rebuild: bool
) -> None:
    monkeypatch.setattr("pipeline.index.embedding._EMBED_AT_ONCE", 2)
    more = document(*(passage(f"m{n}", f"Rule {n} of many.", of="doc:m") for n in range(6)), name="doc:m")
    held = 5 if rebuild else 0
    with pytest.raises(KeyboardInterrupt):
        dying = CountingEmbedder(dies_after=held + 3)
        build_index([BOOK, more], folder=folder, embedder=dying, rebuild=rebuild)
    assert len(dying.texts) >= 2
    assert ids(folder) == ["a", "b", "c", "d", "e"]
    again = CountingEmbedder()
    report = build_index([BOOK, more], folder=folder, embedder=again, rebuild=rebuild)
    assert not set(again.texts) & set(dying.texts)
    assert len(again.texts) + len(dying.texts) == held + 6 == report.embedded + len(dying.texts)
    assert len(ids(folder)) == 11


KILLED = """
import os, signal, sys
from pathlib import Path
import pipeline.index.build as build
from pipeline.index import HashingEmbedder, build_index
from pipeline.index.writing import WritableTable
from tests.index.helpers import *

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

moment = sys.argv[2]
if moment == "embedding":
    build.embed_missing = die
elif moment == "stored":
    build._swap = die
elif moment == "swapping":
    WritableTable.begin_generation = die
more = document(passage("f", "A new rule about casts.", of="note:new"), name="note:new")
build_index([BOOK, more], folder=Path(sys.argv[1]), embedder=HashingEmbedder(), rebuild=sys.argv[3] == "rebuild")
"""


@pytest.mark.parametrize("moment", ["embedding", "stored", "swapping"])
@pytest.mark.parametrize("how", ["update", "rebuild"])
def test_kill_9_at_any_moment_leaves_the_old_index_serving(folder: Path, moment: str, how: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), moment, how], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert [one.id for one in index.passages()] == ["a", "b", "c", "d", "e"]
        assert index.search("wobble graft", limit=1)[0].passage.id == "a"
    report = build_index([BOOK, SECOND], folder=folder, embedder=HashingEmbedder(), rebuild=how == "rebuild")
    assert report.added == (6 if how == "rebuild" else 1)
    assert ids(folder) == ["a", "b", "c", "d", "e", "f"]
    assert len([one for one in folder.glob("b*") if one.is_dir()]) == 1


def test_one_builder_at_a_time_and_readers_do_not_wait(folder: Path) -> None:
    with exclusive_lock(folder / LOCK, what="building the passage index"):
        with pytest.raises(StateError, match="building the passage index"):
            build_index([SECOND], folder=folder, embedder=HashingEmbedder())
        assert build_index([BOOK], folder=folder, embedder=HashingEmbedder()).kept == 5
        assert ids(folder) == ["a", "b", "c", "d", "e"]


def test_a_full_disk_refuses_and_loses_nothing(folder: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from pipeline.index import *; from tests.index.helpers import *\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "many = document(*(passage(f'm{n}', f'Rule {n} of many.' * 20, of='doc:m') for n in range(200)), name='doc:m')\n"
        "build_index([BOOK, many], folder=Path(sys.argv[1]), embedder=HashingEmbedder())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "StateError" in done.stderr
    assert ids(folder) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "pointer", "folder"])
def test_a_damaged_index_says_how_to_rebuild_and_the_rebuild_mends_it(folder: Path, damage: str) -> None:
    home = current(folder)
    assert home is not None
    database = home / "passages.sqlite3"
    for extra in home.glob("*-wal"):
        extra.unlink()
    if damage == "garbage":
        database.write_bytes(b"not a database " * 500)
    elif damage == "truncated":
        database.write_bytes(database.read_bytes()[:5000])
    elif damage == "pointer":
        (folder / POINTER).write_text("../elsewhere")
    else:
        shutil.rmtree(home)
    with pytest.raises(PassageIndexError, match="index --rebuild"):
        with open_index(folder, embedder=HashingEmbedder()) as index:
            index.search("graft", limit=5)
            raise PassageIndexError("index --rebuild") if index.passages() == [] else AssertionError
    assert build_index([BOOK], folder=folder, embedder=HashingEmbedder(), rebuild=True).added == 5
    assert ids(folder) == ["a", "b", "c", "d", "e"]


def test_lost_vectors_of_chroma_are_filled_anew_and_exact_search_goes_on(folder: Path) -> None:
    home = current(folder)
    assert home is not None
    shutil.rmtree(home / "chroma")
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index:
        assert index.vector_search(INVENTED[4].text, limit=1)[0].passage.id == "e"
    embedder = CountingEmbedder()
    build_index([BOOK], folder=folder, embedder=embedder)
    assert embedder.texts == [] and (home / "chroma").is_dir()


def test_an_index_of_the_first_format_is_built_anew(tmp_path: Path) -> None:
    (tmp_path / "passages.sqlite3").write_bytes(b"an index of the first format")
    assert build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder()).added == 5
    assert not (tmp_path / "passages.sqlite3").exists()


def test_vectors_of_two_embedders_are_never_mixed(folder: Path) -> None:
    other = HashingEmbedder(32)
    with pytest.raises(PassageIndexError, match="index --rebuild"):
        build_index([BOOK], folder=folder, embedder=other)
    with pytest.raises(PassageIndexError, match="not of hashing-32"):
        open_index(folder, embedder=other)
    assert build_index([BOOK], folder=folder, embedder=other, rebuild=True).embedded == 5
    with open_index(folder, embedder=other) as index:
        assert index.search("knee compartment", limit=1)[0].passage.id == "b"


def test_a_chroma_server_that_does_not_answer_is_said_in_a_sentence(tmp_path: Path) -> None:
    from pipeline.index.places import ChromaServer

    with pytest.raises(StateError, match="does not answer as it should"):
        build_index(
            [BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=ChromaServer("http://127.0.0.1:9")
        )
