"""`sources sync` and `status`: the publishers' files brought in, and what is due."""

from __future__ import annotations

import getpass
import random
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import (
    AsOf,
    Json,
    end_progress,
    now,
    open_workspace,
    parse_date,
    print_json,
    progress,
)
from pipeline.cli.facts import parse_release_option
from pipeline.cli.sources import sources
from pipeline.errors import SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.sources.registry import ReleaseFile
    from pipeline.sources.snapshots import Fetched, Snapshot
    from pipeline.sync import FetchFile, SyncedFile


@sources.command("sync")
def sync(
    release: Annotated[
        list[str] | None,
        typer.Option(metavar="RELEASE", help="Such as RVU26D; may be repeated. What is due where not given."),
    ] = None,
    offline_from: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Take files from a folder; no network is used.")
    ] = None,
    accept_ama_licence: Annotated[
        bool, typer.Option("--accept-ama-licence", help="You have read and accept the notice in CMS's files.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring in the publishers' tables, fetched or from a folder."""
    from pipeline.sync import Sync, due_releases, sync_folder, sync_releases

    # RVU26D-QPP is a table in the files of RVU26D.
    asked = list(dict.fromkeys(parse_release_option(name).removesuffix("-QPP") for name in release or ()))
    workspace, today = open_workspace(), now().date()
    run = Sync(
        settings=workspace.settings,
        registry=workspace.registry,
        database=workspace.facts.database,
        today=today,
        ask_licence=lambda notice: _ask(notice, accepted=accept_ama_licence),
        progress=lambda text: progress(_printable(text)),
    )
    refused = 0
    with _fetcher(workspace.settings.snapshots) as fetch_file:
        if offline_from is not None:
            if len(asked) > 1:
                raise UsageError("a folder is of one release; run the command once for each --release")
            found = sync_folder(offline_from, release=asked[0] if asked else "", sync=run)
        else:
            found = sync_releases(asked or due_releases(run.registry, today), fetch_file=fetch_file, sync=run)
        for file in found:
            end_progress()
            refused += _print_file(file, as_json=as_json)
    if refused:
        raise SourceError(f"{refused} could not be loaded, for the reasons above; everything else is in")


def _print_file(file: SyncedFile, *, as_json: bool) -> int:
    """Print what became of a file; how many refusals it has."""
    refused = [table for table in file.tables if table.status == "refused"]
    if as_json:
        print_json(file.model_dump(mode="json"))
    else:
        print(_printable(f"{file.name}: {file.status}" + (f" - {file.reason}" if file.reason else "")))
        for table in file.tables:
            if table.status in ("loaded", "unchanged"):
                counted = f"{table.rows:,} rows, {table.passed_over:,} lines passed over"
                said = f"{table.release:<14} {table.layout:<20} {table.status:<10} {counted}  ({table.file})"
            else:
                said = f"{table.status}: {table.file}: {table.reason.removeprefix(f'{table.file}: ')}"
            print(f"  {_printable(said)}")
    return len(refused) or int(file.status == "refused")


def _printable(text: str) -> str:
    """Text out of files and their names, without what would steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _ask(notice: str, *, accepted: bool) -> str | None:
    end_progress()
    for line in notice.splitlines():
        print(_printable(line), file=sys.stderr)
    if not accepted:
        if not sys.stdin.isatty():
            return None
        if not typer.confirm("Do you accept?", err=True):
            return None
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "the user of this machine"


@contextmanager
def _fetcher(folder: Path) -> Iterator[FetchFile]:
    """Fetching over the network; the client is made when the first file is asked for."""
    from importlib.metadata import version

    from pipeline.sources.fetch import build_client, fetch

    client = None

    def fetch_file(file: ReleaseFile, release: str, known: Snapshot | None) -> Fetched:
        nonlocal client
        client = client or build_client(version=version("briefwright"))
        return fetch(
            file.url,
            client=client,
            folder=folder,
            release=release,
            now=lambda: datetime.now(UTC),
            sleep=time.sleep,
            jitter=random.random,
            known=known,
            pinned_sha256=file.sha256,
            progress=lambda done, whole: progress(_share(file.url, done, whole)),
        )

    try:
        yield fetch_file
    finally:
        if client is not None:
            client.close()


def _share(url: str, done: int, whole: int | None) -> str:
    of = f" of {whole / 2**20:,.1f}" if whole else ""
    return f"{url}: {done / 2**20:,.1f}{of} MiB"


@sources.command("status")
def status(as_of: AsOf = None, as_json: Json = False) -> None:
    """What is loaded, what should be in force, what is due."""
    from pipeline.source_status import source_status

    workspace, on = open_workspace(), parse_date(as_of)
    found = source_status(
        workspace.registry, workspace.facts.database.tables(), workspace.facts.given_releases(), on
    )
    for family in found:
        if as_json:
            print_json(family.model_dump(mode="json"))
            continue
        held = family.whole or (f"starter rows of {family.starter}" if family.starter else "nothing")
        wanting = "incomplete" if family.whole == family.in_force else f"stale, {family.in_force} is in force"
        state = wanting if family.stale else "current"
        print(f"{family.family:<6} {held:<28} {state}; {family.next_release} is due on {family.next_due}")
        if family.missing_parts:
            print(f"       {family.missing_parts} of its files are not loaded")
        if family.missing_tables:
            print(f"       not loaded of it: {', '.join(family.missing_tables)}")
        if family.stale and family.address_known:
            print(f"       load it: briefwright sources sync --release {family.in_force}")
        elif family.stale:
            print(
                f"       download it from {family.url}, then: briefwright sources sync --offline-from FOLDER"
            )
        if family.unconfirmed:
            print(
                f"       layout built from documentation, no file seen yet: {', '.join(family.unconfirmed)}"
            )
