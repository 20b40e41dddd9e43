"""Invented documents: described, and composed of blocks as a reader would find them."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipeline.data import Authority, BlockKind, SourceDocument
from pipeline.sources.documents import Description
from pipeline.sources.reading.blocks import ReadBlock, compose

H, P, I, R, C = (  # noqa: E741
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.ITEM,
    BlockKind.ROW,
    BlockKind.CONTENTS,
)


def describe(**fields: Any) -> Description:
    """What is said of an invented guide, but for `fields`."""
    told: dict[str, Any] = {
        "publisher": "Invented House",
        "title": "An invented guide",
        "edition": "1",
        "authority": Authority.EDUCATOR,
        "licence": "invented",
        "valid_from": date(2026, 1, 1),
    }
    return Description(**{**told, **fields})


def document(*blocks: ReadBlock, pages: int = 0, sha256: str = "a" * 64, **fields: Any) -> SourceDocument:
    """A document of these blocks."""
    composed = compose(blocks, pages=pages)
    return SourceDocument(
        id=f"doc:{sha256[:16]}",
        sha256=sha256,
        text=composed.text,
        page_starts=composed.page_starts,
        blocks=composed.blocks,
        **describe(**fields).model_dump(),
    )
