"""Bring the passage index up to date with a set of documents, doing no work twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError
from pipeline.index.embed import Embedder
from pipeline.index.generations import choose, current, fresh_folder, others
from pipeline.index.passages import PassageTable, damaged
from pipeline.index.pieces import hash_piece, pieces_of
from pipeline.index.sources import IndexedDocument
from pipeline.index.vectors import EMBEDDED, VectorPlace
from pipeline.store import exclusive_lock

LOCK = "lock"
_EMBED_AT_ONCE = 256

Progress = Callable[[int, int], None]
"""Called with pieces of passages embedded so far and to be embedded, both in this build."""


class IndexReport(Record):
    """What a build did, in passages. `changed`: same id, other record; `embedded`: vectors computed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    embedded: int = 0
    generation: int = 0


class _Update(NamedTuple):
    """A document to write: its passages with their records, and the pieces of each as hashes."""

    document: IndexedDocument
    passages: dict[str, tuple[Passage, str, list[str]]]


def build_index(
    documents: Iterable[IndexedDocument],
    *,
    folder: Path,
    embedder: Embedder,
    place: VectorPlace = EMBEDDED,
    progress: Progress | None = None,
    rebuild: bool = False,
    lock_timeout_s: float = 0,
) -> IndexReport:
    """Make the index in `folder` hold exactly the passages of `documents`; of two with one id the first counts.

    An index that holds them already is only read, and of a document whose digest is unchanged not even the passages are
    asked for. The passages change in one step at the end: until then, and where the build dies, the generation before
    goes on serving, and what was embedded is kept for the next try. `rebuild` starts afresh beside what is there.

    Raises PassageIndexError when the index is damaged or made by another embedder, StateError when another process is
    building it (after `lock_timeout_s`) or the disk refuses.
    """
    wanted: dict[str, IndexedDocument] = {}
    for document in documents:
        wanted.setdefault(document.id, document)
    if not rebuild and (done := _is_current(wanted, folder=folder, embedder=embedder, place=place)):
        return done
    with exclusive_lock(folder / LOCK, what="building the passage index", timeout_s=lock_timeout_s):
        home = None if rebuild else current(folder)
        if home is None:
            home = fresh_folder(folder)
            if not rebuild:
                choose(folder, home)  # what a first build embeds before it dies is not lost
        try:
            report = _build(wanted, home, embedder=embedder, place=place, progress=progress)
        except BaseException:
            if rebuild:
                shutil.rmtree(home, ignore_errors=True)
            raise
        if rebuild:
            for other in others(folder, home):
                place.remove(other)
            choose(folder, home)
    return report


def require_embedder(table: PassageTable, embedder: Embedder) -> None:
    """Raise PassageIndexError unless the table's vectors are of `embedder`."""
    found = table.embedder()
    if found is None or found[0] != embedder.name:
        raise PassageIndexError(
            f"the passage index holds vectors of {found[0] if found else 'no embedder'}, not of {embedder.name}, "
            "and the two cannot be compared; run `briefwright index --rebuild`"
        )


def _is_current(
    wanted: Mapping[str, IndexedDocument], *, folder: Path, embedder: Embedder, place: VectorPlace
) -> IndexReport | None:
    home = current(folder)
    if home is None:
        return None
    try:
        with PassageTable.open(home, create=False) as table:
            table.hold_still()
            if table.embedder() is None or not table.generation():
                return None
            require_embedder(table, embedder)
            held = {name: one.digest for name, one in table.documents().items()}
            if held != {name: document.digest for name, document in wanted.items()}:
                return None
            return (
                IndexReport(kept=table.count(), generation=table.generation())
                if place.looks_sound(home)
                else None
            )
    except FileNotFoundError:
        return None


def _build(
    wanted: Mapping[str, IndexedDocument],
    home: Path,
    *,
    embedder: Embedder,
    place: VectorPlace,
    progress: Progress | None,
) -> IndexReport:
    with PassageTable.open(home, create=True) as table:
        if table.embedder() is None:
            table.set_embedder(embedder.name, embedder.dimensions)
        require_embedder(table, embedder)
        held = table.documents()
        changed = [one for name, one in wanted.items() if name not in held or held[name].digest != one.digest]
        gone = [one.number for name, one in held.items() if name not in wanted]
        updates = [_Update(one, {}) for one in changed]
        texts: dict[str, str] = {}
        for update in updates:
            for passage in update.document.passages():
                pieces = pieces_of(passage)
                hashes = [hash_piece(piece) for piece in pieces]
                texts.update(zip(hashes, pieces, strict=True))
                update.passages.setdefault(passage.id, (passage, passage.model_dump_json(), hashes))
        # What no passage of the last generation names is left over from those before it, or from a build that died.
        unused = [name for name in table.unused_vectors() if name not in texts]
        embedded = _embed(table, texts, embedder=embedder, progress=progress)
        _store(table, home, place=place, unused=unused)
        return _swap(table, updates, gone).model_copy(update={"embedded": embedded})


def _embed(
    table: PassageTable, texts: Mapping[str, str], *, embedder: Embedder, progress: Progress | None
) -> int:
    known = table.known_vectors()
    todo = sorted(name for name in texts if name not in known)
    # By length, so that what is embedded together is of one length and little of it is padding.
    todo.sort(key=lambda name: len(texts[name]), reverse=True)
    for first in range(0, len(todo), _EMBED_AT_ONCE):
        batch = todo[first : first + _EMBED_AT_ONCE]
        table.save_vectors(batch, embedder.embed([texts[name] for name in batch]))
        if progress is not None:
            progress(first + len(batch), len(todo))
    return len(todo)


def _store(table: PassageTable, home: Path, *, place: VectorPlace, unused: Sequence[str]) -> None:
    """Carry new vectors into the vector store, before passages name them; those unused leave it, one build later."""
    if not place.looks_sound(home):
        place.remove(home)
        table.forget_stored()
    hashes, vectors = table.unstored()
    if not hashes and not unused:
        return
    with place.open(home) as store:
        store.delete(unused)
        table.drop_vectors(unused)
        gone = set(unused)
        kept = [row for row, name in enumerate(hashes) if name not in gone]
        store.upsert([hashes[row] for row in kept], vectors[kept])
        table.mark_stored([hashes[row] for row in kept])
        if store.count() != table.stored_count():
            raise damaged(home, f"{store.count()} vectors stored of {table.stored_count()}")


def _swap(table: PassageTable, updates: Sequence[_Update], gone: Sequence[int]) -> IndexReport:
    """Put the new passages in the place of the old ones, in one transaction: the next generation."""
    before, added, changed, removed = table.count(), 0, 0, 0
    with table.transaction():
        for number in gone:
            removed += table.drop_document(number)
        for update in updates:
            number = table.put_document(update.document)
            held = table.passages_of(number)
            other = {
                n: v for n, v in held.items() if n not in update.passages or update.passages[n][1] != v[1]
            }
            table.drop_passages([one for one, _ in other.values()])
            for name, (passage, record, hashes) in update.passages.items():
                if name not in held or name in other:
                    table.put_passage(number, passage, record, hashes)
            again = sum(name in update.passages for name in other)
            changed += again
            removed += len(other) - again
            added += sum(name not in held for name in update.passages)
        table.begin_generation()
    kept = before - removed - changed
    return IndexReport(
        added=added, changed=changed, removed=removed, kept=kept, generation=table.generation()
    )
