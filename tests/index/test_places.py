"""The two places of vectors: what holds for both, and what a server may do that a folder cannot."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StateError, UsageError
from pipeline.index import HashingEmbedder, build_index, open_index
from pipeline.index.generations import current
from pipeline.index.places import EMBEDDED, ChromaServer
from pipeline.index.vectors import VectorPlace, VectorStore
from pipeline.retrieve import vector_place
from pipeline.settings import Settings
from pipeline.store import exclusive_lock
from tests.index.helpers import BOOK, INVENTED, SECOND, CountingEmbedder, count_stored, document, ids, passage
from tests.index.test_filters import BOOKS

ALL = ["a", "b", "c", "d", "e"]
ONES = np.eye(4, dtype=np.float32)


@pytest.fixture
def dead() -> ChromaServer:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return ChromaServer(f"http://127.0.0.1:{probe.getsockname()[1]}")


def test_a_store_keeps_finds_and_forgets(tmp_path: Path, place: VectorPlace) -> None:
    home = tmp_path / "b1"
    home.mkdir()
    with pytest.raises(FileNotFoundError), place.open(home, create=False):
        pass
    with place.open(home, create=True) as store:
        assert store.query(ONES[0], limit=3) == []
        store.upsert(["a", "b", "c"], ONES[:3])
        store.upsert(["c", "d"], np.stack([ONES[0], ONES[3]]))
        assert store.count() == 4
        assert [(one.key, round(one.score, 6)) for one in store.query(ONES[0], limit=2)] == [
            ("a", 1.0),
            ("c", 1.0),
        ]
        store.delete(["a", "unknown"])
        store.delete([])
    with place.open(home, create=False) as store:
        assert store.count() == 3
        assert store.query(ONES[0], limit=9)[0].key == "c"
    place.remove(home)
    place.remove(home)
    with pytest.raises(FileNotFoundError), place.open(home, create=False):
        pass


def test_chroma_and_the_table_answer_alike(tmp_path: Path, place: VectorPlace) -> None:
    build_index([BOOK, *BOOKS], folder=tmp_path, embedder=HashingEmbedder(), place=place)
    with (
        open_index(tmp_path, embedder=HashingEmbedder(), place=place) as exact,
        open_index(tmp_path, embedder=HashingEmbedder(), place=place, exact_up_to=0) as chroma,
    ):
        for question in (
            "surgeon sketch of the knee",
            "wobble graft",
            "denial CO-97",
            "29822 shoulder",
        ):
            wanted = exact.vector_search(question, limit=5)
            found = chroma.vector_search(question, limit=5)
            assert [hit.passage for hit in found] == [hit.passage for hit in wanted]
            assert [hit.score for hit in found] == pytest.approx([hit.score for hit in wanted], abs=2e-6)
            for one, other in zip(
                exact.search(question, limit=4), chroma.search(question, limit=4), strict=True
            ):
                assert (one.passage, one.keyword_rank) == (other.passage, other.keyword_rank)
                assert one.score == pytest.approx(other.score, abs=2e-6)


def test_equal_vectors_are_ordered_by_passage_id(tmp_path: Path, place: VectorPlace) -> None:
    """Chroma orders by hash; one vector can be of several passages, which came in any order."""
    twins = [document(passage(name, "the same words", of=name), name=name) for name in ("z", "m", "a")]
    others = document(*(passage(f"o{n}", f"nothing alike {n}") for n in range(9)), name="o")
    for first in range(1, 4):
        build_index([others, *twins[:first]], folder=tmp_path, embedder=HashingEmbedder(), place=place)
    for exact_up_to in (0, 1_000):
        with open_index(tmp_path, embedder=HashingEmbedder(), place=place, exact_up_to=exact_up_to) as index:
            hits = index.vector_search("the same words", limit=3)
            assert [hit.passage.id for hit in hits] == ["a", "m", "z"]


def test_vectors_follow_to_another_place_without_being_embedded(folder: Path, chroma_url: str) -> None:
    server, embedder = ChromaServer(chroma_url), CountingEmbedder()
    # Not there yet: the table makes up for it.
    assert ids(folder, place=server, exact_up_to=0) == ALL
    report = build_index([BOOK], folder=folder, embedder=embedder, place=server)
    assert (report.kept, report.embedded, report.generation) == (5, 0, 1)
    assert count_stored(folder, server) == 5
    assert build_index([BOOK, SECOND], folder=folder, embedder=embedder, place=server).embedded == 1
    # And back: the folder still holds what it held, and is brought up to date.
    build_index([BOOK, SECOND], folder=folder, embedder=embedder)
    assert count_stored(folder) == 6
    assert embedder.texts == [SECOND.passages()[0].text]


def test_two_indexes_on_one_server_keep_apart_though_their_folders_have_one_name(
    tmp_path: Path, chroma_url: str
) -> None:
    """As in two containers that each have /data/index, or in a folder that was removed and made again."""
    server, folder = ChromaServer(chroma_url), tmp_path / "index"
    build_index([BOOK], folder=folder, embedder=HashingEmbedder(), place=server)
    aside = shutil.move(folder, tmp_path / "aside")
    build_index([SECOND], folder=folder, embedder=HashingEmbedder(), place=server)
    assert count_stored(folder, server) == 1
    shutil.rmtree(folder)
    shutil.move(aside, folder)
    assert count_stored(folder, server) == 5
    assert ids(folder, place=server, exact_up_to=0) == ALL


def test_a_rebuild_leaves_one_collection_on_the_server(tmp_path: Path, chroma_url: str) -> None:
    server = ChromaServer(chroma_url)
    build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=server)
    old = current(tmp_path)
    assert old is not None
    kept = shutil.copytree(old, tmp_path.with_name("kept"))
    build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=server, rebuild=True)
    shutil.copytree(kept, old)  # the same address again
    with pytest.raises(FileNotFoundError), server.open(old, create=False):
        pass
    assert count_stored(tmp_path, server) == 5


def test_a_server_that_lost_its_data_is_filled_again(tmp_path: Path, chroma_url: str) -> None:
    server = ChromaServer(chroma_url)
    build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=server)
    home = current(tmp_path)
    assert home is not None
    server.remove(home)
    assert ids(tmp_path, place=server, exact_up_to=0) == ALL
    assert (
        build_index([BOOK, SECOND], folder=tmp_path, embedder=HashingEmbedder(), place=server).embedded == 1
    )
    assert count_stored(tmp_path, server) == 6


def test_the_server_is_asked_without_the_lock_and_while_another_builds(
    tmp_path: Path, chroma_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.index.rankings._CHROMA_LOCK_TIMEOUT_S", 0)
    server = ChromaServer(chroma_url)
    build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=server)
    with exclusive_lock(tmp_path / "lock", what="building the passage index"):
        assert ids(tmp_path, place=server, exact_up_to=0) == ALL


def test_the_folder_is_read_under_the_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.index.rankings._CHROMA_LOCK_TIMEOUT_S", 0)
    with (
        open_index(folder, embedder=HashingEmbedder(), exact_up_to=0) as index,
        exclusive_lock(folder / "lock", what="searching"),
        pytest.raises(StateError, match=r"another briefwright process is using the passage index"),
    ):
        index.vector_search("knee", limit=1)


def test_a_server_that_is_down_is_said_in_one_sentence_and_nothing_is_lost(
    tmp_path: Path, chroma_url: str, dead: ChromaServer
) -> None:
    down = (
        r"^the Chroma server at http://[\d.:]+ does not answer .*; start it with `chroma run`, or unset \w+$"
    )
    with pytest.raises(StateError, match=down):
        build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=dead)
    embedder = CountingEmbedder()
    server = ChromaServer(chroma_url)
    assert build_index([BOOK], folder=tmp_path, embedder=embedder, place=server).embedded == 0
    with pytest.raises(StateError, match=down):
        build_index([BOOK, SECOND], folder=tmp_path, embedder=embedder, place=dead)
    assert ids(tmp_path, place=dead, exact_up_to=0) == ALL  # compared from the table: nothing is stored there
    build_index([BOOK], folder=tmp_path, embedder=embedder, place=server)
    gone = ChromaServer(chroma_url)
    gone._port = dead._port
    with open_index(tmp_path, embedder=embedder, place=gone, exact_up_to=0) as index:
        assert index.keyword_search("knee", limit=1)
        with pytest.raises(StateError, match=down):
            index.search("knee", limit=1)
    assert ids(tmp_path, place=server, exact_up_to=0) == ALL
    assert ids(tmp_path, place=gone) == ALL  # so few are compared from the table


def test_a_server_that_goes_down_in_the_middle_is_said_as_well(tmp_path: Path) -> None:
    """Chroma passes on its HTTP library's errors then, or a bare Exception with what the server said."""
    from tests.llm.stub_server import Answer, StubServer

    home = tmp_path / "b1"
    home.mkdir()
    with StubServer([Answer("no Chroma here", status=500)]).running() as stub:
        place = ChromaServer(stub.url.removesuffix("/v1"))
        with pytest.raises(StateError, match="does not answer as it should"), place.open(home, create=True):
            pass


