"""`sources add`, `remove` and `search`: the documents you hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import (
    Json,
    end_progress,
    now,
    open_workspace,
    parse_date,
    print_json,
    progress,
    sentence,
)
from pipeline.cli.descriptors import sources

if TYPE_CHECKING:
    from pipeline.add_sources import AddedSource, FetchPage
    from pipeline.index import Hit
    from pipeline.settings import Settings
    from pipeline.sources.requests import AddRequest

_SHOWN_CHARACTERS = 400
_SHOWN_NOTES = 5


@sources.command("add")
def add_source(
    file: Annotated[str, typer.Argument(help="A PDF, HTML, .md or .txt file, or a web address.")] = "",
    title: Annotated[str, typer.Option(help="Its title.")] = "",
    edition: Annotated[str, typer.Option(help="Its edition or revision date.")] = "",
    manifest: Annotated[
        Path | None,
        typer.Option(help="A TOML file of many: [[document]] with file or url and these options."),
    ] = None,
    known: Annotated[
        str,
        typer.Option(
            "--from", metavar="KEY", help="A publisher the registry knows: aapc, aaos, find-a-code."
        ),
    ] = "",
    publisher: Annotated[str, typer.Option(help="Who publishes it.")] = "",
    authority: Annotated[str, typer.Option(help="statute, cms, ncci, national_coverage, …, vendor.")] = "",
    licence: Annotated[str, typer.Option(help="The licence you hold it under.")] = "",
    url: Annotated[str, typer.Option(help="Where it is published.")] = "",
    payer_scope: Annotated[
        str,
        typer.Option(
            help="Payers it speaks for; Medicare FFS where nothing is said, save for local coverage."
        ),
    ] = "",
    effective_from: Annotated[str | None, typer.Option(help="First date it is in force, YYYY-MM-DD.")] = None,
    applies_to: Annotated[str, typer.Option(help="The codes it is about: 20610,29880-29881.")] = "",
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Describe a held document anew: other title, licence, authority, caps."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Add documents you hold; footnotes show their own words.

    `--from` takes publisher, authority, licence, address and the caps on quoting from the registry. A new edition ends
    the validity of the one before; other bytes of the same edition take its place.
    """
    from pipeline.add_sources import add_source
    from pipeline.errors import BriefwrightError, SourceError, UsageError
    from pipeline.sources.requests import AddRequest, read_manifest

    if bool(file) == (manifest is not None):
        raise UsageError("name one FILE or address with --title and --edition, or a --manifest of many")
    workspace = open_workspace()
    requests: list[AddRequest] = (
        read_manifest(manifest)
        if manifest
        else [
            AddRequest(
                source=file,
                title=title,
                edition=edition,
                known=known,
                publisher=publisher,
                authority=authority,
                licence=licence,
                url=url,
                payer_scope=payer_scope,
                effective_from=parse_date(effective_from) if effective_from else None,
                applies_to=applies_to,
            )
        ]
    )
    if replace:
        requests = [request.model_copy(update={"replace": True}) for request in requests]
    refused = 0
    fetch_page = _fetcher(workspace.settings)
    for number, request in enumerate(requests, 1):
        progress(f"reading {request.source} ({number}/{len(requests)})")
        try:
            added = add_source(request, workspace=workspace, today=now().date(), fetch_page=fetch_page)
        except BriefwrightError as error:
            end_progress()
            if not manifest:
                raise
            refused += 1
            _print_refused(request, error, as_json=as_json)
            continue
        end_progress()
        _print_added(added, as_json=as_json)
    if refused:
        raise SourceError(
            f"{refused} of {len(requests)} could not be added, for the reasons above; the others are in"
        )


def _fetcher(settings: Settings) -> FetchPage:
    def fetch_page(address: str) -> Path:
        import random
        import time
        from datetime import UTC, datetime
        from importlib.metadata import version

        from pipeline.sources.fetch import build_client, fetch
        from pipeline.sources.snapshots import read_snapshots, record_snapshot, stored_path
        from pipeline.store import exclusive_lock

        folder, release = settings.snapshots, "DOCUMENTS"
        lock = exclusive_lock(settings.home / "sync.lock", what="fetching sources", timeout_s=30)
        with lock, build_client(version=version("briefwright")) as client:
            known = {one.origin: one for one in read_snapshots(folder, release)}
            found = fetch(
                address,
                client=client,
                folder=folder,
                release=release,
                now=lambda: datetime.now(UTC),
                sleep=time.sleep,
                jitter=random.random,
                known=known.get(address),
                web_page=True,
                by_hand="download it in a browser and add the file",
            )
            record_snapshot(folder, found.snapshot)
        return stored_path(folder, found.snapshot.sha256)

    return fetch_page


def _print_refused(request: AddRequest, error: Exception, *, as_json: bool) -> None:
    if as_json:
        print_json({"source": request.source, "status": "refused", "reason": str(error)})
    else:
        print(f"refused {request.source!r}: {sentence(error)}")


