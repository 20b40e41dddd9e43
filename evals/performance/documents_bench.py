"""Real documents: the NCCI manual from PDF to index, and a question among 50,000 passages."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from evals.performance.index_bench import as_document, bare_runtime, invented_passages
from pipeline.data import Authority
from pipeline.index import HashingEmbedder, MiniLmEmbedder, build_index, open_index
from pipeline.index.pieces import pieces_of
from pipeline.index.vectors import VectorStore
from pipeline.sources.documents import Description, read_document
from pipeline.sources.passages import split_passages

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

_MANUAL = Path(__file__).parents[3] / "shared/data/cms/manuals/ncci_policy_manual_2026.pdf"
_MANY = 50_000
_SAMPLE = 240  # pieces embedded in turns, to compare


class _Mixed:
    """Passages are hashed, in no time; questions are embedded by the real model, which is what is measured."""

    name, dimensions = "mixed", MiniLmEmbedder.dimensions

    def __init__(self) -> None:
        self._model, self._hashing = MiniLmEmbedder(), HashingEmbedder(MiniLmEmbedder.dimensions)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        return (self._model if len(texts) == 1 else self._hashing).embed(texts)


class _Counting(VectorStore):
    def __init__(self) -> None:
        self.held = 0

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Count."""
        self.held += len(ids)

    def delete(self, ids: Sequence[str]) -> None:
        """Nothing is held."""

    def count(self) -> int:
        """How many were given."""
        return self.held


class _Nowhere:
    """No vector store: it is filled, but not asked, below 150,000 pieces."""

    shared = True

    def name(self, home: Path) -> str:
        """See `VectorPlace.name`."""
        return "nowhere"

    def looks_sound(self, home: Path) -> bool:
        """See `VectorPlace.looks_sound`."""
        return True

    def remove(self, home: Path) -> None:
        """See `VectorPlace.remove`."""

    @contextmanager
    def open(self, home: Path, *, create: bool) -> Iterator[VectorStore]:
        """See `VectorPlace.open`."""
        yield _Counting()


def run() -> list[tuple[str, str]]:
    """Rows of (what, measured). Goals: text 3 s; embedding 0.9 of onnxruntime; re-index 1 s; question 30 ms."""
    rows = _manual() if _MANUAL.is_file() else [("NCCI manual", "not beside this checkout: nothing measured")]
    return [*rows, *_question_among_many()]


def _manual() -> list[tuple[str, str]]:
    described = Description(
        publisher="CMS",
        title="Manual",
        edition="2026",
        authority=Authority.NCCI,
        licence="public domain",
        valid_from=date(2026, 1, 1),
    )

    def read():
        return read_document(_MANUAL, described, retrieved_on=date(2026, 11, 25))

    document = read()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read_s = [_seconds(read) for _ in range(3)]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    raw_s = statistics.median(_seconds(_bare_pdfium) for _ in range(3))
    split_s = _seconds(lambda: split_passages(document))
    passages = split_passages(document)
    pieces = [piece for passage in passages for piece in pieces_of(passage)]
    sample = pieces[:: len(pieces) // _SAMPLE]
    model = MiniLmEmbedder()
    model.embed(["first"])
    works = [lambda: model.embed(sample), bare_runtime(sample, batch=1), bare_runtime(sample, batch=8)]
    turns = [[_seconds(work) for work in works] for _ in range(5)]
    ours_s, single_s, batched_s = (min(column) for column in zip(*turns, strict=True))
    with tempfile.TemporaryDirectory() as name:
        folder, embedder = Path(name), HashingEmbedder()
        indexed = as_document(passages)
        build_s = _seconds(lambda: build_index([indexed], folder=folder, embedder=embedder))
        again_s = _seconds(lambda: build_index([indexed], folder=folder, embedder=embedder))
    return [
        (
            f"NCCI manual, {len(document.page_starts)} pages: PDF to text",
            f"{statistics.median(read_s):.2f} s",
        ),
        ("beside PDFium's bare text of all pages", f"{statistics.median(read_s) / raw_s:.1f} ×"),
        ("memory that three more readings add here", f"{grown:.0f} MB"),
        (f"split into {len(passages):,} passages", f"{split_s:.2f} s"),
        ("embedding, pieces a second", f"{len(sample) / ours_s:.0f}"),
        ("embedding, speed beside bare onnxruntime", f"{min(single_s, batched_s) / ours_s:.2f}"),
        ("index of it without the embedding, Chroma included", f"{build_s:.1f} s"),
        ("index of it again, nothing changed", f"{again_s * 1000:.0f} ms"),
    ]


def _question_among_many() -> list[tuple[str, str]]:
    passages = invented_passages(_MANY)
    embedder = _Mixed()
    questions = (f"decision for surgery on the same day, visit {number}" for number in count())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_index([as_document(passages)], folder=folder, embedder=embedder, place=_Nowhere())
        with open_index(folder, embedder=embedder, place=_Nowhere()) as index:
            index.search(next(questions), limit=8)
            asked = sorted(_seconds(lambda: index.search(next(questions), limit=8)) for _ in range(25))
            embedding = statistics.median(
                _seconds(lambda: embedder.embed([next(questions)])) for _ in range(25)
            )
    return [
        (f"question among {_MANY:,} passages, embedding included", f"{asked[12] * 1000:.0f} ms"),
        ("of it, embedding the question", f"{embedding * 1000:.0f} ms"),
    ]


def _bare_pdfium() -> None:
    import pypdfium2

    document = pypdfium2.PdfDocument(_MANUAL)
    for page in document:
        page.get_textpage().get_text_range()
    document.close()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
