"""Documents read, stored and found again; editions of one work."""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.data import Applicability, BlockKind, SourceDocument
from pipeline.errors import SourceError
from pipeline.sources import documents as module
from pipeline.sources.documents import (
    as_held,
    hash_file,
    load_documents,
    read_document,
    read_records,
    remove_document,
    same_work,
    store_document,
    until_next_edition,
)
from pipeline.sources.reading.blocks import Composed, ReadBlock
from tests.sources.invented import P, describe, document

TEXT = "# Invented rules\n\nReport one unit for each joint.\n\nMore invented text about joints.\n"


def read(path: Path, name: str = "") -> SourceDocument:
    return read_document(path, describe(), retrieved_on=date(2026, 11, 24), name=name)


def edition(number: str, begins: str, sha: str, **fields: Any) -> SourceDocument:
    block = ReadBlock(P, 0, f"Invented rule {sha}.")
    return document(
        block, sha256=sha * 64, edition=number, valid_from=date.fromisoformat(begins), **fields
    ).model_copy(update={"retrieved_on": date(2026, 11, 24)})


def test_a_document_is_read_with_its_blocks_and_its_hash(tmp_path):
    path = tmp_path / "guide.md"
    path.write_text(TEXT)
    found = read(path)
    assert found.sha256 == hash_file(path) and found.id == f"doc:{found.sha256[:16]}"
    assert [(one.kind, found.text[one.start : one.end]) for one in found.blocks] == [
        (BlockKind.HEADING, "Invented rules"),
        (BlockKind.PARAGRAPH, "Report one unit for each joint."),
        (BlockKind.PARAGRAPH, "More invented text about joints."),
    ]
    assert (found.publisher, found.edition, found.page_starts) == ("Invented House", "1", ())


def test_the_name_it_goes_by_says_the_form_of_a_file_kept_under_its_hash(tmp_path):
    path = tmp_path / ("0" * 64)
    path.write_text(TEXT)
    assert read(path, name="guide.md").blocks[0].kind is BlockKind.HEADING
    with pytest.raises(SourceError, match=r"^page\.docx is no PDF, HTML, Markdown or text file"):
        read(path, name="page.docx")


def test_a_stored_document_comes_back_as_it_was(tmp_path):
    path = tmp_path / "guide.md"
    path.write_text(TEXT)
    found = read(path)
    assert store_document(found, tmp_path / "store") == ("added", None, (), ())
    assert store_document(found, tmp_path / "store") == ("unchanged", None, (), ())
    later = found.model_copy(update={"retrieved_on": date(2026, 12, 1)})
    assert store_document(later, tmp_path / "store").status == "unchanged"
    assert load_documents(tmp_path / "store") == [found]
    assert [path.name for path in (tmp_path / "store").iterdir()] == [f"{found.sha256}.json"]


def test_other_words_about_the_same_bytes_are_stored(tmp_path):
    first = edition("1", "2026-01-01", "a")
    store_document(first, tmp_path)
    told_better = first.model_copy(update={"licence": "public domain"})
    stored = store_document(told_better, tmp_path)
    assert (stored.status, stored.changed) == ("described anew", ("licence",))
    assert load_documents(tmp_path) == [told_better]


def test_other_bytes_of_an_edition_take_its_place_and_editions_stand_side_by_side(tmp_path):
    first, again, second = (
        edition("1", "2026-01-01", "a"),
        edition("1", "2026-01-01", "b"),
        edition("2", "2026-07-01", "c"),
    )
    store_document(first, tmp_path)
    assert store_document(again, tmp_path).replaced == first
    stored = store_document(second, tmp_path)
    assert (stored.replaced, stored.editions) == (None, (again,))
    assert [one.sha256[0] for one in load_documents(tmp_path)] == ["b", "c"]


def test_an_edition_ends_on_the_day_before_the_next_and_is_valid_again_without_it(tmp_path):
    first, second, third = (
        edition("1", "2026-01-01", "a"),
        edition("2", "2026-07-01", "b"),
        edition("3", "2027-01-01", "c"),
    )
    for one in (third, first, second):
        store_document(one, tmp_path)
    ends = {one.edition: one.valid_to for one in load_documents(tmp_path)}
    assert ends == {"1": date(2026, 6, 30), "2": date(2026, 12, 31), "3": None}
    held = load_documents(tmp_path)
    for day, number in (("2026-06-30", "1"), ("2026-07-01", "2"), ("2026-12-31", "2"), ("2027-01-01", "3")):
        assert [one.edition for one in held if one.in_force(date.fromisoformat(day))] == [number]
    remove_document(second, tmp_path)
    assert {one.edition: one.valid_to for one in load_documents(tmp_path)} == {
        "1": date(2026, 12, 31),
        "3": None,
    }


