"""Invented passages in documents, and an embedder that counts what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import Authority, Passage
from pipeline.identity import digest
from pipeline.index import HashingEmbedder, IndexedDocument, open_index
from pipeline.index.generations import current
from pipeline.index.places import EMBEDDED
from pipeline.index.vectors import VectorPlace

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors


class CountingEmbedder(HashingEmbedder):
    """A hashing embedder that keeps every text it embeds, and can die after some of them."""

    def __init__(self, dimensions: int = 64, *, dies_after: int | None = None) -> None:
        super().__init__(dimensions)
        self.texts: list[str] = []
        self._dies_after = dies_after

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._dies_after is not None and len(self.texts) + len(texts) > self._dies_after:
            raise KeyboardInterrupt
        self.texts.extend(texts)
        return super().embed(texts)


def passage(
    name: str,
    text: str,
    *,
    of: str = "note:invented",
    headings: tuple[str, ...] = (),
    codes: tuple[tuple[str, str], ...] = (),
    chapter_codes: tuple[tuple[str, str], ...] = (),
) -> Passage:
    return Passage(
        id=name,
        document_id=of,
        heading_path=headings,
        section_key="coverage",
        start=0,
        end=len(text),
        text=text,
        codes=codes,
        chapter_codes=chapter_codes,
    )


def document(
    *passages: Passage,
    name: str = "note:invented",
    authority: Authority = Authority.NCCI,
    payer_scope: str = "Medicare FFS",
    valid_from: date = date(2026, 1, 1),
    valid_to: date | None = None,
    asked: Callable[[], object] | None = None,
) -> IndexedDocument:
    """The passages as one document; its digest is of them alone. `asked` is called when they are asked for."""

    def give() -> Sequence[Passage]:
        if asked is not None:
            asked()
        return passages

    return IndexedDocument(
        id=name,
        digest=digest([one.model_dump_json() for one in passages]),
        authority=authority,
        payer_scope=payer_scope,
        valid_from=valid_from,
        valid_to=valid_to,
        passages=give,
    )


INVENTED = (
    passage(
        "a",
        "Report the wobble graft with modifier 57 when the visit decided on it.",
        headings=("Guide", "Appointments"),
    ),
    passage("b", "G0289 may be told apart when another compartment of the knee was treated."),
    passage("c", "The diagnosis M17.11 supports the injection; denial CO-97 means it was bundled."),
    passage("d", "Café records: the surgeon's naïve sketch is kept with the chart."),
    passage("e", "Bone from the same site is not billed twice."),
)
BOOK = document(*INVENTED)
ADDED = passage("f", "A new rule about casts.", of="note:new")
SECOND = document(ADDED, name="note:new")


def never() -> None:
    """For `asked`, where nobody may ask."""
    raise AssertionError("asked for the passages of an unchanged document")


def ids(folder: Path, *, place: VectorPlace | None = None, exact_up_to: int = 1_000) -> list[str]:
    """Ids in the index, after showing that every passage is found by its words and by its meaning."""
    with open_index(
        folder, embedder=HashingEmbedder(), place=place or EMBEDDED, exact_up_to=exact_up_to
    ) as index:
        for one in index.passages():
            text = "\n".join((*one.heading_path, one.text))
            assert one in [hit.passage for hit in index.vector_search(text, limit=1)]
            assert one in [hit.passage for hit in index.keyword_search(one.text, limit=1)]
        return [one.id for one in index.passages()]


def count_stored(folder: Path, place: VectorPlace = EMBEDDED) -> int:
    """How many vectors the store of the serving build holds."""
    home = current(folder)
    assert home is not None
    with place.open(home, create=False) as store:
        return store.count()
