"""Building: no work twice, and only what changed is written."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from pipeline.data import Applicability, Authority
from pipeline.index import Filters, HashingEmbedder, IndexReport, build_index, open_index
from pipeline.index.vectors import VectorPlace
from tests.index.helpers import (
    ADDED,
    BOOK,
    INVENTED,
    SECOND,
    CountingEmbedder,
    count_stored,
    document,
    ids,
    never,
    passage,
)

ALL = ["a", "b", "c", "d", "e"]


def times(folder: Path) -> dict[Path, int]:
    files = (path for path in folder.rglob("*") if path.is_file() and "-" not in path.name)
    return {path: path.stat().st_mtime_ns for path in files}


def test_first_build_embeds_everything_and_reports_progress(tmp_path: Path, place: VectorPlace) -> None:
    embedder, seen = CountingEmbedder(), []
    report = build_index(
        [BOOK], folder=tmp_path, embedder=embedder, place=place, progress=lambda *done: seen.append(done)
    )
    assert report == IndexReport(added=5, embedded=5, generation=1)
    assert seen == [(5, 5)]
    assert "Guide\nAppointments\n" + INVENTED[0].text in embedder.texts
    assert ids(tmp_path, place=place, exact_up_to=0) == ALL
    assert count_stored(tmp_path, place) == 5


def test_unchanged_input_is_only_read(folder: Path) -> None:
    """In a fresh process: no embedding, no lock, no passage asked for, and neither Chroma nor a model imported."""
    before = times(folder)
    script = (
        "import sys; from pathlib import Path; from pipeline.index import *; from tests.index.helpers import *\n"
        "counting = CountingEmbedder()\n"
        "book = document(*INVENTED, asked=never)\n"
        "print(build_index([book], folder=Path(sys.argv[1]), embedder=counting).model_dump_json())\n"
        "print(counting.texts, {'chromadb', 'filelock', 'onnxruntime', 'numpy'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert shown == [IndexReport(kept=5, generation=1).model_dump_json(), "[] set()"]
    assert times(folder) == before


def test_changed_removed_and_added_passages(folder: Path, place: VectorPlace) -> None:
    embedder = CountingEmbedder()
    changed = passage("b", "G0289 is told apart by compartment.")
    book = document(INVENTED[0], changed, *INVENTED[3:])
    report = build_index([book, SECOND], folder=folder, embedder=embedder, place=place)
    assert report == IndexReport(added=1, changed=1, removed=1, kept=3, embedded=2, generation=2)
    assert sorted(embedder.texts) == sorted([changed.text, ADDED.text])
    assert ids(folder, place=place, exact_up_to=0) == ["a", "b", "d", "e", "f"]
    with open_index(folder, embedder=embedder) as index:
        assert index.passage("b") == changed
        assert not index.keyword_search("M17.11", limit=5)
        assert not index.keyword_search("treated", limit=5)
    report = build_index([SECOND], folder=folder, embedder=embedder, place=place)
    assert (report.removed, report.kept, report.generation) == (4, 1, 3)
    assert ids(folder, place=place, exact_up_to=0) == ["f"]


def test_only_the_document_that_changed_is_asked_for_its_passages(folder: Path) -> None:
    report = build_index(
        [document(*INVENTED, asked=never), SECOND], folder=folder, embedder=HashingEmbedder()
    )
    assert (report.added, report.kept) == (1, 5)
    report = build_index([document(*INVENTED, asked=never)], folder=folder, embedder=HashingEmbedder())
    assert (report.removed, report.kept) == (1, 5)


def test_a_superseded_edition_ends_and_nothing_else_is_touched(folder: Path) -> None:
    """Only the document's own row changes: its passages are not asked for, kept as they are, not embedded."""
    embedder = CountingEmbedder()
    ended = document(
        *INVENTED, valid_to=date(2026, 6, 30), payer_scope="all", authority=Authority.CMS, asked=never
    )
    report = build_index([ended], folder=folder, embedder=embedder)
    assert report == IndexReport(kept=5, generation=2)
    assert embedder.texts == []
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert index.passages() == list(INVENTED)
        for filters, found in (
            (Filters(as_of=date(2026, 6, 30)), 5),
            (Filters(as_of=date(2026, 7, 1)), 0),
            (Filters(payer_scopes=("Medicare FFS",)), 0),
            (Filters(payer_scopes=("all",), authorities=(Authority.CMS,)), 5),
        ):
            assert len(index.vector_search("knee", limit=9, filters=filters)) == found
    assert build_index([ended], folder=folder, embedder=embedder).generation == 2