def test_errors_of_the_block_are_not_laid_at_the_servers_door(tmp_path: Path, chroma_url: str) -> None:
    with pytest.raises(UsageError, match="mine"), ChromaServer(chroma_url).open(tmp_path, create=True):
        raise UsageError("mine")


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://host", "http://", "nonsense", "http://host:notaport"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a Chroma server; expected http://HOST:PORT"):
        ChromaServer(url)


def test_settings_choose_the_place(tmp_path: Path) -> None:
    assert vector_place(Settings(root=tmp_path, home=tmp_path)) is EMBEDDED
    server = vector_place(Settings(root=tmp_path, home=tmp_path, chroma_url="http://127.0.0.1:8000"))
    assert isinstance(server, ChromaServer) and server.shared


def test_a_small_index_is_searched_without_loading_chroma_or_locking(folder: Path) -> None:
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


def test_dot_env_where_the_user_stands_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: VectorPlace
) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe\x00broken")
    monkeypatch.chdir(folder)
    build_index([BOOK], folder=folder, embedder=HashingEmbedder(), place=place)
    with open_index(folder, embedder=HashingEmbedder(), place=place, exact_up_to=0) as index:
        assert index.vector_search("knee", limit=1)


def test_a_store_is_asked_for_no_more_than_it_holds(folder: Path) -> None:
    home = current(folder)
    assert home is not None
    with EMBEDDED.open(home, create=False) as store:
        assert isinstance(store, VectorStore)
        assert len(store.query(HashingEmbedder().embed([INVENTED[0].text])[0], limit=1_000)) == 5
