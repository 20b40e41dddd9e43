"""A build that is killed at a moment: `python -m tests.index.killed_build FOLDER MOMENT HOW TEXTS`.

TEXTS is a file to which every text embedded is appended, as JSON lines.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pipeline.index.build as build
import pipeline.index.embedding as embedding
from pipeline.index import HashingEmbedder, build_index
from pipeline.index.vectors import VectorStore
from pipeline.index.writing import WritableTable
from tests.index.helpers import BOOK, document, passage

MORE = document(*(passage(f"m{n}", f"Rule {n} of many.", of="doc:m") for n in range(4)), name="doc:m")


class LoggingEmbedder(HashingEmbedder):
    """Writes down what it embeds."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def embed(self, texts: Sequence[str]):
        with self._path.open("a") as file:
            file.writelines(json.dumps(text) + "\n" for text in texts)
        return super().embed(texts)


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, moment: str, how: str, texts: Path) -> None:
    embedding._EMBED_AT_ONCE = 2
    match moment:
        case "upserting":
            VectorStore.upsert = die
        case "upserted":
            VectorStore.count = die  # pyright: ignore[reportAttributeAccessIssue] - asked when all is stored
        case "before the swap":
            build._swap = die
        case "in the swap":
            WritableTable.begin_generation = die
        case "after the swap":
            build.remove_others = die
    build_index(
        [BOOK, MORE],
        folder=folder,
        embedder=LoggingEmbedder(texts),
        rebuild=how == "rebuild",
        progress=die if moment == "embedding" else None,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
