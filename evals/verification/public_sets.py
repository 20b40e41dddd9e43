"""The public claim-verification sets, read from a folder outside the repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import SourceError

SETS = ("wice", "equate", "negnli", "factcheckgpt")
OWN = "own"
"""The set of our own pairs, which is not among the public ones."""


class Row(NamedTuple):
    """A pair with its label. Rows of one `group` share their evidence, or are made from one pair."""

    key: str
    part: str
    group: str
    evidence: str
    claim: str
    label: str

    @property
    def balanced_in(self) -> str:
        """Within what supported rows and others weigh the same: its subset; of our own pairs all, of which some
        subsets have one kind only."""
        return OWN if self.key.startswith(f"{OWN}/") else self.key


def load_rows(folder: Path) -> list[Row]:
    """Train and dev of every set; `key` is set/subset."""
    rows: list[Row] = []
    for name in SETS:
        for part in ("train", "dev"):
            path = folder / name / f"{part}.jsonl"
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
                for raw in map(json.loads, lines):
                    key = f"{name}/{raw['subset']}" if raw.get("subset") else name
                    group = f"{name}|{raw['group']}"
                    rows.append(Row(key, part, group, raw["evidence"], raw["claim"], raw["label"]))
            except (OSError, ValueError, KeyError) as error:
                raise SourceError(f"{path} is not as its README says: {error}") from error
    return rows
