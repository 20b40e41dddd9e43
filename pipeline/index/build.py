"""Bring the passage index up to date with a set of documents, doing no work twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.data import Passage, Record
from pipeline.errors import PassageIndexError
from pipeline.index.embed import Embedder
from pipeline.index.embedding import Progress, embed_missing, require_embedder, store_vectors
from pipeline.index.generations import LOCK, builds, choose, current, fresh_folder, remove_others
from pipeline.index.passages import PassageTable
from pipeline.index.pieces import hash_piece, pieces_of
from pipeline.index.places import EMBEDDED
from pipeline.index.sources import IndexedDocument
from pipeline.index.vectors import VectorPlace
from pipeline.index.writing import WritableTable
from pipeline.store import exclusive_lock


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


class _Difference(NamedTuple):
    """What is to change: documents with other content, with other terms alone, and numbers of those gone."""

    changed: list[IndexedDocument]
    restated: list[IndexedDocument]
    gone: list[int]


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
    building it (after `lock_timeout_s`), the disk refuses or the Chroma server does not answer.
    """
    wanted: dict[str, IndexedDocument] = {}
    for document in documents:
        wanted.setdefault(document.id, document)
    if not rebuild and (done := _is_current(wanted, folder=folder, embedder=embedder, place=place)):
        return done
    with exclusive_lock(folder / LOCK, what="building the passage index", timeout_s=lock_timeout_s):
        if rebuild:
            home = _begun(folder, embedder) or fresh_folder(folder)
        elif done := _is_current(wanted, folder=folder, embedder=embedder, place=place):
            return done  # by the process that was waited for
        else:
            home = current(folder)
            if home is None:
                home = fresh_folder(folder)
                choose(folder, home)  # what a first build embeds before it dies is not lost
        try:
            report = _build(wanted, home, embedder=embedder, place=place, progress=progress)
        except PassageIndexError:
            if rebuild:  # not to be gone on with
                shutil.rmtree(home, ignore_errors=True)
            raise
        if rebuild:
            choose(folder, home)
        remove_others(folder, home, forget=place.remove)
    return report


def _begun(folder: Path, embedder: Embedder) -> Path | None:
    """The latest build that died before it was finished: what it embedded is not lost."""
    for home in reversed(builds(folder)):
        try:
            with PassageTable.open(home) as table:
                held = table.embedder()
                if held is not None and held[0] == embedder.name and not table.generation():
                    return home
        except (FileNotFoundError, PassageIndexError):
            continue
    return None


def _is_current(
    wanted: Mapping[str, IndexedDocument], *, folder: Path, embedder: Embedder, place: VectorPlace
) -> IndexReport | None:
    home = current(folder)
    if home is None:
        return None
    try:
        with PassageTable.open(home) as table:
            table.hold_still()
            if not table.generation():
                return None
            require_embedder(table, embedder)
            if any(_difference(table, wanted)):
                return None
            if table.count_pieces() and (table.place() != place.name(home) or not place.looks_sound(home)):
                return None
            return IndexReport(kept=table.count(), generation=table.generation())
    except FileNotFoundError:
        return None


def _difference(table: PassageTable, wanted: Mapping[str, IndexedDocument]) -> _Difference:
    held = table.documents()
    return _Difference(
        changed=[one for name, one in wanted.items() if name not in held or held[name].digest != one.digest],
        restated=[
            one
            for name, one in wanted.items()
            if name in held and held[name].digest == one.digest and held[name].terms != one.terms
        ],
        gone=[one.number for name, one in held.items() if name not in wanted],
    )


def _build(
    wanted: Mapping[str, IndexedDocument],
    home: Path,
    *,
    embedder: Embedder,
    place: VectorPlace,
    progress: Progress | None,
) -> IndexReport:
    with WritableTable.open(home, create=True) as table:
        if table.embedder() is None:
            table.set_embedder(embedder.name, embedder.dimensions)
        require_embedder(table, embedder)
        difference = _difference(table, wanted)
        updates = [_Update(one, {}) for one in difference.changed]
        texts: dict[str, str] = {}
        for update in updates:
            for passage in update.document.passages():
                pieces = pieces_of(passage)
                hashes = [hash_piece(piece) for piece in pieces]
                texts.update(zip(hashes, pieces, strict=True))
                update.passages.setdefault(passage.id, (passage, passage.model_dump_json(), hashes))
        # What no passage of the last generation names is left over from those before it, or from a build that died.
        unused = [name for name in table.unused_vectors() if name not in texts]
        embedded = embed_missing(table, texts, embedder=embedder, progress=progress)
        store_vectors(table, home, place=place, unused=unused)
        if not any(difference) and table.generation():  # only the store was to be filled anew
            return IndexReport(kept=table.count(), generation=table.generation())
        report = _swap(table, updates, restated=difference.restated, gone=difference.gone)
        return report.model_copy(update={"embedded": embedded, "generation": table.generation()})


def _swap(
    table: WritableTable,
    updates: Sequence[_Update],
    *,
    restated: Sequence[IndexedDocument],
    gone: Sequence[int],
) -> IndexReport:
    """Put the new passages in the place of the old ones, in one transaction: the next generation."""
    before, added, changed, removed = table.count(), 0, 0, 0
    with table.transaction():
        for number in gone:
            removed += table.drop_document(number)
        for document in restated:
            table.put_document(document)
        for update in updates:
            number = table.put_document(update.document)
            held = table.passages_of(number)
            same = {n for n, one in held.items() if n in update.passages and update.passages[n][1] == one[1]}
            table.drop_passages([one for name, (one, _) in held.items() if name not in same])
            for name, (passage, record, hashes) in update.passages.items():
                if name not in same:
                    table.put_passage(number, passage, record, hashes)
            added += len(update.passages.keys() - held.keys())
            removed += len(held.keys() - update.passages.keys())
            changed += len((held.keys() & update.passages.keys()) - same)
        table.begin_generation()
    return IndexReport(added=added, changed=changed, removed=removed, kept=before - removed - changed)