def _print_added(added: AddedSource, *, as_json: bool) -> None:
    if as_json:
        print_json(added.model_dump(mode="json"))
        return
    print(
        f"{added.status} {added.id}: {added.title}, {added.edition}, {added.pages:,} pages, "
        f"{added.passages:,} passages, in force from {added.valid_from}"
    )
    if added.replaced:
        print(f"  takes the place of {added.replaced}, other bytes of the same edition")
    if added.changed:
        print(f"  changed: {', '.join(name.replace('_', ' ') for name in added.changed)}")
    if added.superseded:
        print(f"  ends the validity of the edition before: {', '.join(added.superseded)}")
    if added.superseded_by:
        print(f"  valid until the later edition: {added.superseded_by}")
    anchors = added.anchors
    if anchors.matched or anchors.moved or anchors.missing:
        print(
            f"  anchors of Briefwright notes: {anchors.matched} matched, {anchors.moved} moved, "
            f"{len(anchors.missing)} not found"
        )
    if anchors.missing and not anchors.matched and not anchors.moved:
        print(
            "    none of them is in it: is this the document that the notes restate, and its text complete?"
        )
    for note in anchors.missing[:_SHOWN_NOTES]:
        print(f"    not found, so the note {note} is not borne out by this edition; have it reviewed")
    if len(anchors.missing) > _SHOWN_NOTES:
        print(f"    and {len(anchors.missing) - _SHOWN_NOTES} more; --json names all")


@sources.command("remove")
def remove_source(
    document: Annotated[
        str,
        typer.Argument(
            help="Its id, or the beginning of it, as `sources list` shows it; a damaged one by its file's name."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Remove a document you added; an edition before it is in force again."""
    from pipeline.add_sources import remove_source

    removed = remove_source(document, workspace=open_workspace())
    if as_json:
        print_json({"id": removed.id, "sha256": removed.sha256, "status": "removed"})
    elif removed.title:
        print(
            f"removed {removed.id}: {removed.title}, {removed.edition}; pages drop it when they are regenerated"
        )
    else:
        print(f"removed {removed.id}, a damaged record; add the document again")


@sources.command("search")
def search_sources(
    question: Annotated[str, typer.Argument(help="What you want to find, in your own words.")],
    code: Annotated[str, typer.Option(help="Only passages that speak of this code, or of none.")] = "",
    as_of: Annotated[str | None, typer.Option(help="Sources in force on the date, YYYY-MM-DD.")] = None,
    authority: Annotated[
        list[str] | None, typer.Option(help="Only of this authority; may be repeated.")
    ] = None,
    payer_scope: Annotated[
        list[str] | None, typer.Option(help="Only for these payers; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Passages to show.")] = 5,
    as_json: Json = False,
) -> None:
    """Search notes and documents by meaning and by code; each passage with its page."""
    from pipeline.data import Authority
    from pipeline.errors import UsageError
    from pipeline.index import Filters
    from pipeline.index.answering import warning
    from pipeline.index.embedders import load_embedder
    from pipeline.retrieve import opened_index
    from pipeline.selector import parse_code

    unknown = [one for one in authority or [] if one not in list(Authority)]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is not an authority; expected one of {', '.join(Authority)}")
    workspace = open_workspace()
    filters = Filters(
        as_of=parse_date(as_of),
        hcpcs_code=parse_code(code) if code else "",
        authorities=tuple(Authority(one) for one in authority or []),
        payer_scopes=tuple(payer_scope or ()),
    )
    embedder = load_embedder(workspace.settings.embedder)
    with opened_index(workspace, embedder=embedder, progress=progress) as index:
        end_progress()
        hits = index.search(question, limit=limit, filters=filters)
    if as_json:
        for hit in hits:
            print_json(hit.model_dump(mode="json"))
        return
    if not hits:
        print("nothing found")
    elif told := warning(question, hits[0]):
        print(f"{told}\n")
    for number, hit in enumerate(hits, 1):
        document = workspace.documents[hit.passage.document_id]
        _print_hit(number, hit, title=f"{document.title}, {document.edition}")


def _print_hit(number: int, hit: Hit, *, title: str) -> None:
    from pipeline.cli.conditions import describe_conditions
    from pipeline.sources.descriptors import elide_descriptors

    passage = hit.passage
    page = f", page {passage.page}" if passage.page else ""
    section = " › ".join(passage.heading_path[1:])
    text = " ".join(elide_descriptors(passage.text).split())
    print(f"{number}. {title}{page}" + (f" · {section}" if section else ""))
    if conditions := describe_conditions(passage.applies_to):
        print(f"   {conditions}:")
    print(
        f"   {text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS].rsplit(' ', 1)[0] + ' …'}"
    )
    print(f"   {passage.id}  characters {passage.start:,}–{passage.end:,}\n")
