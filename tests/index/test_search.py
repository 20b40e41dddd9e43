"""Searching: filters before ranks, exact and Chroma agree, missing and damaged indexes say so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import PassageIndexError, StateError
from pipeline.index import HashingEmbedder, IndexReport, build_index, open_index
from pipeline.index.vectors import open_vectors
from pipeline.store import exclusive_lock
from tests.index.helpers import INVENTED, CountingEmbedder, passage


def test_fused_hit_carries_both_ranks(folder: Path) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        best, *others = index.search("knee compartment G0289", limit=3)
    assert (best.passage, best.keyword_rank, best.vector_rank) == (INVENTED[1], 1, 1)
    assert best.score == pytest.approx(2 / 61)
    assert len(others) == 2
    assert [hit.keyword_rank for hit in others] == [None, None]


def test_filter_comes_before_limit_and_ranks(tmp_path: Path) -> None:
    crowd = [passage(f"x{number:03}", "the graft is reported once") for number in range(150)]
    wanted = passage("y", "a different sentence naming the graft", section="documentation")
    build_index([*crowd, wanted], folder=tmp_path, embedder=HashingEmbedder())
    for exact_up_to in (0, 1_000):
        with open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=exact_up_to) as index:
            hits = index.search(
                "the graft is reported once", limit=2, allowed=lambda one: one.section_key == "documentation"
            )
            assert [(hit.passage, hit.keyword_rank, hit.vector_rank) for hit in hits] == [(wanted, 1, 1)]
            assert index.search("graft", limit=2, allowed=lambda one: False) == []
            assert len(index.search("graft", limit=2)) == 2


def test_chroma_and_exact_comparison_agree(folder: Path) -> None:
    query = "surgeon sketch of the knee, billed twice"
    with open_index(folder, embedder=HashingEmbedder()) as exact:
        expected = exact.vector_search(query, limit=5)
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as chroma:
        found = chroma.vector_search(query, limit=5)
    assert [hit.passage.id for hit in found] == [hit.passage.id for hit in expected]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-5)


def test_small_index_is_searched_without_loading_chroma_or_locking(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pipeline.index import *\n"
        "with open_index(Path(sys.argv[1]), embedder=HashingEmbedder()) as index:\n"
        "    print(len(index.search('knee', limit=3)), {'chromadb', 'filelock'} & set(sys.modules))"
    )
    with exclusive_lock(folder / "lock", what="searching"):
        shown = subprocess.run(
            [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
        )
    assert shown.stdout == "3 set()\n"


def test_chroma_is_read_under_the_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.index.search._CHROMA_LOCK_TIMEOUT_S", 0)
    with (
        open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index,
        exclusive_lock(folder / "lock", what="searching"),
        pytest.raises(StateError, match=r"another briefwright process"),
    ):
        index.vector_search("knee", limit=1)


def test_dot_env_where_the_user_stands_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe\x00broken")
    monkeypatch.chdir(folder)
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index:
        assert index.vector_search("knee", limit=1)


def test_open_index_shows_one_state(folder: Path) -> None:
    with open_index(folder, embedder=HashingEmbedder()) as index:
        build_index(INVENTED[:1], folder=folder, embedder=HashingEmbedder())
        assert index.passages() == INVENTED
        assert index.search("knee G0289", limit=1)[0].passage.id == "b"
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert index.passages() == INVENTED[:1]


def test_unknown_passage_blank_query_and_no_limit(folder: Path) -> None:
    embedder = CountingEmbedder()
    with open_index(folder, embedder=embedder) as index:
        with pytest.raises(KeyError):
            index.passage("zz")
        assert index.search(" \n", limit=3) == index.search("knee", limit=0) == []
        assert len(index.search("中文 knee \ud800", limit=99)) == 5


def test_missing_index_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(PassageIndexError, match=r"no passage index.*run `briefwright index`$"):
        open_index(tmp_path / "none", embedder=HashingEmbedder())
    assert not (tmp_path / "none").exists()


def truncate_table(folder: Path) -> None:
    os.truncate(folder / "passages.sqlite3", 5_000)


def garble_table(folder: Path) -> None:
    (folder / "passages.sqlite3").write_bytes(b"garbage " * 2_000)


def garble_table_pages(folder: Path) -> None:
    table = folder / "passages.sqlite3"
    table.write_bytes(table.read_bytes()[:8192] + b"\xff" * (table.stat().st_size - 8192))


def remove_chroma(folder: Path) -> None:
    shutil.rmtree(folder / "chroma")


def garble_chroma(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"garbage " * 2_000)


def garble_chroma_pages(folder: Path) -> None:
    database = folder / "chroma" / "chroma.sqlite3"
    database.write_bytes(database.read_bytes()[:8192] + b"\xff" * (database.stat().st_size - 8192))


def remove_segments(folder: Path) -> None:
    for path in (folder / "chroma").iterdir():
        if path.is_dir():
            shutil.rmtree(path)


TABLE_DAMAGE = [truncate_table, garble_table, garble_table_pages]
CHROMA_DAMAGE = [remove_chroma, garble_chroma, garble_chroma_pages]


@pytest.mark.parametrize("damage", [*TABLE_DAMAGE, *CHROMA_DAMAGE])
def test_damage_is_named_with_its_remedy_and_rebuild_is_the_remedy(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    damage(folder)
    with (
        pytest.raises(PassageIndexError, match=r"damaged.*run `briefwright index --rebuild`"),
        open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index,
    ):
        index.search("knee", limit=1)
        index.passages()
    assert build_index(INVENTED, folder=folder, embedder=HashingEmbedder(), rebuild=True).embedded == 5
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index:
        assert index.search("knee", limit=1)[0].passage.id == "b"


@pytest.mark.parametrize("damage", [truncate_table, garble_table])
def test_build_does_not_trust_a_damaged_table(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    with pytest.raises(PassageIndexError, match=r"damaged.*run `briefwright index --rebuild`"):
        build_index(INVENTED, folder=folder, embedder=HashingEmbedder())


@pytest.mark.parametrize("damage", [remove_chroma, garble_chroma])
def test_lost_vector_store_is_refilled_without_embedding(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    damage(folder)
    embedder = CountingEmbedder()
    assert build_index(INVENTED, folder=folder, embedder=embedder) == IndexReport(kept=5)
    assert embedder.texts == []
    with open_index(folder, embedder=embedder, exact_up_to=0) as index:
        assert index.search("knee", limit=1)[0].passage.id == "b"


def test_vectors_lost_inside_chroma_are_no_silent_loss(tmp_path: Path) -> None:
    """Chroma answers with what is left when a segment folder is gone; the table makes up for it."""
    many = [passage(f"p{number:04}", f"rule number {number}") for number in range(1_100)]
    build_index(many, folder=tmp_path, embedder=HashingEmbedder())
    remove_segments(tmp_path)
    with open_vectors(tmp_path) as store:
        assert len(store.query(HashingEmbedder().embed(["rule"])[0], limit=200)) < 200
    with open_index(tmp_path, embedder=HashingEmbedder(), exact_up_to=0) as index:
        hits = index.vector_search("rule number 7", limit=200)
    assert len(hits) == 200
    assert hits[0].passage.id == "p0007"


def test_table_removed_beside_old_vectors_starts_afresh(folder: Path) -> None:
    (folder / "passages.sqlite3").unlink()
    assert build_index(INVENTED[:2], folder=folder, embedder=HashingEmbedder()).embedded == 2
    with open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index:
        assert len(index.vector_search("knee", limit=9)) == 2
