"""Candidates as tests make them: by a hashing embedder, on a day of their own, with no word of progress."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pipeline.data import Page
from pipeline.index import HashingEmbedder
from pipeline.regenerate import Regenerated, regenerate_pages
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace

ON = date(2026, 11, 24)


def workspace_in(home: Path) -> Workspace:
    """The repository's own sources, with this state folder."""
    return Workspace(Settings(root=read_settings().root, home=home))


def make(
    workspace: Workspace, codes: Iterable[str], *, as_of: date = ON, today: date = ON, dated: bool = False
) -> list[Regenerated]:
    """Make the candidates of the codes, whether or not anything changed."""
    return list(
        regenerate_pages(
            tuple(codes),
            workspace=workspace,
            embedder=HashingEmbedder(),
            as_of=as_of,
            today=today,
            progress=lambda message: None,
            dated=dated,
        )
    )


def make_pages(workspace: Workspace, codes: Iterable[str]) -> dict[str, Page]:
    """The pages of the candidates, by code."""
    return {one.page.hcpcs_code: one.page for one in make(workspace, codes)}