def test_a_new_edition_embeds_its_new_words_alone_beside_the_old_one(folder: Path) -> None:
    embedder = CountingEmbedder()
    old = document(*INVENTED, valid_to=date(2026, 12, 31))
    later = [one.model_copy(update={"id": f"{one.id}2", "document_id": "doc:2"}) for one in INVENTED[:4]]
    fresh = passage("new", "A rule of the new edition.", of="doc:2")
    edition = document(*later, fresh, name="doc:2", valid_from=date(2027, 1, 1))
    report = build_index([old, edition], folder=folder, embedder=embedder)
    assert (report.added, report.changed, report.kept, report.embedded) == (5, 0, 5, 1)
    assert embedder.texts == [fresh.text]
    with open_index(folder, embedder=HashingEmbedder()) as index:
        for day, name in ((date(2026, 5, 5), "a"), (date(2027, 5, 5), "a2")):
            hits = index.search("wobble graft", limit=1, filters=Filters(as_of=day))
            assert [hit.passage.id for hit in hits] == [name]
    # The old edition goes; what the new one still says is not embedded again, nor lost.
    assert build_index([edition], folder=folder, embedder=embedder).removed == 5
    assert ids(folder, exact_up_to=0) == ["a2", "b2", "c2", "d2", "new"]
    build_index([edition, SECOND], folder=folder, embedder=embedder)
    assert count_stored(folder) == 6  # those of the generation before have left, one build later
    assert embedder.texts == [fresh.text, ADDED.text]


def test_a_record_changed_beside_its_text_embeds_nothing_and_keeps_its_id(folder: Path) -> None:
    embedder = CountingEmbedder()
    moved = INVENTED[1].model_copy(
        update={"start": 7, "end": 81, "page": 3, "applies_to": Applicability(codes=("29881",))}
    )
    book = document(INVENTED[0], moved, *INVENTED[2:])
    report = build_index([book], folder=folder, embedder=embedder)
    assert report == IndexReport(changed=1, kept=4, generation=2)
    assert embedder.texts == []
    with open_index(folder, embedder=embedder) as index:
        assert index.passage("b") == moved
        assert index.passages() == [INVENTED[0], moved, *INVENTED[2:]]


def test_a_changed_heading_is_embedded_and_found(folder: Path) -> None:
    renamed = INVENTED[0].model_copy(update={"heading_path": ("Consultations",)})
    report = build_index([document(renamed, *INVENTED[1:])], folder=folder, embedder=HashingEmbedder())
    assert report.embedded == 1
    with open_index(folder, embedder=HashingEmbedder()) as index:
        assert [hit.passage.id for hit in index.keyword_search("consultations", limit=5)] == ["a"]
        assert not index.keyword_search("Appointments", limit=5)


def test_a_passage_that_left_comes_back_without_being_embedded_while_its_vector_is_kept(folder: Path) -> None:
    embedder = CountingEmbedder()
    build_index([document(*INVENTED[:2])], folder=folder, embedder=embedder)
    assert ids(folder, exact_up_to=0) == ["a", "b"]
    build_index([BOOK], folder=folder, embedder=embedder)
    assert ids(folder, exact_up_to=0) == ALL
    assert embedder.texts == []


