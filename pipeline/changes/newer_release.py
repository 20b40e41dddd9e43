"""Changes that follow from a newer release alone: the same rows of the same table, with the same or other amounts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from pipeline.data import Change, ChangeKind, Evidence, EvidenceChange, RowEvidence
from pipeline.facts.releases import parse_release

_FIGURES = frozenset((ChangeKind.FIGURE, ChangeKind.EVIDENCE))
# Units of service and shares of a global package have numbers too, but a claim is billed by them.
_AMOUNT = re.compile(r"-?\d+(?:\.\d+)? (?P<unit>RVU|USD|USD/RVU)")


def is_newer_figures(change: Change) -> bool:
    """Whether nothing but amounts differs, and a newer release is why; indicators and other words are no amounts.

    The claim stands on both sides by the same verdict, each row that differs gave way to that of a later release, and
    no rule, modifier or payment basis is touched.
    """
    return (
        change.old is not None
        and change.new is not None
        and change.new.standing
        and set(change.kinds) <= _FIGURES
        and not change.risks
        and bool(change.evidence)
        and all(map(_is_amount_or_same, change.evidence))
        and _is_newer(change.old.evidence, change.new.evidence)
    )


def is_newer_release(change: Change) -> bool:
    """Whether a later release says the very same: no value differs."""
    return is_newer_figures(change) and all(one.old == one.new for one in change.evidence)


def releases_of(change: Change) -> set[str]:
    """The releases that either side rests on."""
    sides = (change.old, change.new)
    return {row.fact.release for side in sides if side for row in _rows(side.evidence)}


def is_amount(change: EvidenceChange) -> bool:
    """Whether a row's value gave way to another amount of money or of RVUs."""
    amounts = [_AMOUNT.fullmatch(value) for value in (change.old, change.new)]
    return all(amounts) and len({amount["unit"] for amount in amounts if amount}) == 1


def _is_amount_or_same(change: EvidenceChange) -> bool:
    return (
        change.kind == "row"
        and bool(change.old_source and change.new_source)
        and change.old_source != change.new_source
        and (change.old == change.new or is_amount(change))
    )


def _is_newer(old: Iterable[Evidence], new: Iterable[Evidence]) -> bool:
    """Whether of each table the releases that came are later than those they stand for."""
    before, after = _releases(old), _releases(new)
    gone, came = _by_family(before - after), _by_family(after - before)
    return gone.keys() == came.keys() and all(
        len(gone[family]) == len(came[family])
        and all(first < second for first, second in zip(gone[family], came[family], strict=True))
        for family in gone
    )


def _by_family(releases: Iterable[tuple[date, str]]) -> dict[str, list[tuple[date, str]]]:
    found: dict[str, list[tuple[date, str]]] = {}
    for release in sorted(releases):
        found.setdefault(parse_release(release[1]).family, []).append(release)
    return found


def _releases(evidence: Iterable[Evidence]) -> set[tuple[date, str]]:
    """First day and name of each."""
    return {(row.fact.valid_from, row.fact.release) for row in _rows(evidence)}


def _rows(evidence: Iterable[Evidence]) -> list[RowEvidence]:
    return [item for item in evidence if isinstance(item, RowEvidence)]
