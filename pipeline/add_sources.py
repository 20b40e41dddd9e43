"""Adding documents of the user: described, read apart, stored; editions and anchors sorted out."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Applicability, Authority, Record, SourceDocument
from pipeline.errors import SourceError, UsageError
from pipeline.selector import parse_code, parse_range
from pipeline.sources.anchored import AnchoredWords
from pipeline.sources.anchors import AnchorState
from pipeline.sources.documents import (
    Description,
    dated_as_held,
    load_documents,
    read_document,
    remove_document,
    store_document,
)
from pipeline.sources.passages import split_passages
from pipeline.sources.registry import UserSource, file_name
from pipeline.store import exclusive_lock
from pipeline.workspace import Workspace

_LONGEST_NAME = 300
_SCHEMES = ("https://", "http://")

FetchPage = Callable[[str], Path]
"""Brings the file at a web address and says where it lies."""


class AddRequest(Record):
    """What is asked to be added: a path or a web address, and what is said of it; see `data.SourceDocument`.

    `known` is the key of a publisher of the registry, which fills in what is empty. `applies_to`: "20610, 29880-29881".
    """

    source: str
    title: str
    edition: str
    known: str = ""
    publisher: str = ""
    authority: str = ""
    licence: str = ""
    url: str = ""
    payer_scope: str = "Medicare FFS"
    effective_from: date | None = None
    applies_to: str = ""


class AnchorReport(Record):
    """How the anchors of the guidance notes fared in a document; `missing` names the notes to look at."""

    matched: int = 0
    moved: int = 0
    missing: tuple[str, ...] = ()


class AddedSource(Record):
    """What became of a request. `superseded` and `superseded_by` are other editions of the same work."""

    id: str
    sha256: str
    title: str
    edition: str
    status: str
    pages: int
    passages: int
    valid_from: date
    replaced: str = ""
    superseded: tuple[str, ...] = ()
    superseded_by: str = ""
    anchors: AnchorReport = AnchorReport()


def read_manifest(path: Path) -> list[AddRequest]:
    """The requests of a TOML file, one `[[document]]` each with `file` or `url` and the options of `sources add`.

    Paths count from the manifest's folder. Raises SourceError naming the entry at fault.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("document", [])
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read as a manifest ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise SourceError(f"{path}: expected [[document]] entries, found none")
    requests = []
    for number, entry in enumerate(entries, 1):
        where = f"{path}: [[document]] {number}"
        if not isinstance(entry, dict) or (("file" in entry) and not isinstance(entry["file"], str)):
            raise SourceError(f"{where}: expected a table with file or url, title and edition")
        fields = dict(entry)
        source = str(path.parent / fields.pop("file")) if "file" in fields else str(fields.get("url", ""))
        if "from" in fields:
            fields["known"] = fields.pop("from")
        try:
            requests.append(AddRequest.model_validate({**fields, "source": source}))
        except ValidationError as error:
            first = error.errors()[0]
            raise SourceError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        if not source:
            raise SourceError(f"{where}: expected file or url")
    return requests


def add_source(
    request: AddRequest,
    *,
    workspace: Workspace,
    today: date,
    fetch_page: FetchPage,
) -> AddedSource:
    """Read and store one document. Adding the same again changes nothing; other bytes of an edition take its place.

    Raises UsageError for what cannot be said of a document, SourceError for one that cannot be read or fetched.
    """
    described = describe(request, workspace, today=today)
    if request.source.startswith(_SCHEMES):
        path, name = fetch_page(request.source), file_name(request.source) or "page"
        name = name if Path(name).suffix else f"{name}.html"
    else:
        path, name = Path(request.source), Path(request.source).name
    document = read_document(path, described, retrieved_on=today, name=name)
    with documents_lock(workspace):
        if request.effective_from is None:
            document = dated_as_held(document, load_documents(workspace.settings.documents))
        stored = store_document(document, workspace.settings.documents)
        held = load_documents(workspace.settings.documents)
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
        status="unchanged" if stored.unchanged else "replaced" if stored.replaced else "added",
        pages=len(document.page_starts) or 1,
        passages=len(split_passages(document)),
        valid_from=document.valid_from,
        replaced=stored.replaced.id if stored.replaced else "",
        superseded=tuple(one.edition for one in sorted(earlier, key=_begins)),
        superseded_by=later.edition if later else "",
        anchors=resolve_anchors(document, held, workspace),
    )


def _begins(document: SourceDocument) -> date:
    return document.valid_from


def remove_source(which: str, *, workspace: Workspace) -> SourceDocument:
    """Remove the document of this id, or SHA-256, or the beginning of one. Raises UsageError where it names not one."""
    with documents_lock(workspace):
        held = load_documents(workspace.settings.documents)
        found = [one for one in held if which and (one.id.startswith(which) or one.sha256.startswith(which))]
        if len(found) != 1:
            names = ", ".join(one.id for one in (found or held)) or "there is none"
            raise UsageError(
                f"{which!r:.80} names {len(found)} of the documents you added; expected one of: {names}"
            )
        remove_document(found[0], workspace.settings.documents)
    return found[0]


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


def describe(request: AddRequest, workspace: Workspace, *, today: date) -> Description:
    """What is said of the document, checked: it stands on pages. Raises UsageError."""
    brought = _brought(request, workspace)
    publisher = request.publisher or (brought.publisher if brought else "")
    authority = request.authority or (brought.authority if brought else "educator")
    licence = request.licence or (brought.licence if brought else "not stated")
    is_address = request.source.startswith(_SCHEMES)
    url = request.url or (request.source if is_address else brought.url if brought else "")
    if authority not in list(Authority):
        raise UsageError(f"{authority!r} is not an authority; expected one of {', '.join(Authority)}")
    named = {
        "--publisher": publisher,
        "--title": request.title,
        "--edition": request.edition,
        "--licence": licence,
    }
    for option, value in {**named, "--payer-scope": request.payer_scope}.items():
        if not value.strip() or not value.isprintable() or len(value) > _LONGEST_NAME:
            raise UsageError(
                f"{option} {value!r:.60} cannot stand on a page; give 1 to {_LONGEST_NAME} printable characters"
            )
    if url and not (url.startswith(_SCHEMES) and url.isprintable() and " " not in url):
        raise UsageError(f"{url!r:.100} is not a web address; expected one that begins with https://")
    return Description(
        publisher=publisher,
        title=request.title,
        edition=request.edition,
        authority=Authority(authority),
        licence=licence,
        url=url,
        payer_scope=request.payer_scope,
        valid_from=request.effective_from or today,
        applies_to=parse_applies_to(request.applies_to),
        quote_words=brought.quote_words if brought else 0,
        page_words=brought.page_words if brought else 0,
    )


def parse_applies_to(text: str) -> Applicability:
    """Codes and ranges, separated by commas or blanks: "20610, 29880-29881". Raises UsageError."""
    parts = text.replace(",", " ").split()
    return Applicability(
        codes=tuple(parse_code(part) for part in parts if "-" not in part),
        ranges=tuple(parse_range(part) for part in parts if "-" in part),
    )


def _brought(request: AddRequest, workspace: Workspace) -> UserSource | None:
    key, known = request.known, workspace.user_sources
    if not key:
        return None
    if key not in known:
        raise UsageError(
            f"--from {key!r:.40} is no publisher of the registry; expected one of {', '.join(known)}"
        )
    if request.publisher and request.publisher != known[key].publisher:
        raise UsageError(f"--from {key} is of {known[key].publisher}; leave out --publisher, or --from")
    return known[key]
