"""`sources descriptors`: CPT descriptors that the user is licensed for; optional everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Json, now, open_workspace, print_json
from pipeline.cli.syncing import sources
from pipeline.errors import SourceError, UsageError

_LONGEST_LICENCE = 200


@sources.command("descriptors")
def descriptors(
    named: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|RELEASE]", help="Your own file of codes and descriptors, or a loaded release."
        ),
    ] = "",
    licence: Annotated[
        str, typer.Option(help="The licence under which your pages may show them, as a page will name it.")
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Delete them again.")] = False,
    as_json: Json = False,
) -> None:
    """CPT descriptors, if you are licensed to show them.

    Without arguments: what is stored.
    """
    from pipeline.facts.descriptors import license_descriptors, remove_descriptors

    if licence and not (licence.strip() and licence.isprintable() and len(licence) <= _LONGEST_LICENCE):
        raise UsageError(
            f"--licence cannot stand on a page; give 1 to {_LONGEST_LICENCE} printable characters"
        )
    folder = open_workspace().settings.descriptors
    if remove and not named:
        raise UsageError(
            "--remove deletes the descriptors of one source; name it, as `sources descriptors` lists them"
        )
    if not named:
        _list(folder, as_json=as_json)
    elif remove:
        remove_descriptors(folder, Path(named).name)
        print_json({"removed": Path(named).name}) if as_json else print(
            f"removed the descriptors of {named}; those of a release come back when its file is loaded anew"
        )
    elif not licence:
        raise UsageError(
            "descriptors are the American Medical Association's: say with --licence under which licence your pages "
            "may show them"
        )
    elif Path(named).is_file():
        _store(Path(named), folder, licence, as_json=as_json)
    else:
        held = license_descriptors(folder, named, licence)
        _print_stored(held.source, len(held.texts), licence, as_json=as_json)


def _store(path: Path, folder: Path, licence: str, *, as_json: bool) -> None:
    from pipeline.facts.descriptors import store_descriptors
    from pipeline.facts.readers.descriptor_file import read_descriptor_file
    from pipeline.facts.readers.layout import TableFile

    try:
        texts = read_descriptor_file(TableFile(path.name, lambda: path.open("rb"), path.stat().st_size))
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error})") from error
    store_descriptors(folder, path.name, texts, on=now().date(), licence=licence)
    _print_stored(path.name, len(texts), licence, as_json=as_json)


def _print_stored(source: str, count: int, licence: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"source": source, "descriptors": count, "licence": licence})
    else:
        print(
            f"{count:,} descriptors of {source} may stand on pages under: {licence}; regenerate to show them"
        )


def _list(folder: Path, *, as_json: bool) -> None:
    from pipeline.facts.descriptors import read_descriptors

    found = read_descriptors(folder)
    for held in found:
        if as_json:
            print_json({"source": held.source, "descriptors": len(held.texts), "licence": held.licence})
        else:
            use = f"on pages under: {held.licence}" if held.licence else "not on pages"
            print(f"{held.source:<24} {len(held.texts):>7,} descriptors, {use}")
    if not found and not as_json:
        print("no descriptors are stored, and none are needed")
