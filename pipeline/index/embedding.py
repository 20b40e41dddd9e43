"""Vectors of a build: each computed once, saved as it comes, then carried into the vector store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PassageIndexError, StateError
from pipeline.index.database import DATABASE, damaged
from pipeline.index.embed import Embedder
from pipeline.index.passages import PassageTable
from pipeline.index.vectors import VectorPlace, VectorStore, VectorStoreError
from pipeline.index.writing import WritableTable

if TYPE_CHECKING:
    from pipeline.index.embed import Vectors

_EMBED_AT_ONCE = 256

Progress = Callable[[int, int], None]
"""Called with pieces of passages embedded so far and to be embedded, both in this build."""


def require_embedder(table: PassageTable, embedder: Embedder) -> int:
    """The length of the table's vectors. Raises PassageIndexError unless they are of `embedder`."""
    found = table.embedder()
    if found is None or found[0] != embedder.name:
        raise PassageIndexError(
            f"the passage index holds vectors of {found[0] if found else 'no embedder'}, not of {embedder.name}, "
            "and the two cannot be compared; run `briefwright index --rebuild`"
        )
    return found[1]


def embed_as(embedder: Embedder, texts: Sequence[str], *, width: int) -> Vectors:
    """The texts' vectors. Raises PassageIndexError where they are not as long as those of the index."""
    vectors = embedder.embed(texts)
    if vectors.shape[1] != width:
        raise PassageIndexError(
            f"{embedder.name} answers vectors of {vectors.shape[1]} numbers, the passage index holds vectors of "
            f"{width}, and the two cannot be compared; run `briefwright index --rebuild`"
        )
    return vectors


def embed_missing(
    table: WritableTable, texts: Mapping[str, str], *, embedder: Embedder, progress: Progress | None
) -> int:
    """Embed the texts, by hash, whose vectors the table lacks; how many those were."""
    width = require_embedder(table, embedder)
    known = table.known_vectors()
    todo = sorted(name for name in texts if name not in known)
    # By length, so that what is embedded together is of one length and little of it is padding.
    todo.sort(key=lambda name: len(texts[name]), reverse=True)
    for first in range(0, len(todo), _EMBED_AT_ONCE):
        batch = todo[first : first + _EMBED_AT_ONCE]
        table.save_vectors(batch, embed_as(embedder, [texts[name] for name in batch], width=width))
        if progress is not None:
            progress(first + len(batch), len(todo))
    return len(todo)


def store_vectors(table: WritableTable, home: Path, *, place: VectorPlace, unused: Sequence[str]) -> None:
    """Carry new vectors into the vector store, before passages name them; those unused leave it, one build later.

    A store that was lost or is damaged, that holds another number of vectors than it should, or that is another than
    last time, is filled anew from the table.
    """
    if table.place() != place.name(home) or not place.looks_sound(home):
        _start_again(table, home, place=place)
    elif not unused and not table.count_unstored():
        return
    if not _carry_if_sound(table, home, place=place, unused=unused):
        _start_again(table, home, place=place)
        try:
            sound = _carry(table, home, place=place, unused=unused)
        except VectorStoreError as error:
            # With fresh files: the disk is full, which Chroma does not always say.
            raise StateError(
                f"cannot write vectors beside {home / DATABASE} ({error.__cause__}); free some space, then try again"
            ) from error
        if not sound:
            raise damaged(home, "Chroma does not keep the vectors it is given")
    table.set_place(place.name(home))


def _carry_if_sound(table: WritableTable, home: Path, *, place: VectorPlace, unused: Sequence[str]) -> bool:
    try:
        return _carry(table, home, place=place, unused=unused)
    except VectorStoreError:
        return False


def _start_again(table: WritableTable, home: Path, *, place: VectorPlace) -> None:
    table.forget_stored()  # first: whoever searches meanwhile does without a store that is not whole
    place.remove(home)


def _carry(table: WritableTable, home: Path, *, place: VectorPlace, unused: Sequence[str]) -> bool:
    """Whether the store holds as many vectors as it should afterwards; one without any is not made."""
    # Noted before it is done: a build that dies in between finds them to be stored again, should they be wanted.
    table.mark_stored(unused, stored=False)
    if not place.looks_sound(home):
        table.drop_vectors(unused)
        if not table.count_unstored():
            return True
    with place.open(home, create=True) as store:
        store.delete(unused)
        table.drop_vectors(unused)
        _upsert(table, store)
        return store.count() == table.count_stored()


def _upsert(table: WritableTable, store: VectorStore) -> None:
    hashes, vectors = table.unstored()
    store.upsert(hashes, vectors)
    table.mark_stored(hashes)
