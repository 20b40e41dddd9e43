"""Building: no work twice, nothing lost in a crash, one builder at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import pipeline.index.build as build_module
from pipeline.data import Applicability
from pipeline.errors import PassageIndexError, StateError
from pipeline.index import HashingEmbedder, IndexReport, build_index, open_index
from pipeline.index.vectors import VectorStore, open_vectors
from tests.index.helpers import INVENTED, CountingEmbedder, passage

BUILD_AND_HANG = """
import sys
from pathlib import Path
from pipeline.index import HashingEmbedder, build_index
from tests.index.helpers import INVENTED

def hang(done, total):
    print("building", flush=True)
    sys.stdin.read()

build_index(INVENTED, folder=Path(sys.argv[1]), embedder=HashingEmbedder(), progress=hang)
"""


def ids(folder: Path) -> list[str]:
    """Ids in the table, after showing that full-text index and Chroma hold the same passages."""
    embedder = HashingEmbedder()
    with open_index(folder, embedder=embedder) as index, open_vectors(folder) as store:
        passages = index.passages()
        assert store.count() == len(passages)
        for one in passages:
            vector = embedder.embed(["\n".join((*one.heading_path, one.text))])[0]
            assert store.query(vector, limit=1)[0].id == one.id
            assert one in [hit.passage for hit in index.keyword_search(one.text, limit=1)]
        return [one.id for one in passages]


def test_first_build_embeds_everything_and_reports_progress(tmp_path: Path) -> None:
    embedder, seen = CountingEmbedder(), []
    report = build_index(
        INVENTED, folder=tmp_path / "index", embedder=embedder, progress=lambda *done: seen.append(done)
    )
    assert report == IndexReport(added=5, embedded=5)
    assert seen == [(5, 5)]
    assert embedder.texts[0] == "Appointments\n" + INVENTED[0].text
    assert ids(tmp_path / "index") == ["a", "b", "c", "d", "e"]


def test_unchanged_input_is_only_read(folder: Path) -> None:
    """In a fresh process: no embedding, no lock, and neither Chroma nor a model is even imported."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "-" not in path.name}
    script = (
        "import sys; from pathlib import Path; from pipeline.index import *; from tests.index.helpers import *\n"
        "counting = CountingEmbedder()\n"
        "print(build_index(INVENTED, folder=Path(sys.argv[1]), embedder=counting).model_dump_json())\n"
        "print(counting.texts, {'chromadb', 'filelock', 'onnxruntime', 'numpy'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert shown == [IndexReport(kept=5).model_dump_json(), "[] set()"]
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "-" not in path.name}
    assert after == before


def test_changed_removed_and_added_passages(folder: Path) -> None:
    embedder = CountingEmbedder()
    changed = passage("b", "G0289 is told apart by compartment.")
    new = passage("f", "A new rule about casts.")
    report = build_index([INVENTED[0], changed, *INVENTED[3:], new], folder=folder, embedder=embedder)
    assert report == IndexReport(added=1, changed=1, removed=1, kept=3, embedded=2)
    assert embedder.texts == [changed.text, new.text]
    assert ids(folder) == ["a", "b", "d", "e", "f"]
    with open_index(folder, embedder=embedder) as index:
        assert index.passage("b") == changed
        assert not index.keyword_search("M17.11", limit=5)
        assert not index.keyword_search("treated", limit=5)


def test_record_changed_beside_its_text_embeds_nothing(folder: Path) -> None:
    embedder = CountingEmbedder()
    moved = INVENTED[1].model_copy(update={"start": 7, "applies_to": Applicability(codes=("29881",))})
    report = build_index([*INVENTED[:1], moved, *INVENTED[2:]], folder=folder, embedder=embedder)
    assert report == IndexReport(changed=1, kept=4)
    assert embedder.texts == []
    with open_index(folder, embedder=embedder) as index:
        assert index.passage("b") == moved


def test_changed_heading_is_embedded_and_found(folder: Path) -> None:
    renamed = INVENTED[0].model_copy(update={"heading_path": ("Consultations",)})
    assert build_index([renamed, *INVENTED[1:]], folder=folder, embedder=HashingEmbedder()).embedded == 1
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert [hit.passage.id for hit in index.keyword_search("consultations", limit=5)] == ["a"]
        assert not index.keyword_search("Appointments", limit=5)


def test_removed_passage_can_come_back(folder: Path) -> None:
    build_index(INVENTED[:2], folder=folder, embedder=HashingEmbedder())
    assert ids(folder) == ["a", "b"]
    build_index(INVENTED, folder=folder, embedder=HashingEmbedder())
    assert ids(folder) == ["a", "b", "c", "d", "e"]


