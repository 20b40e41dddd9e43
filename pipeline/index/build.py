"""Bring the passage index up to date with a set of passages, doing no work twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError, StateError
from pipeline.index.embed import Embedder
from pipeline.index.passages import DATABASE, PassageTable, damaged, embedded_text
from pipeline.index.vectors import look_sound, open_vectors, remove_vectors
from pipeline.store import exclusive_lock

LOCK = "lock"
_EMBED_AT_ONCE = 256

Progress = Callable[[int, int], None]
"""Called with passages embedded so far and passages to embed, both in this build."""


class IndexReport(Record):
    """What a build did, in passages. `changed`: same id, other record; `embedded`: vectors computed."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    embedded: int = 0


def build_index(
    passages: Iterable[Passage],
    *,
    folder: Path,
    embedder: Embedder,
    progress: Progress | None = None,
    rebuild: bool = False,
    lock_timeout_s: float = 0,
) -> IndexReport:
    """Make the index in `folder` hold exactly `passages`; of several with one id the first counts.

    An index that holds them already is only read: no lock, no model, no Chroma. An interrupted build is
    completed by the next. `rebuild` starts afresh, whatever is there.

    Raises PassageIndexError when the index is damaged or made by another embedder, StateError when another
    process is building it (after `lock_timeout_s`) or the disk refuses.
    """
    wanted: dict[str, Passage] = {}
    for passage in passages:
        wanted.setdefault(passage.id, passage)
    if not rebuild and _is_current(wanted, folder=folder, embedder=embedder):
        return IndexReport(kept=len(wanted))
    with exclusive_lock(folder / LOCK, what="building the passage index", timeout_s=lock_timeout_s):
        if rebuild:
            _remove(folder)
        with PassageTable.open(folder, create=True) as table:
            is_new = table.embedder() is None
            if is_new:
                table.set_embedder(embedder.name, embedder.dimensions)
            require_embedder(table, embedder)
            if is_new or not look_sound(folder):
                remove_vectors(folder)
                table.forget_stored()
            changes = table.replace(wanted.values())
            embedded = _embed(table, embedder=embedder, progress=progress)
            _store(table, folder=folder)
    return IndexReport(**changes._asdict(), embedded=embedded)


def require_embedder(table: PassageTable, embedder: Embedder) -> None:
    """Raise PassageIndexError unless the table's vectors are of `embedder`."""
    found = table.embedder()
    if found != (embedder.name, embedder.dimensions):
        raise PassageIndexError(
            f"the passage index holds vectors of {found[0] if found else 'no embedder'}, not of {embedder.name}, "
            "and the two cannot be compared; run `briefwright index --rebuild`"
        )


def _is_current(wanted: dict[str, Passage], *, folder: Path, embedder: Embedder) -> bool:
    try:
        with PassageTable.open(folder, create=False) as table:
            table.hold_still()
            if table.embedder() is None:
                return False
            require_embedder(table, embedder)
            if table.pending() or (wanted and not look_sound(folder)):
                return False
            return table.records() == {name: passage.model_dump_json() for name, passage in wanted.items()}
    except FileNotFoundError:
        return False


def _remove(folder: Path) -> None:
    remove_vectors(folder)
    try:
        for suffix in ("", "-wal", "-shm"):
            (folder / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"cannot remove {folder / DATABASE}: {error.strerror}; make it writable") from error


def _embed(table: PassageTable, *, embedder: Embedder, progress: Progress | None) -> int:
    todo = table.unembedded()
    for first in range(0, len(todo), _EMBED_AT_ONCE):
        batch = todo[first : first + _EMBED_AT_ONCE]
        vectors = embedder.embed([embedded_text(passage) for passage in batch])
        table.save_vectors([passage.id for passage in batch], vectors)
        if progress is not None:
            progress(first + len(batch), len(todo))
    return len(todo)


def _store(table: PassageTable, *, folder: Path) -> None:
    if not table.pending():
        return
    ids, vectors = table.vectors(unstored_only=True)
    with open_vectors(folder) as store:
        store.delete(table.to_delete())  # first: a removed passage may have come back
        store.upsert(ids, vectors)
        if store.count() != table.count():
            raise damaged(folder, f"{store.count()} vectors stored for {table.count()} passages")
    table.mark_stored(ids)