def test_only_editions_of_one_work_end_one_another():
    first = edition("1", "2026-01-01", "a")
    others = [
        edition("2", "2026-07-01", "b", title="Another guide"),
        edition("2", "2026-07-01", "c", publisher="Another House"),
        edition("2", "2026-07-01", "d", payer_scope="An invented payer"),
    ]
    assert until_next_edition([first, *others]) == [first, *others]
    shouted = edition("2", "2026-07-01", "e", title="AN INVENTED GUIDE")
    assert until_next_edition([first, shouted])[0].valid_to == date(2026, 6, 30)
    assert same_work([first, *others, shouted], shouted.sha256) == [shouted, first]
    assert same_work([first], "f" * 64) == []


def test_what_is_not_said_again_stays_as_it_was():
    first = edition("1", "2026-01-01", "a", applies_to=Applicability(codes=("20610",)))
    anew = edition("1", "2026-11-24", "b")
    assert as_held(anew, [first], ["valid_from"]).valid_from == date(2026, 1, 1)
    assert as_held(anew, [first], ["valid_from"]).applies_to == Applicability()
    assert as_held(anew, [first], ["applies_to"]).applies_to == first.applies_to
    changed = first.model_copy(update={"valid_from": date(2026, 11, 24), "applies_to": Applicability()})
    assert as_held(changed, [first], ["valid_from", "applies_to"]) == first
    assert as_held(edition("2", "2026-11-24", "c"), [first], ["valid_from"]).valid_from == date(2026, 11, 24)


@pytest.mark.parametrize("field", ["text", "page_starts", "blocks"])
def test_a_record_whose_places_lie_outside_its_text_is_damaged(tmp_path, field):
    store_document(edition("1", "2026-01-01", "a"), tmp_path)
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text())
    record[field] = {"text": "cut", "page_starts": [0, 999], "blocks": [["paragraph", 0, 0, 999]]}[field]
    path.write_text(json.dumps(record))
    assert read_records(tmp_path) == ([], [path])


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("scan.pdf", b"%PDF-1.4 broken", "cannot be opened as a PDF"),
        ("latin.txt", "caf\xe9".encode("latin-1"), "not UTF-8"),
        ("page.docx", b"PK\x03\x04", "is no PDF, HTML, Markdown or text file"),
        ("empty.txt", b"", "no text"),
        ("blank.md", b" \n", "no text"),
        ("binary.txt", b"a\x00b words", "no text"),
        ("empty.pdf", b"", "is no PDF, HTML, Markdown or text file"),
        ("empty.html", b"", "no text"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says) as refused:
        read(path)
    assert str(refused.value).startswith(name) and "\n" not in str(refused.value)


def test_a_missing_file_and_a_damaged_record_say_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "none.txt")
    (tmp_path / "store").mkdir()
    for damage in ("{", "[" * 100_000, '{"id": "doc:1"}', "\xff"):
        (tmp_path / "store" / "x.json").write_text(damage, "latin-1")
        with pytest.raises(SourceError, match="add the document again"):
            load_documents(tmp_path / "store")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_folder_a_pipe_and_a_device_without_end_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    for path in (tmp_path, tmp_path / "pipe.txt", Path("/dev/zero")):
        with pytest.raises(SourceError, match="is no file; save the document as one"):
            read(path)


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_what_it_was(tmp_path, monkeypatch):
    path = tmp_path / "guide.txt"
    path.write_text("An invented rule.")

    def read_and_change(path: Path, *, name: str) -> Composed:
        path.write_text("Another rule.")
        return Composed("An invented rule.", (), ())

    monkeypatch.setattr(module, "read_apart", read_and_change)
    with pytest.raises(SourceError, match="changed while it was read"):
        read(path)


def test_files_beyond_all_measure_are_refused(tmp_path):
    path = tmp_path / "guide.txt"
    path.write_bytes(b"words " * 2_000_000)
    with pytest.raises(SourceError, match="10,000,000 characters"):
        read(path)
    with path.open("wb") as file:
        file.truncate(101 * 2**20)
    with pytest.raises(SourceError, match="101 MiB"):
        read(path)


def pdf(kids: str, count: int) -> bytes:
    objects = ("<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {count}>>")
    text = "%PDF-1.4\n" + "".join(f"{n} 0 obj\n{o}\nendobj\n" for n, o in enumerate(objects, 1))
    return (text + "trailer<</Root 1 0 R/Size 3>>\n%%EOF").encode()


@pytest.mark.parametrize(
    ("kids", "count", "says"), [("9 0 R", 2, "page 1 of"), ("9 0 R", 6000, "6,000 pages"), ("", 0, "PDF")]
)
def test_a_pdf_with_missing_or_countless_pages_is_refused(tmp_path, kids, count, says):
    path = tmp_path / "guide.pdf"
    path.write_bytes(pdf(kids, count))
    with pytest.raises(SourceError, match=says):
        read(path)
