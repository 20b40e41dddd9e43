"""`sources list`: where tables, notes and documents come from."""

from __future__ import annotations

import typer

from pipeline.cli.common import Json, open_workspace, print_json

sources = typer.Typer(help="Where tables, notes and documents come from.", no_args_is_help=True)


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """Releases, notes, publishers and documents there are."""
    from collections import Counter

    from pipeline.sources.anchored import AnchoredWords
    from pipeline.sources.documents import read_records

    workspace = open_workspace()
    added, damaged = read_records(workspace.settings.documents)
    anchored = AnchoredWords(added)
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
                    "document_present": anchored.holds(sha256),
                }
            )
        for source in workspace.user_sources.values():
            print_json({"kind": "publisher", **source.model_dump(mode="json")})
        for document in added:
            print_json(
                {
                    "kind": "document",
                    **document.model_dump(mode="json", exclude={"text", "page_starts", "blocks"}),
                }
            )
        for path in damaged:
            print_json({"kind": "damaged", "file": path.name})
        return
    print("Tables")
    for name, entry in by_release.items():
        print(f"  {name:<14} {entry.title} ({entry.publisher})")
    print("Briefwright notes, by the document they restate")
    for (publisher, title, edition, sha256), count in sorted(noted.items()):
        held = "document added" if anchored.holds(sha256) else "document not added: notes speak for it"
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
    for document in added:
        until = f" to {document.valid_to}" if document.valid_to else ""
        print(
            f"  {document.id}  {document.title}, {document.edition} ({document.publisher}); "
            f"in force from {document.valid_from}{until}"
        )
    for path in damaged:
        print(
            f"  {path.name} is damaged: remove it with `briefwright sources remove {path.name}` and add it again"
        )
    if not added and not damaged:
        print("  none; add one with `briefwright sources add FILE --publisher … --title … --edition …`")


def _family(release: str) -> str:
    from pipeline.facts.releases import parse_release

    return parse_release(release).family
