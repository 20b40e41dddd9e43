"""The few settings, read once at the door. Data only."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.data import Record


class Settings(Record):
    """Where things are.

    `root` holds the project's own `prompts/`, `sources/` and `outputs/`; `home` holds all state and may be
    moved with BRIEFWRIGHT_HOME. `embedder` names what makes vectors of passages (BRIEFWRIGHT_EMBEDDER); `chroma_url` is
    the address of a Chroma server that holds them (BRIEFWRIGHT_CHROMA_URL), empty for a folder of `home`.
    """

    root: Path
    home: Path
    embedder: str = "minilm"
    chroma_url: str = ""

    @property
    def starter(self) -> Path:
        """The starter set: facts, code profiles, notes."""
        return self.root / "sources" / "starter"

    @property
    def prompts(self) -> Path:
        """Prompt files and section specs."""
        return self.root / "prompts"

    @property
    def outputs(self) -> Path:
        """Published pages."""
        return self.root / "outputs"

    @property
    def candidates(self) -> Path:
        """Generated pages that nobody has approved yet."""
        return self.home / "candidates"

    @property
    def revisions(self) -> Path:
        """Every revision of every page that was made, by code and hash."""
        return self.home / "revisions"

    @property
    def reviews(self) -> Path:
        """The log of reviewers' decisions, by code."""
        return self.home / "reviews"

    @property
    def documents(self) -> Path:
        """Documents the user added, as parsed text."""
        return self.home / "documents"

    @property
    def index(self) -> Path:
        """The passage index."""
        return self.home / "index"

    @property
    def facts(self) -> Path:
        """The fact database: whole tables by release."""
        return self.home / "facts.sqlite"

    @property
    def snapshots(self) -> Path:
        """Files of releases as they were fetched, by hash."""
        return self.home / "snapshots"

    @property
    def descriptors(self) -> Path:
        """CPT descriptors, apart from everything else."""
        return self.home / "descriptors"

    @property
    def batches(self) -> Path:
        """Requests handed out for batches, and the batches submitted."""
        return self.home / "batches"

    @property
    def journal(self) -> Path:
        """Model replies, by content."""
        return self.home / "journal"


def read_settings() -> Settings:
    """Settings from the environment; state is in BRIEFWRIGHT_HOME, else in `var/` of the project."""
    root = Path(__file__).parents[1]
    home = os.environ.get("BRIEFWRIGHT_HOME")
    return Settings(
        root=root,
        home=Path(home).expanduser().absolute() if home else root / "var",
        embedder=os.environ.get("BRIEFWRIGHT_EMBEDDER") or "minilm",
        chroma_url=os.environ.get("BRIEFWRIGHT_CHROMA_URL", ""),
    )
