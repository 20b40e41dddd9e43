"""What the checks of a ledger find: against a claim, leaving it open, or that something is not at hand to compare."""

from __future__ import annotations

from pipeline.data import Check, Outcome

RECORD = "record"
"""Whether the ledger holds together."""
CELLS = "cells"
"""Whether what a statement shows beside its words is what these say."""
AGAIN = "again"
"""Whether the checks come to the recorded verdict."""
HELD = "held"
"""Whether the installation has the row or the document as it is recorded."""
UNSEEN = "unseen"
"""Where the installation has not got what is recorded, so that the record speaks for itself alone."""


def against(check: str, reason: str, *, expected: str = "", found: str = "", evidence: str = "") -> Check:
    """A finding that contradicts the record."""
    return Check(
        check=check,
        outcome=Outcome.FAIL,
        reason=reason,
        expected=expected,
        found=found,
        evidence_ids=(evidence,) if evidence else (),
    )


def undecided(check: str, reason: str, *, expected: str = "", found: str = "", evidence: str = "") -> Check:
    """A finding that leaves it open whether the record is right."""
    finding = against(check, reason, expected=expected, found=found, evidence=evidence)
    return finding.model_copy(update={"outcome": Outcome.SILENT})


def unseen(reason: str, *, evidence: str = "") -> Check:
    """What there is nothing here to compare with."""
    return undecided(UNSEEN, reason, evidence=evidence)


def as_sentence(reason: str) -> str:
    """With a capital at its beginning and one full stop at its end."""
    return reason[:1].upper() + reason[1:].rstrip(".") + "."
