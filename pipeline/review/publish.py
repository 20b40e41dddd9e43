"""What is published: the log of publications, which only grows, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pipeline.data import Record
from pipeline.json_lines import read_json_lines

LOG_NAME = "publications.jsonl"


class Publication(Record):
    """One line of the log: who published or took down what, when, by the hash of what was shown.

    `as_of` is the date of service of a page that was asked for by date, None for the current page of a code.
    `sha256` are those of the files, by name; none where the page was taken down. `unreviewed`: nobody signed for it.
    """

    kind: Literal["published", "rolled_back", "unpublished"] = "published"
    hcpcs_code: str
    as_of: date | None = None
    sha256: dict[str, str]
    fingerprint: str
    reviewer: str
    reason: str = ""
    unreviewed: bool = False
    published_at: datetime

    @property
    def name(self) -> str:
        """The page's folder under `outputs/`."""
        return page_name(self.hcpcs_code, self.as_of)


def page_name(hcpcs_code: str, as_of: date | None = None) -> str:
    """The folder of a page under `outputs/`: `20970`, or `20970/as-of/2025-11-03`."""
    return f"{hcpcs_code}/as-of/{as_of}" if as_of else hcpcs_code


def read_log(root: Path) -> list[Publication]:
    """Every line of the log under `root`, the oldest first; none without a log. Raises SourceError."""
    return read_json_lines(
        root / LOG_NAME, Publication, called="publication", mend="restore the file from version control"
    )


def published_now(log: Iterable[Publication]) -> dict[str, Publication]:
    """The last publication of each page that is up, by the page's folder, sorted."""
    last = {publication.name: publication for publication in log}
    return {name: last[name] for name in sorted(last) if last[name].kind != "unpublished"}
