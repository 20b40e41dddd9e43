"""`sources list` and `add`: where tables, notes and documents come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Json, now, open_workspace, parse_date, print_json

if TYPE_CHECKING:
    from pipeline.sources.registry import UserSource
    from pipeline.workspace import Workspace

sources = typer.Typer(help="Where tables, notes and documents come from.", no_args_is_help=True)
_LONGEST_NAME = 300


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """Releases, notes, publishers and documents there are."""
    from collections import Counter

    workspace = open_workspace()
    by_release = {name: workspace.registry[_family(name)] for name in workspace.facts.releases()}
    noted = Counter(
        (note.publisher, note.title, note.edition, note.anchor.document) for note in workspace.notes
    )
    if as_json:
        for name, entry in by_release.items():
            print_json({"kind": "table", "release": name, **entry.model_dump(mode="json")})
        for (publisher, title, edition, sha256), count in sorted(noted.items()):
            print_json(
                {
                    "kind": "notes",
                    "publisher": publisher,
                    "title": title,
                    "edition": edition,
                    "notes": count,
                    "document": sha256,
                    "document_present": sha256 in workspace.added_by_hash,
                }
            )
        for source in workspace.user_sources.values():
            print_json({"kind": "publisher", **source.model_dump(mode="json")})
        for document in workspace.added:
            print_json(
                {"kind": "document", **document.model_dump(mode="json", exclude={"text", "page_starts"})}
            )
        return
    print("Tables")
    for name, entry in by_release.items():
        print(f"  {name:<14} {entry.title} ({entry.publisher})")
    print("Briefwright notes, by the document they restate")
    for (publisher, title, edition, sha256), count in sorted(noted.items()):
        held = (
            "document added"
            if sha256 in workspace.added_by_hash
            else "document not added: notes speak for it"
        )
        print(f"  {count:>4} on {title}, {edition} ({publisher}); {held}")
    print(
        "Publishers whose documents you bring under your own licence, by the key for `sources add FILE --from KEY`"
    )
    for key, source in workspace.user_sources.items():
        print(
            f"  {key:<12} {source.publisher}: {source.authority.value}, quotes of at most {source.quote_words} words, "
            f"{source.page_words} a page"
        )
    print("Documents you added")
    for document in workspace.added:
        print(f"  {document.id}  {document.title}, {document.edition} ({document.publisher})")
    if not workspace.added:
        print("  none; add one with `briefwright sources add FILE --publisher … --title … --edition …`")


def _family(release: str) -> str:
    from pipeline.facts.releases import parse_release

    return parse_release(release).family


def _brought(key: str, workspace: Workspace) -> UserSource:
    from pipeline.errors import UsageError

    if key not in workspace.user_sources:
        raise UsageError(
            f"--from {key!r:.40} is no publisher of the registry; expected one of {', '.join(workspace.user_sources)}"
        )
    return workspace.user_sources[key]


@sources.command("add")
def add_source(
    file: Annotated[Path, typer.Argument(help="A PDF, .md or .txt file.")],
    title: Annotated[str, typer.Option(help="Its title.")],
    edition: Annotated[str, typer.Option(help="Its edition or revision date.")],
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
    payer_scope: Annotated[str, typer.Option(help="Payers it speaks for.")] = "Medicare FFS",
    effective_from: Annotated[str | None, typer.Option(help="First date it is in force, YYYY-MM-DD.")] = None,
    as_json: Json = False,
) -> None:
    """Add a document you hold; footnotes show its own words.

    `--from` takes publisher, authority, licence, address and the caps on quoting from the registry.
    """
    from pipeline.data import Authority
    from pipeline.errors import UsageError
    from pipeline.sources.documents import quote_anchor, read_document, store_document

    workspace = open_workspace()
    brought = _brought(known, workspace) if known else None
    if brought and publisher and publisher != brought.publisher:
        raise UsageError(f"--from {known} is of {brought.publisher}; leave out --publisher, or --from")
    publisher = publisher or (brought.publisher if brought else "")
    authority = authority or (brought.authority if brought else "educator")
    licence = licence or (brought.licence if brought else "not stated")
    url = url or (brought.url if brought else "")
    if authority not in list(Authority):
        raise UsageError(f"{authority!r} is not an authority; expected one of {', '.join(Authority)}")
    named = {"--publisher": publisher, "--title": title, "--edition": edition, "--licence": licence}
    for option, value in {**named, "--payer-scope": payer_scope}.items():
        if not value.strip() or not value.isprintable() or len(value) > _LONGEST_NAME:
            raise UsageError(
                f"{option} {value!r:.60} cannot stand on a page; give 1 to {_LONGEST_NAME} printable characters"
            )
    if url and not (url.startswith(("https://", "http://")) and url.isprintable() and " " not in url):
        raise UsageError(f"{url!r:.100} is not a web address; expected one that begins with https://")
    document = read_document(
        file,
        publisher=publisher,
        title=title,
        edition=edition,
        authority=Authority(authority),
        licence=licence,
        url=url,
        payer_scope=payer_scope,
        valid_from=parse_date(effective_from),
        retrieved_on=now().date(),
    )
    if brought:
        caps = {"quote_words": brought.quote_words, "page_words": brought.page_words}
        document = document.model_copy(update=caps)
    store_document(document, workspace.settings.documents)
    anchors = [note.anchor for note in workspace.notes if note.anchor.document == document.sha256]
    found = sum(quote_anchor(anchor, {document.sha256: document}) is not None for anchor in anchors)
    pages = len(document.page_starts) or 1
    if as_json:
        print_json(
            {
                "id": document.id,
                "sha256": document.sha256,
                "pages": pages,
                "anchors": len(anchors),
                "found": found,
            }
        )
    else:
        print(
            f"added {document.id}: {title}, {edition}, {pages} pages; "
            f"{found} of {len(anchors)} note anchors found in it"
        )