def test_a_document_under_another_name_embeds_nothing(folder: Path) -> None:
    """A document that goes makes room before one that comes, whatever their order."""
    renamed = document(*INVENTED, name="note:another")
    report = build_index([renamed], folder=folder, embedder=HashingEmbedder())
    assert (report.added, report.removed, report.embedded) == (5, 5, 0)
    assert ids(folder) == ALL


def test_the_first_of_two_documents_or_passages_with_one_id_counts(tmp_path: Path) -> None:
    book = document(passage("a", "first text"), passage("a", "second text"))
    other = document(passage("b", "third text"))
    report = build_index([book, other], folder=tmp_path, embedder=HashingEmbedder())
    assert report.added == 1
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        assert [one.text for one in index.passages()] == ["first text"]
    assert build_index([book, other], folder=tmp_path, embedder=HashingEmbedder()) == IndexReport(
        kept=1, generation=1
    )


def test_a_long_rule_has_several_vectors_and_is_found_by_any(tmp_path: Path, place: VectorPlace) -> None:
    sentences = [
        f"Sentence {n} tells of thing{n} and of nothing else at all, {'so ' * 40}." for n in range(12)
    ]
    rule = passage("long", " ".join(sentences))
    others = [passage(f"o{n}", f"Another rule {n}.") for n in range(20)]
    embedder = CountingEmbedder()
    build_index([document(rule, *others)], folder=tmp_path, embedder=embedder, place=place)
    pieces = [text for text in embedder.texts if "Sentence" in text]
    assert len(pieces) > 2 and max(map(len, pieces)) < 700
    for exact_up_to in (0, 1_000):
        with open_index(tmp_path, embedder=embedder, place=place, exact_up_to=exact_up_to) as index:
            for wanted in (sentences[0], sentences[-1]):
                hits = index.vector_search(wanted, limit=5)
                assert hits[0].passage.id == "long"
                assert [hit.passage.id for hit in hits].count("long") == 1


def test_an_empty_index_and_an_emptied_one(tmp_path: Path, place: VectorPlace) -> None:
    for _ in range(2):
        report = build_index([], folder=tmp_path, embedder=HashingEmbedder(), place=place)
        assert report == IndexReport(generation=1)
        for exact_up_to in (0, -1):
            with open_index(
                tmp_path, embedder=HashingEmbedder(), place=place, exact_up_to=exact_up_to
            ) as index:
                assert index.passages() == index.search("anything", limit=3) == []
    build_index([BOOK], folder=tmp_path, embedder=HashingEmbedder(), place=place)
    assert build_index([], folder=tmp_path, embedder=HashingEmbedder(), place=place).removed == 5
    with open_index(tmp_path, embedder=HashingEmbedder(), place=place, exact_up_to=-1) as index:
        assert index.passages() == index.search("anything", limit=3) == []


def test_a_passage_of_headings_alone_is_found_by_its_words(tmp_path: Path) -> None:
    bare = passage("h", "", headings=("Wobble",))
    build_index([document(bare, *INVENTED[1:])], folder=tmp_path, embedder=HashingEmbedder())
    with open_index(tmp_path, embedder=HashingEmbedder()) as index:
        assert [hit.passage.id for hit in index.keyword_search("wobble", limit=2)] == ["h"]
        assert "h" in [hit.passage.id for hit in index.search("wobble", limit=5)]


def test_vectors_go_to_chroma_in_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: VectorPlace
) -> None:
    monkeypatch.setattr("pipeline.index.vectors._MAX_BATCH", 2)
    for documents in ([BOOK], [SECOND], [SECOND, document(passage("g", "One more."), name="doc:g")]):
        build_index(documents, folder=tmp_path, embedder=HashingEmbedder(), place=place)
    assert ids(tmp_path, place=place, exact_up_to=0) == ["f", "g"]
    assert count_stored(tmp_path, place) == 2
