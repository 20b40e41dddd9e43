"""Adding documents of the user: described, read apart, stored; editions and anchors sorted out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from pipeline.data import Record, SourceDocument
from pipeline.errors import UsageError
from pipeline.sources.anchored import AnchoredWords
from pipeline.sources.anchors import AnchorState
from pipeline.sources.documents import (
    as_held,
    check_fits,
    read_document,
    read_records,
    remove_document,
    remove_record,
    store_document,
)
from pipeline.sources.passages import split_passages
from pipeline.sources.registry import file_name
from pipeline.sources.requests import SCHEMES, AddRequest, describe
from pipeline.store import exclusive_lock
from pipeline.workspace import Workspace

FetchPage = Callable[[str], Path]
"""Brings the file at a web address and says where it lies."""


class AnchorReport(Record):
    """How the anchors of the guidance notes fared in a document; `missing` names the notes to look at."""

    matched: int = 0
    moved: int = 0
    missing: tuple[str, ...] = ()


class AddedSource(Record):
    """What became of a request. `superseded` and `superseded_by` are other editions of the same work.

    `status`: added, unchanged, replaced (other bytes of its edition were there) or described anew (it was there, and
    what is said of it is another: `changed` names the fields).
    """

    id: str
    sha256: str
    title: str
    edition: str
    status: str
    pages: int
    passages: int
    valid_from: date
    replaced: str = ""
    changed: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    superseded_by: str = ""
    anchors: AnchorReport = AnchorReport()


class RemovedSource(Record):
    """What was removed; of a damaged record there is its file's name alone."""

    id: str
    sha256: str = ""
    title: str = ""
    edition: str = ""


def add_source(
    request: AddRequest,
    *,
    workspace: Workspace,
    today: date,
    fetch_page: FetchPage,
) -> AddedSource:
    """Read and store one document. Adding the same again changes nothing; other bytes of an edition take its place.

    Raises UsageError for what cannot be said of a document, or not beside what is held, SourceError for one that cannot
    be read or fetched.
    """
    described = describe(request, workspace.user_sources, today=today)
    if request.source.startswith(SCHEMES):
        path, name = fetch_page(request.source), file_name(request.source) or "page"
        name = name if Path(name).suffix else f"{name}.html"
    else:
        path, name = Path(request.source), Path(request.source).name
    document = read_document(path, described, retrieved_on=today, name=name)
    with documents_lock(workspace):
        held, _ = read_records(workspace.settings.documents)
        document = as_held(document, held, _unsaid(request))
        check_fits(document, held, replace=request.replace)
        stored = store_document(document, workspace.settings.documents)
        held, _ = read_records(workspace.settings.documents)
    document = next(one for one in held if one.sha256 == document.sha256)
    earlier = [one for one in stored.editions if one.valid_from < document.valid_from]
    later = min(
        (one for one in stored.editions if one.valid_from > document.valid_from), key=_begins, default=None
    )
    return AddedSource(
        id=document.id,
        sha256=document.sha256,
        title=document.title,
        edition=document.edition,
        status=stored.status,
        pages=len(document.page_starts) or 1,
        passages=len(split_passages(document)),
        valid_from=document.valid_from,
        replaced=stored.replaced.id if stored.replaced else "",
        changed=stored.changed,
        superseded=tuple(one.edition for one in sorted(earlier, key=_begins)),
        superseded_by=later.edition if later else "",
        anchors=resolve_anchors(document, held, workspace),
    )


def _unsaid(request: AddRequest) -> Iterator[str]:
    """What a request says nothing of, and a held document of the same bytes or edition keeps."""
    if request.effective_from is None:
        yield "valid_from"
    if not request.applies_to:
        yield "applies_to"
    if not request.url and not request.known and not request.source.startswith(SCHEMES):
        yield "url"


def _begins(document: SourceDocument) -> date:
    return document.valid_from


def remove_source(which: str, *, workspace: Workspace) -> RemovedSource:
    """Remove the document of this id, or SHA-256, or the beginning of one; a damaged record by its file's name.

    Raises UsageError where it names not one.
    """
    with documents_lock(workspace):
        held, damaged = read_records(workspace.settings.documents)
        found = [one for one in held if which and (one.id.startswith(which) or one.sha256.startswith(which))]
        broken = [path for path in damaged if which and path.name.startswith(which)]
        if len(found) + len(broken) != 1:
            known = [one.id for one in (found or held)] + [path.name for path in (broken or damaged)]
            names = ", ".join(known) or "there is none"
            raise UsageError(
                f"{which!r:.80} names {len(found) + len(broken)} of the documents you added; expected one of: {names}"
            )
        if broken:
            remove_record(broken[0])
            return RemovedSource(id=broken[0].name)
        remove_document(found[0], workspace.settings.documents)
    (one,) = found
    return RemovedSource(id=one.id, sha256=one.sha256, title=one.title, edition=one.edition)


def resolve_anchors(
    document: SourceDocument, held: list[SourceDocument], workspace: Workspace
) -> AnchorReport:
    """How the anchors of all notes on this work fare in the document, whichever edition it is."""
    words = AnchoredWords(held)
    states: dict[AnchorState, list[str]] = {state: [] for state in AnchorState}
    for note in workspace.notes:
        editions = words.editions(note.anchor.document)
        if any(one.sha256 == document.sha256 for one in editions):
            states[words.resolve(note.anchor, document).state].append(note.id)
    return AnchorReport(
        matched=len(states[AnchorState.MATCHED]),
        moved=len(states[AnchorState.MOVED]),
        missing=tuple(states[AnchorState.NOT_FOUND]),
    )


def documents_lock(workspace: Workspace) -> AbstractContextManager[None]:
    """One process at a time changes the documents."""
    return exclusive_lock(
        workspace.settings.home / "documents.lock", what="changing the added documents", timeout_s=30
    )
