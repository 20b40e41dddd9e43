"""The passage index of a workspace, brought up to date and opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipeline.index import Embedder, PassageIndex, build_index, open_index
from pipeline.index.places import EMBEDDED, ChromaServer
from pipeline.index.vectors import VectorPlace
from pipeline.settings import Settings
from pipeline.workspace import Workspace


@contextmanager
def opened_index(
    workspace: Workspace, *, embedder: Embedder, progress: Callable[[str], None]
) -> Iterator[PassageIndex]:
    """The index over all notes and documents. What changed is indexed first; nothing else is embedded again."""

    def report(done: int, total: int) -> None:
        progress(f"indexing passages {done}/{total}")

    folder, place = workspace.settings.index, vector_place(workspace.settings)
    build_index(workspace.indexed(), folder=folder, embedder=embedder, place=place, progress=report)
    with open_index(folder, embedder=embedder, place=place) as index:
        yield index


def vector_place(settings: Settings) -> VectorPlace:
    """Where the settings say the vectors are stored. Raises UsageError for an address that is none."""
    return ChromaServer(settings.chroma_url) if settings.chroma_url else EMBEDDED
