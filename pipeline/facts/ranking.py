"""Several lines of one surgeon on one day: endoscopy families, then the multiple-procedure percentages.

Lines are ranked by fee (bilateral already applied), highest first; equal fees by code, then by modifiers. What the
sources read do not settle is refused for the lines it concerns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.data import Fact, Record
from pipeline.facts.adjustments import BOTH_SIDES, Adjusted, row_modifier
from pipeline.facts.pricing import ZERO, Outcome, Pricing, not_paid, not_priced, supported, times

# Gives the fee of a base endoscopy in the claim's setting and locality, before modifiers.
BaseFee = Callable[[str], Pricing]

_RANKED = ("1", "2", "3")
_ENDOSCOPY = "3"
SPECIAL_REDUCTIONS = {
    "4": "diagnostic imaging",
    "5": "therapy",
    "6": "diagnostic cardiovascular services",
    "7": "diagnostic ophthalmology",
}
_HALF, _QUARTER = Decimal("0.5"), Decimal("0.25")
_PERCENT = {
    "1": (Decimal(1), _HALF, _QUARTER, _QUARTER, _QUARTER),
    "2": (Decimal(1), _HALF, _HALF, _HALF, _HALF),
    "3": (Decimal(1), _HALF, _HALF, _HALF, _HALF),
}
_NOT_RANKED_RULE = {"0": "multiple-none", "9": "multiple-not-applicable"}


class Entry(Record):
    """One line as the ranking sees it. `indicator` and `base` are the rows of its code, None where not loaded."""

    hcpcs_code: str
    modifiers: tuple[str, ...] = ()
    adjusted: Adjusted
    indicator: Fact | None
    base: Fact | None = None

    @property
    def order(self) -> tuple[str, tuple[str, ...]]:
        """Decides between equal fees."""
        return (self.hcpcs_code, self.modifiers)


class Ranked(Record):
    """A line after ranking: its pricing with shares applied, unrounded.

    `rank` counts procedures and families from 1; None for a line that no ranking touches. `family` is the base code of
    an endoscopy family of several lines, else empty.
    """

    pricing: Pricing
    rank: int | None = None
    family: str = ""


class _Part(NamedTuple):
    """A line inside a unit that is ranked: its place in the claim and its amount after the family rule."""

    place: int
    entry: Entry
    pricing: Pricing


class _Unit(NamedTuple):
    """What takes one rank: a procedure, or an endoscopy family with its base code."""

    parts: tuple[_Part, ...]
    family: str = ""

    @property
    def amount(self) -> Decimal:
        return sum((part.pricing.exact or ZERO for part in self.parts), ZERO)

    @property
    def shared_amount(self) -> Decimal:
        products = ((part.pricing.exact or ZERO) * part.entry.adjusted.share for part in self.parts)
        return sum(products, ZERO)

    @property
    def order(self) -> tuple[str, tuple[str, ...]]:
        return min(part.entry.order for part in self.parts)


def rank_lines(entries: Sequence[Entry], *, base_fee: BaseFee) -> tuple[Ranked, ...]:
    """Apply the multiple-procedure rules to the lines of one surgeon and day; one result per entry, in their order."""
    ranked: dict[int, Ranked] = {}
    subject: list[int] = []
    for place, entry in enumerate(entries):
        if _is_subject(entry):
            subject.append(place)
        else:
            ranked[place] = Ranked(pricing=_apart(entry, entries))
    if len(subject) == 1:
        entry = entries[subject[0]]
        ranked[subject[0]] = Ranked(pricing=_with_shares(entry.adjusted.whole, entry.adjusted))
    elif subject:
        ranked |= _rank({place: entries[place] for place in subject}, base_fee)
    return tuple(ranked[place] for place in range(len(entries)))


def _is_subject(entry: Entry) -> bool:
    return (
        entry.adjusted.ranked
        and entry.adjusted.whole.outcome is not Outcome.NOT_PAID
        and entry.indicator is not None
        and entry.indicator.value in _RANKED
    )


def _apart(entry: Entry, entries: Sequence[Entry]) -> Pricing:
    """A line that is not ranked: paid as it stands, or refused where a rule for several lines is not built."""
    whole = entry.adjusted.whole
    if not whole.paid or len(entries) == 1 or not entry.adjusted.ranked:
        return _with_shares(whole, entry.adjusted)
    if entry.indicator is None:
        return not_priced(
            "no multiple-procedure indicator is loaded, so it cannot be priced with other lines"
        )
    value = entry.indicator.value
    alike = sum(1 for other in entries if other.indicator is not None and other.indicator.value == value)
    if value in SPECIAL_REDUCTIONS and (alike > 1 or value == "5"):
        return not_priced(
            f"multiple-procedure indicator {value} ({entry.indicator.release}): the reduction for "
            f"{SPECIAL_REDUCTIONS[value]} works on the components and is not computed here; price the line alone",
            "multiple-special",
            facts=(entry.indicator,),
        )
    rules = (_NOT_RANKED_RULE[value],) if value in _NOT_RANKED_RULE else ()
    return supported(_with_shares(whole, entry.adjusted), *rules, facts=(entry.indicator,))


def _rank(entries: Mapping[int, Entry], base_fee: BaseFee) -> dict[int, Ranked]:
    if reason := _unrankable(entries):
        return _refuse(entries, reason)
    units: list[_Unit] = []
    for family, members in _families(entries).items():
        if len(members) == 1:
            place, entry = members[0]
            units.append(_Unit(parts=(_Part(place, entry, entry.adjusted.whole),)))
            continue
        unit = _price_family(family, members, base_fee)
        if isinstance(unit, str):
            return _refuse(entries, unit)
        units.append(unit)
    units.sort(key=lambda unit: (-unit.amount, unit.order))
    by_share = sorted(units, key=lambda unit: (-unit.shared_amount, unit.order))
    if by_share != units:
        return _refuse(
            entries,
            "the lines rank differently before and after the shares of their modifiers, and no source read says which "
            "ranking counts",
        )
    return {
        place: ranked for rank, unit in enumerate(units, 1) for place, ranked in _placed(unit, rank).items()
    }


def _unrankable(entries: Mapping[int, Entry]) -> str:
    unknown = [entry.hcpcs_code for entry in entries.values() if not entry.adjusted.whole.paid]
    if unknown:
        return f"the lines cannot be ranked, as {' and '.join(sorted(set(unknown)))} has no amount from the tables"
    assisting = {entry.adjusted.role == "80" for entry in entries.values()}
    if len(assisting) > 1:
        return "an assistant's lines are ranked apart from a surgeon's: price the two claims one by one"
    return ""


def _families(entries: Mapping[int, Entry]) -> dict[str, list[tuple[int, Entry]]]:
    """Lines by endoscopic base; a line outside every family is a group of its own."""
    bases = {
        entry.base.value
        for entry in entries.values()
        if entry.indicator is not None and entry.indicator.value == _ENDOSCOPY and entry.base is not None
    }
    groups: dict[str, list[tuple[int, Entry]]] = defaultdict(list)
    for place, entry in entries.items():
        endoscopy = entry.indicator is not None and entry.indicator.value == _ENDOSCOPY
        if endoscopy and entry.base is not None:
            groups[entry.base.value].append((place, entry))
        else:
            groups[entry.hcpcs_code if entry.hcpcs_code in bases else f"line {place}"].append((place, entry))
    return groups


def _price_family(base: str, members: Sequence[tuple[int, Entry]], base_fee: BaseFee) -> _Unit | str:
    """The family rule, or why it cannot be applied."""
    if reason := _unsettled_family(base, [entry for _, entry in members]):
        return reason
    ordered = sorted(members, key=lambda member: (-(member[1].adjusted.whole.exact or ZERO), member[1].order))
    others = [member for member in ordered if member[1].hcpcs_code != base]
    parts = [
        _Part(place, entry, _base_in_family(entry, base, beside=len(others)))
        for place, entry in ordered
        if entry.hcpcs_code == base
    ]
    highest = others[0]
    parts.append(_Part(*highest, highest[1].adjusted.whole))
    if len(others) > 1:
        fee = base_fee(base)
        if fee.exact is None or not fee.paid:
            return (
                f"the fee of the base endoscopy {base} is needed and is not known: {'; '.join(fee.reasons)}"
            )
        for place, entry in others[1:]:
            pricing = _difference(entry, base, fee, fee.exact)
            if isinstance(pricing, str):
                return pricing
            parts.append(_Part(place, entry, pricing))
    supported_parts = tuple(
        part._replace(pricing=supported(part.pricing, "endoscopy-rank", facts=_rows(part.entry)))
        for part in parts
    )
    return _Unit(parts=supported_parts, family=base)


def _unsettled_family(base: str, entries: Sequence[Entry]) -> str:
    named = f"the endoscopies of the family of {base}"
    if all(entry.hcpcs_code == base for entry in entries):
        return f"{base} stands on several lines"
    if any(row_modifier(entry.modifiers) for entry in entries):
        return f"{named} include a line for a component or a discontinued procedure; price it alone"
    if any(BOTH_SIDES in entry.modifiers for entry in entries):
        return f"{named} include a bilateral line; no source read says how modifier 50 and the family rule combine"
    if len({side for entry in entries for side in entry.modifiers if side in ("LT", "RT")}) > 1:
        return f"{named} are on different sides; no source read says how the family rule treats them"
    if len({entry.adjusted.share for entry in entries}) > 1:
        return f"{named} are paid different shares; no source read says how the family rule treats them"
    return ""


def _base_in_family(entry: Entry, base: str, *, beside: int) -> Pricing:
    reason = f"{base} is the base of an endoscopy on this claim: its payment is included in that one's"
    rules = ("endoscopy-base", *(("endoscopy-difference",) if beside > 1 else ()))
    return supported(not_paid(reason, *rules), facts=entry.adjusted.whole.facts)


def _difference(entry: Entry, base: str, fee: Pricing, base_amount: Decimal) -> Pricing | str:
    whole = entry.adjusted.whole
    if whole.exact is None or whole.exact < base_amount:
        return f"the fee of {entry.hcpcs_code} is below that of its base endoscopy {base}; no source read covers that"
    reduced = whole.model_copy(
        update={"exact": whole.exact - base_amount, "expression": f"({whole.expression} - {fee.expression})"}
    )
    reason = f"endoscopy of the family of {base}, not the highest: its fee less that of {base}"
    return supported(reduced, "endoscopy-difference", facts=fee.facts, reasons=(reason,))


def _placed(unit: _Unit, rank: int) -> dict[int, Ranked]:
    return {
        part.place: Ranked(pricing=_reduced(part, unit, rank), rank=rank, family=unit.family)
        for part in unit.parts
    }


def _reduced(part: _Part, unit: _Unit, rank: int) -> Pricing:
    indicator, pricing = part.entry.indicator, part.pricing
    if indicator is None or not pricing.paid:
        return pricing
    percents = _PERCENT[indicator.value]
    if rank > len(percents):
        reason = f"ranks {rank} among the procedures of the day: from the sixth on paid by report, no amount is fixed"
        return supported(not_priced(reason, "multiple-standard"), facts=(*pricing.facts, *_rows(part.entry)))
    percent = percents[rank - 1]
    named = f"the family of {unit.family} ranks" if unit.family else "ranks"
    reason = f"{named} {rank} among the procedures of the day: {percent * 100:.0f} percent"
    rules = ["multiple-standard", *(["endoscopy-percent"] if unit.family and percent != 1 else [])]
    reduced = supported(times(pricing, percent), *rules, facts=_rows(part.entry), reasons=(reason,))
    return _with_shares(reduced, part.entry.adjusted)


def _rows(entry: Entry) -> tuple[Fact, ...]:
    return tuple(row for row in (entry.indicator, entry.base) if row is not None)


def _with_shares(pricing: Pricing, adjusted: Adjusted) -> Pricing:
    for share in adjusted.shares:
        pricing = times(pricing, share.factor, share.written)
    return pricing


def _refuse(entries: Mapping[int, Entry], reason: str) -> dict[int, Ranked]:
    refused: dict[int, Ranked] = {}
    for place, entry in entries.items():
        whole = entry.adjusted.whole
        pricing = not_priced(reason, facts=whole.facts) if whole.paid else whole
        refused[place] = Ranked(pricing=pricing)
    return refused