def test_passage_that_comes_back_after_an_interrupted_removal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(build_module, "_store", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        build_index(INVENTED[:2], folder=folder, embedder=HashingEmbedder())
    build_index(INVENTED, folder=folder, embedder=HashingEmbedder())
    assert ids(folder) == ["a", "b", "c", "d", "e"]


def test_first_of_two_passages_with_one_id_counts(tmp_path: Path) -> None:
    pair = [passage("a", "first text"), passage("a", "second text")]
    assert build_index(pair, folder=tmp_path, embedder=HashingEmbedder()) == IndexReport(added=1, embedded=1)
    assert build_index(pair, folder=tmp_path, embedder=HashingEmbedder()) == IndexReport(kept=1)
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        assert index.passage("a").text == "first text"


def test_empty_index(tmp_path: Path) -> None:
    for _ in range(2):
        assert build_index([], folder=tmp_path, embedder=HashingEmbedder()) == IndexReport()
    for exact_up_to in (0, -1):
        with open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as index:
            assert index.passages() == index.search("anything", limit=3) == []
    build_index(INVENTED, folder=tmp_path, embedder=HashingEmbedder())
    build_index([], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=-1) as index:
        assert index.passages() == index.search("anything", limit=3) == []


def test_other_embedder_is_refused_and_rebuild_changes_over(folder: Path) -> None:
    other = CountingEmbedder(32)
    with pytest.raises(
        PassageIndexError, match=r"hashing-64, not of hashing-32.*`briefwright index --rebuild`"
    ):
        build_index(INVENTED, folder=folder, embedder=other)
    with pytest.raises(PassageIndexError, match=r"`briefwright index --rebuild`"):
        build_index([], folder=folder, embedder=other)
    with pytest.raises(PassageIndexError, match=r"`briefwright index --rebuild`"):
        open_index(folder, embedder=other)
    assert build_index(INVENTED, folder=folder, embedder=other, rebuild=True).embedded == 5
    with open_index(folder, embedder=other, exact_up_to=0) as index:
        assert index.search("knee compartment", limit=1)[0].passage.id == "b"


@pytest.mark.parametrize("steps", ["embed", "upsert", "mark_stored"])
def test_interrupted_build_shows_and_the_next_completes_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, steps: str
) -> None:
    """Die while embedding, in Chroma after the table is written, or after Chroma but before it is noted."""
    wanted = [passage("b", "A reworded rule."), *INVENTED[3:], passage("f", "A new rule about casts.")]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    embedder = CountingEmbedder(dies_after=0 if steps == "embed" else None)
    if steps == "upsert":
        monkeypatch.setattr(VectorStore, "upsert", die)
    if steps == "mark_stored":
        monkeypatch.setattr(build_module.PassageTable, "mark_stored", die)
    with pytest.raises(KeyboardInterrupt):
        build_index(wanted, folder=folder, embedder=embedder)
    monkeypatch.undo()
    with pytest.raises(PassageIndexError, match=r"not finished.*run `briefwright index`"):
        open_index(folder, embedder=embedder)
    again = CountingEmbedder()
    report = build_index(wanted, folder=folder, embedder=again)
    assert report == IndexReport(kept=4, embedded=2 if steps == "embed" else 0)
    assert ids(folder) == ["b", "d", "e", "f"]
    with open_vectors(folder) as store:
        assert store.count() == 4


def test_batches_done_before_a_crash_are_not_embedded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_module, "_EMBED_AT_ONCE", 2)
    with pytest.raises(KeyboardInterrupt):
        build_index(INVENTED, folder=tmp_path, embedder=CountingEmbedder(dies_after=4))
    assert build_index(INVENTED, folder=tmp_path, embedder=HashingEmbedder()) == IndexReport(
        kept=5, embedded=1
    )
    assert ids(tmp_path) == ["a", "b", "c", "d", "e"]


def test_vectors_go_to_chroma_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.index.vectors._MAX_BATCH", 2)
    build_index(INVENTED, folder=tmp_path, embedder=HashingEmbedder())
    build_index(INVENTED[4:], folder=tmp_path, embedder=HashingEmbedder())
    assert ids(tmp_path) == ["e"]


def test_killed_builder_leaves_a_lock_for_none_and_a_build_to_complete(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILD_AND_HANG, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "building\n"
        embedder = CountingEmbedder()
        with pytest.raises(
            StateError, match=r"another briefwright process is building the passage index; wait"
        ):
            build_index(INVENTED, folder=folder, embedder=embedder)
        with pytest.raises(StateError, match=r"another briefwright process"):
            build_index(INVENTED, folder=folder, embedder=embedder, rebuild=True)
        with pytest.raises(PassageIndexError, match=r"not finished"):
            open_index(folder, embedder=embedder)
        builder.kill()
        builder.wait(10)
        report = build_index(INVENTED, folder=folder, embedder=embedder, lock_timeout_s=5)
        assert report == IndexReport(kept=5)
        assert embedder.texts == []
    finally:
        builder.kill()
        builder.communicate()
    assert ids(folder) == ["a", "b", "c", "d", "e"]


def test_an_empty_database_of_a_first_build_without_space_is_built_anew(tmp_path: Path) -> None:
    (tmp_path / "passages.sqlite3").write_bytes(b"")
    with pytest.raises(PassageIndexError, match="no passage index"):
        open_index(tmp_path, embedder=HashingEmbedder())
    assert build_index(INVENTED, folder=tmp_path, embedder=HashingEmbedder()).added == len(INVENTED)
