"""Documents that the user adds: read once, stored as records, found by the hash of their bytes."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from pipeline.data import Applicability, Authority, Record, SourceDocument
from pipeline.errors import SourceError, StateError, UsageError
from pipeline.sources.reading.apart import read_apart
from pipeline.store import write_atomically

_BLOCK = 2**20
_TERMS = ("authority", "licence", "quote_words", "page_words")
_GUARDED = ("publisher", "title", "edition", "payer_scope", *_TERMS)
_SAID = (*_GUARDED, "url", "valid_from", "applies_to")


class Description(Record):
    """What is said of a document besides its text; see `SourceDocument`."""

    publisher: str
    title: str
    edition: str
    authority: Authority
    licence: str
    url: str = ""
    payer_scope: str = "Medicare FFS"
    valid_from: date
    applies_to: Applicability = Applicability()
    quote_words: int = 0
    page_words: int = 0


class Stored(NamedTuple):
    """How a document was stored: the one it replaced, the other editions, and what is `changed` where it was there."""

    status: str
    replaced: SourceDocument | None
    editions: tuple[SourceDocument, ...]
    changed: tuple[str, ...]


def read_document(
    path: Path, described: Description, *, retrieved_on: date, name: str = ""
) -> SourceDocument:
    """Read a PDF, HTML, Markdown or text file in a process apart; `name` stands for the path's own.

    Raises SourceError when it is none of these, cannot be read within limits, has no text or more than a document
    holds.
    """
    sha256 = hash_file(path)
    composed = read_apart(path, name=name)
    if hash_file(path) != sha256:
        raise SourceError(f"{path} changed while it was read; add it again once it is complete")
    return SourceDocument(
        id=f"doc:{sha256[:16]}",
        retrieved_on=retrieved_on,
        sha256=sha256,
        text=composed.text,
        page_starts=composed.page_starts,
        blocks=composed.blocks,
        **described.model_dump(),
    )


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes. Raises SourceError where it cannot be read, or is a pipe or device without end."""
    content = hashlib.sha256()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(f"{path} is no file; save the document as one and name that")
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                content.update(block)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error.strerror}); check the path and its permissions"
        ) from error
    return content.hexdigest()


def check_fits(document: SourceDocument, held: list[SourceDocument], *, replace: bool) -> None:
    """Refuse what contradicts the held documents. Raises UsageError saying what to do.

    Another edition of the work that begins on the same day: both would be in force. Unless `replace`: the same bytes,
    or the same edition, under another name, licence, authority, or with other caps on quotes, as those would be lost
    silently.
    """
    for one in held:
        if one.sha256 == document.sha256:
            differing = _differing(document, one, _GUARDED)
        elif _work(one) != _work(document):
            continue
        elif one.edition == document.edition:
            differing = _differing(document, one, _TERMS)
        elif one.valid_from == document.valid_from:
            raise UsageError(
                f"edition {one.edition} of {one.title} is in force from {one.valid_from} as well; say with "
                f"--effective-from from which day {document.edition} is, or remove the other ({one.id}) first"
            )
        else:
            continue
        if differing and not replace:
            said = "; ".join(
                f"{name.replace('_', ' ')} {getattr(one, name)!s:.60}, now {getattr(document, name)!s:.60}"
                for name in differing
            )
            raise UsageError(
                f"{one.id} is held and was described otherwise ({said}); add it as before, or with --replace to "
                "describe it anew"
            )


def store_document(document: SourceDocument, folder: Path) -> Stored:
    """Write the record under its hash. Other bytes of the same publisher, title and edition are replaced by it."""
    held, _ = read_records(folder)
    same = next((one for one in held if one.sha256 == document.sha256), None)
    changed = () if same is None else _differing(document, same, _SAID)
    timeless = {"retrieved_on": None, "valid_to": None}
    if same is None or same.model_copy(update=timeless) != document.model_copy(update=timeless):
        write_atomically(folder / f"{document.sha256}.json", document.model_dump_json(indent=1) + "\n")
    older = [one for one in held if one.sha256 != document.sha256 and _work(one) == _work(document)]
    replaced = next((one for one in older if one.edition == document.edition), None)
    if replaced is not None:
        remove_document(replaced, folder)
    status = "described anew" if changed else "unchanged" if same else "added"
    editions = tuple(one for one in older if one is not replaced)
    return Stored("replaced" if replaced else status, replaced, editions, changed)


def _differing(document: SourceDocument, other: SourceDocument, fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in fields if getattr(document, name) != getattr(other, name))


def as_held(document: SourceDocument, held: list[SourceDocument], unsaid: Iterable[str]) -> SourceDocument:
    """The document with the `unsaid` fields of the held one of its bytes, else of its edition; as it is without one."""
    same = [one for one in held if one.sha256 == document.sha256]
    same += [one for one in held if _work(one) == _work(document) and one.edition == document.edition]
    return document.model_copy(update={name: getattr(same[0], name) for name in unsaid}) if same else document


def remove_document(document: SourceDocument, folder: Path) -> None:
    """Delete the record. Raises StateError where that is not possible."""
    remove_record(folder / f"{document.sha256}.json")


def remove_record(path: Path) -> None:
    """Delete the file of a record. Raises StateError where that is not possible."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"cannot remove {path}: {error.strerror}; make its folder writable") from error


def load_documents(folder: Path) -> list[SourceDocument]:
    """Every stored document, sorted by id, valid until the next edition. Raises SourceError for a damaged record."""
    documents, damaged = read_records(folder)
    if damaged:
        raise SourceError(
            f"{damaged[0]} is damaged, or of an older version; `briefwright sources remove {damaged[0].name}` "
            "deletes it, then add the document again"
        )
    return documents


def read_records(folder: Path) -> tuple[list[SourceDocument], list[Path]]:
    """Every stored document as `load_documents` gives it, and the files that hold none."""
    documents, damaged = [], []
    for path in sorted(path for path in folder.glob("*.json") if not path.is_dir()):
        try:
            documents.append(SourceDocument.model_validate_json(path.read_bytes()))
        except (OSError, ValidationError, json.JSONDecodeError):
            damaged.append(path)
    return until_next_edition(sorted(documents, key=lambda document: document.id)), damaged


def until_next_edition(documents: list[SourceDocument]) -> list[SourceDocument]:
    """The documents, each valid until the day before the next edition of the same work begins.

    Worked out here and stored nowhere: when an edition is removed, the one before it is valid again.
    """
    beginnings: dict[tuple[str, str, str], set[date]] = {}
    for one in documents:
        beginnings.setdefault(_work(one), set()).add(one.valid_from)
    result = []
    for one in documents:
        later = min((day for day in beginnings[_work(one)] if day > one.valid_from), default=None)
        end = later - timedelta(days=1) if later else None
        result.append(one.model_copy(update={"valid_to": end}) if end else one)
    return result


def same_work(documents: list[SourceDocument], sha256: str) -> list[SourceDocument]:
    """The editions of the work that the document of this hash is one of, itself first; none where it is absent."""
    named = next((one for one in documents if one.sha256 == sha256), None)
    if named is None:
        return []
    return [named, *(one for one in documents if one.sha256 != sha256 and _work(one) == _work(named))]


def _work(document: SourceDocument) -> tuple[str, str, str]:
    return document.publisher.casefold(), document.title.casefold(), document.payer_scope.casefold()
