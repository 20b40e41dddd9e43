"""Records of what reviewers decided, and of what follows from it for a page."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from pipeline.data.base import HcpcsCode, Record


class DecisionKind(StrEnum):
    """What a reviewer says of a change."""

    ACCEPT = "accept"
    REJECT = "reject"
    AMEND = "amend"


class Decision(Record):
    """One line of the log: what a reviewer decided about one change, on what was shown.

    `change_id` is made of all that the change shows, so that it names no other one; `old_sha256` and `new_sha256` are
    the ledgers that were compared. `before` are the claim's words as they were shown; of an amendment, `text` are the
    reviewer's own, `quotes` the ids of the quotes that the reviewer saw under the claim, and `result_id` is the change
    as it stands with these words.
    """

    hcpcs_code: HcpcsCode
    change_id: str
    claim_id: str
    decision: DecisionKind
    reason: str = ""
    before: str = ""
    text: str = ""
    quotes: tuple[str, ...] = ()
    result_id: str = ""
    old_sha256: str
    new_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    reviewer: str = Field(min_length=1)
    decided_at: AwareDatetime

    def says_the_same(self, other: Decision) -> bool:
        """Whether the same reviewer said this of the same change before, whenever that was."""
        at = {"decided_at": self.decided_at, "new_sha256": self.new_sha256, "result_id": self.result_id}
        return other.model_copy(update=at) == self


class DecidedChange(Record):
    """Where one change stands: who decided what, and how many persons have to accept it."""

    change_id: str
    state: Literal["accepted", "rejected", "waiting"]
    accepted_by: tuple[str, ...] = ()
    rejected_by: tuple[str, ...] = ()
    needed: int = Field(ge=1)


class PageReview(Record):
    """Where the review of a candidate stands: approved once every change of it is accepted.

    `unchanged`: a reader would see no difference, so that there is nothing to decide.
    """

    hcpcs_code: HcpcsCode
    state: Literal["unchanged", "waiting", "rejected", "approved"]
    new_sha256: str
    changes: tuple[DecidedChange, ...] = ()
    last_decided_at: datetime | None = None

    @property
    def open_changes(self) -> int:
        """How many changes are not accepted yet."""
        return sum(change.state != "accepted" for change in self.changes)
