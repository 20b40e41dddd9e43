"""The passage index: a canonical table with full-text search, vectors, and both fused."""

from pipeline.index.build import IndexReport, Progress, build_index
from pipeline.index.embed import Embedder, HashingEmbedder, MiniLmEmbedder
from pipeline.index.fusion import Fused, fuse
from pipeline.index.search import Hit, PassageIndex, open_index

__all__ = [
    "Embedder",
    "Fused",
    "HashingEmbedder",
    "Hit",
    "IndexReport",
    "MiniLmEmbedder",
    "PassageIndex",
    "Progress",
    "build_index",
    "fuse",
    "open_index",
]
