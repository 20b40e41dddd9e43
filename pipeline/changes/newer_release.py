"""Changes that follow from a newer release alone: the same rows of the same table, with the same or other amounts.

Amounts are money and RVUs, neither of them nothing. Units of service, shares of a global package, indicators and NA
flags are none: a claim is billed by them. What a sentence says differs in no more than these amounts and the names of
releases; amounts differ only in claims about amounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from pipeline.data import Change, ChangeKind, Evidence, EvidenceChange, RowEvidence, WordChange
from pipeline.facts.releases import parse_release

_FIGURES = frozenset((ChangeKind.FIGURE, ChangeKind.EVIDENCE))
_OF_AMOUNTS = ("payment:", "setting:", "rvu:", "year:")
_AMOUNT = re.compile(r"-?(?P<number>\d+(?:\.\d+)?) (?P<unit>RVU|USD|USD/RVU)")
_WRITTEN = re.compile(r"[-+]?\$?\d[\d,]*\.\d+%?")
_YEAR = re.compile(r"20\d\d")
_AROUND = "()[].,;:=×+-−–%$"


def is_newer_figures(change: Change) -> bool:
    """Whether nothing but amounts differs, and a newer release is why.

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
        and differs_in_amounts(change.words, change.new.subject)
    )


def is_newer_release(change: Change) -> bool:
    """Whether a later release says the very same: neither a value nor a word differs."""
    return (
        is_newer_figures(change)
        and all(one.old == one.new for one in change.evidence)
        and differs_in_amounts(change.words, subject="")
    )


def differs_in_amounts(words: Iterable[WordChange], subject: str) -> bool:
    """Whether all words that differ are names of releases, or amounts in a claim whose subject is amounts."""
    return all(_may_differ(token, subject) for token in _differing(words))


def is_amount(change: EvidenceChange) -> bool:
    """Whether a row's value gave way to another amount of money or of RVUs; nothing at all is none."""
    amounts = [_AMOUNT.fullmatch(value) for value in (change.old, change.new)]
    units = {amount["unit"] for amount in amounts if amount}
    return all(amount and Decimal(amount["number"]) for amount in amounts) and len(units) == 1


def releases_of(change: Change) -> set[str]:
    """The releases that either side rests on."""
    sides = (change.old, change.new)
    return {row.fact.release for side in sides if side for row in _rows(side.evidence)}


def _differing(words: Iterable[WordChange]) -> Iterator[str]:
    for part in words:
        if not part.old or not part.new:  # a part that one side lacks is words, whatever it says
            yield part.part
        for run in part.words:
            if run.op != "same":
                yield from (token for each in run.text.split() if (token := each.strip(_AROUND)))


def _may_differ(token: str, subject: str) -> bool:
    if _is_release(token):
        return True
    about_amounts = subject.startswith(_OF_AMOUNTS)
    return about_amounts and bool(
        _WRITTEN.fullmatch(token) or (subject.startswith("year:") and _YEAR.fullmatch(token))
    )


def _is_release(token: str) -> bool:
    try:
        return bool(parse_release(token))
    except ValueError:
        return False


def _is_amount_or_same(change: EvidenceChange) -> bool:
    return (
        change.kind == "row"
        and bool(change.old_source and change.new_source)
        and change.old_source != change.new_source
        and (change.old == change.new or is_amount(change))
    )


def _is_newer(old: Iterable[Evidence], new: Iterable[Evidence]) -> bool:
    """Whether of each table the releases that came are later than those they stand for; some have to come."""
    before, after = _releases(old), _releases(new)
    gone, came = _by_family(before - after), _by_family(after - before)
    return (
        bool(came)
        and gone.keys() == came.keys()
        and all(
            len(gone[family]) == len(came[family])
            and all(first < second for first, second in zip(gone[family], came[family], strict=True))
            for family in gone
        )
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
