"""Invented passages, and an embedder that counts what it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.data import Passage
from pipeline.index import HashingEmbedder

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


def passage(name: str, text: str, *, headings: tuple[str, ...] = (), section: str = "coverage") -> Passage:
    return Passage(
        id=name,
        document_id="note:invented",
        heading_path=headings,
        section_key=section,
        start=0,
        end=len(text),
        text=text,
    )


INVENTED = [
    passage(
        "a",
        "Report the wobble graft with modifier 57 when the visit decided on it.",
        headings=("Appointments",),
    ),
    passage("b", "G0289 may be told apart when another compartment of the knee was treated."),
    passage("c", "The diagnosis M17.11 supports the injection; denial CO-97 means it was bundled."),
    passage("d", "Café records: the surgeon's naïve sketch is kept with the chart.", section="documentation"),
    passage("e", "Bone from the same site is not billed twice."),
]
