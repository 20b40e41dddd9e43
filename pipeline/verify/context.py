"""What verification is given to look things up with, and the findings its layers hand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline.data import Check, CodeProfile, Evidence, Fact, Outcome, RowEvidence, SourceDocument
from pipeline.facts.rows import Rows


@dataclass(frozen=True)
class ClaimContext:
    """Look-ups for one claim; all of them pure for the time of a run.

    `hcpcs_code` is the page's code, None for a text that belongs to none. `facts(code)` maps a field to its newest
    row on or before `as_of`; `facts("")` holds the release-wide values (conversion factors); an unknown code gives an
    empty map. `rows(code)` are the rows that the code's page draws from. `currency(fact)` wraps a row as evidence, in
    force or carried. `documents` are the stored sources by id, `profiles` our classification of codes.
    `previous(code, release)` gives the rows of a named release, empty where it is not loaded.
    """

    hcpcs_code: str | None
    facts: Callable[[str], Mapping[str, Fact]]
    rows: Callable[[str], Rows]
    currency: Callable[[Fact], RowEvidence]
    as_of: date
    documents: Mapping[str, SourceDocument] = field(default_factory=dict)
    profiles: Mapping[str, CodeProfile] = field(default_factory=dict)
    previous: Callable[[str, str], Mapping[str, Fact]] | None = None


def in_release(context: ClaimContext, release: str) -> ClaimContext:
    """The same look-ups with a named release's rows in front, where that release is loaded."""
    previous = context.previous
    if previous is None or (not previous("", release) and not previous(context.hcpcs_code or "", release)):
        return context
    return replace(context, facts=lambda code: {**context.facts(code), **previous(code, release)})


def in_year(context: ClaimContext, year: str) -> ClaimContext:
    """The same look-ups with the last loaded fee-schedule release of a year ("25") in front."""
    for letter in "DCBA":
        earlier = in_release(context, f"RVU{year}{letter}")
        if earlier is not context:
            return earlier
    return context


@dataclass(frozen=True)
class Finding:
    """A check's record with what the later layers need from it.

    `refutes`: the failure contradicts a row or a rule (otherwise a failure only leaves the claim undecided).
    `used` are the canonical tokens the check accounts for, `words` the stems it licenses besides the shared lexicon.
    """

    check: Check
    refutes: bool = False
    used: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    evidence: tuple[Evidence, ...] = ()

    @property
    def passed(self) -> bool:
        """The check had something to say, and it held."""
        return self.check.outcome is Outcome.PASS

    @property
    def failed(self) -> bool:
        """The check had something to say, and it did not hold."""
        return self.check.outcome is Outcome.FAIL
