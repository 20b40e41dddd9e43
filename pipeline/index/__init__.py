"""The passage index: a canonical table with full-text search, vectors, and both fused."""

from pipeline.index.build import IndexReport, build_index
from pipeline.index.embed import Embedder, HashingEmbedder, MiniLmEmbedder
from pipeline.index.embedding import Progress
from pipeline.index.filters import Filters
from pipeline.index.search import Hit, PassageIndex, open_index
from pipeline.index.sources import IndexedDocument

__all__ = [
    "Embedder",
    "Filters",
    "HashingEmbedder",
    "Hit",
    "IndexReport",
    "IndexedDocument",
    "MiniLmEmbedder",
    "PassageIndex",
    "Progress",
    "build_index",
    "open_index",
]
