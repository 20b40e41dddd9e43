"""Records of the revisions of a page: what each was made from, and which is to be made anew."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from pipeline.data.base import HcpcsCode, Record
from pipeline.data.changes import InputChange


class Revision(Record):
    """A page as it was made once, named by the SHA-256 of its ledger. `number` counts those of the code from 1.

    `parts` are its inputs by kind, each item by the hash of what the page can see of it. `dated`: the date of service
    was asked for. `complete` False: a model failed to deliver something. `files` are the SHA-256 of its files by name.
    `sources` names all the documents that were at hand, whether or not it draws from them.
    """

    hcpcs_code: HcpcsCode
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    number: int = Field(ge=1)
    made_on: date
    as_of: date
    dated: bool
    drafter: str
    fingerprint: str
    complete: bool
    files: dict[str, str] = Field(default_factory=dict)
    sources: str = ""
    parts: dict[str, dict[str, str]]


class PageState(Record):
    """Whether a page is to be made anew, and why.

    `new`: there is none; `unknown`: the candidate is of no stored revision, or not whole; `unfinished`: a model failed
    to deliver; `stale`: inputs changed, each listed; `current`: nothing to do.
    """

    hcpcs_code: HcpcsCode
    state: Literal["new", "unknown", "unfinished", "stale", "current"]
    changes: tuple[InputChange, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to do."""
        return self.state == "current"
