from datetime import date
from pathlib import Path

import pytest

from pipeline.data import Authority
from pipeline.errors import SourceError
from pipeline.sources.anchors import make_anchor
from pipeline.sources.documents import (
    load_documents,
    quote_anchor,
    read_document,
    split_passages,
    store_document,
)

TEXT = "Invented rule. Report one unit for each joint.\n\n" + "More invented text about joints. " * 120


def read(path: Path, title: str = "An invented guide"):
    return read_document(
        path,
        publisher="Invented House",
        title=title,
        edition="1",
        authority=Authority.EDUCATOR,
        licence="invented",
        url="",
        payer_scope="Medicare FFS",
        valid_from=date(2026, 1, 1),
        retrieved_on=date(2026, 11, 24),
    )


def test_passages_point_at_their_own_words(tmp_path):
    path = tmp_path / "guide.txt"
    path.write_text(TEXT)
    document = read(path)
    passages = split_passages(document)
    assert len(passages) > 2
    assert len({passage.id for passage in passages}) == len(passages)
    for passage in passages:
        assert document.text[passage.start : passage.end] == passage.text


def test_a_stored_document_comes_back_and_answers_its_anchor(tmp_path):
    path = tmp_path / "guide.md"
    path.write_text(TEXT)
    document = read(path)
    store_document(document, tmp_path / "store")
    store_document(document, tmp_path / "store")
    (stored,) = load_documents(tmp_path / "store")
    assert stored == document
    anchor = make_anchor(document.sha256, [TEXT], 1, "Report one unit for each joint.")
    quote = quote_anchor(anchor, {stored.sha256: stored})
    assert quote is not None and (quote.quote, quote.level) == ("Report one unit for each joint.", "document")
    assert quote_anchor(anchor, {}) is None


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("scan.pdf", b"%PDF-1.4 broken", "cannot be opened as a PDF"),
        ("latin.txt", "caf\xe9".encode("latin-1"), "not UTF-8"),
        ("page.docx", b"PK\x03\x04", "neither a PDF nor"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=says):
        read(path)


def test_a_missing_file_and_a_damaged_record_say_what_to_do(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "none.txt")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "x.json").write_text("{")
    with pytest.raises(SourceError, match="add the document again"):
        load_documents(tmp_path / "store")


@pytest.mark.parametrize("content", [b"", b" \n", b"a\x00b words"])
def test_a_file_without_text_is_refused(tmp_path, content):
    path = tmp_path / "guide.txt"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="no text"):
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
