"""Mutations that need the rows of a code: figures, units, modifiers, indicators, releases.

Each function gives texts made from one true claim, and leaves out what the loaded rows cannot show to be false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from evals.verification.claims import RELEASE, Origin
from evals.verification.swaps import replaced
from pipeline.data import RowEvidence
from pipeline.facts.indicators import (
    GLOBAL_DAYS,
    MUE_ADJUDICATION,
    PTP_INDICATOR,
    STATUS_CODES,
    entries_by_key,
)

_FIGURE = re.compile(
    r"\$[\d,]+\.\d\d|(?<![\w.,§-])[+-]?\d+\.\d+(?: %)?|(?<![\w-])\d+(?= (?:units?|other codes)\b)"
    r"|(?<![\w.§-])\d{1,3}(?= days|-day| ?%| percent)"
)
_RVUS = re.compile(r"(?P<value>[\d.]+) (?P<name>work|practice expense|malpractice|total) RVUs")
_PARTS = {"work": "work", "practice expense": "pe", "malpractice": "mp", "total": "total"}
_YEARS = re.compile(r"in 2025 \((RVU25\w)\)(, .* )in 2026 \((RVU26\w)\)")
_MODIFIER = re.compile(
    r"(?<=modifier )\w\w\b|(?<=Modifiers )\d\d\b|(?<=with )(?:LT|RT)\b|(?<=or )X[SUEP]\b|(?<=as )59\b"
)
# Each with those it is taken for in practice, none of which says the same.
_CONFUSED = {
    "22": ("52",), "24": ("25", "79"), "25": ("57", "24"), "26": ("25",), "50": ("51", "62"), "51": ("50", "59"),
    "54": ("78",), "57": ("25",), "58": ("78", "79"), "59": ("25", "51"), "62": ("66", "80"), "66": ("62",),
    "78": ("58", "79"), "79": ("78", "58"), "80": ("62",), "LT": ("RT",), "RT": ("LT",), "XS": ("58", "25"),
    "XU": ("25",),
}  # fmt: skip
_STATUS = re.compile(r"(?<=[Ss]tatus )[A-Z]\b")
_INDICATOR = re.compile(r"(?<=indicator )\d\b|(?<=indicator is )\d\b")
_FACILITY_INDICATOR = re.compile(r"(?<=indicator )[A-Z]\d?\b")


def _number(origin: Origin) -> Iterator[str]:
    """A digit mistyped, two exchanged, a sign turned, or another RVU of the same code."""
    text, random = origin.text, origin.random
    for match in _FIGURE.finditer(text):
        was = match.group()
        digits = [place for place, each in enumerate(was) if each.isdigit()]
        place = random.choice(digits)
        put = [f"{was[:place]}{(int(was[place]) + random.randint(1, 9)) % 10}{was[place + 1 :]}"]
        put += [
            f"{was[:one]}{was[two]}{was[one + 1 : two]}{was[one]}{was[two + 1 :]}"
            for one, two in pairwise(digits)
        ]
        if origin.kind == "rvu":
            rows = origin.own.in_release("RVU25D").values()
            put += sorted({fact.value for fact in rows if fact.field.endswith("_rvu")})
        if was[0] in "+-":
            put.append(("-" if was[0] == "+" else "+") + was[1:])
        yield from (replaced(text, match, new) for new in put if new not in text and new.strip("$+-0., %"))


def _unit(origin: Origin) -> Iterator[str]:
    """One component of the RVUs named for another that has other values."""
    match = _RVUS.search(origin.text)
    for name, part in _PARTS.items() if match else ():
        fields = (f"{part}_rvu", f"fac_{part}_rvu", f"nonfac_{part}_rvu")
        values = {origin.own.rows[field].value for field in fields if field in origin.own.rows}
        if match and name != match["name"] and match["value"] not in values:
            yield replaced(origin.text, match, f"{match['value']} {name} RVUs")


def _modifier(origin: Origin) -> Iterator[str]:
    for match in _MODIFIER.finditer(origin.text):
        yield from (replaced(origin.text, match, put) for put in _CONFUSED.get(match.group(), ()))


def _indicator(origin: Origin) -> Iterator[str]:
    """Another value with the same meaning, or another meaning of the same value."""
    text = origin.text
    for pattern, values in (
        (_STATUS, STATUS_CODES),
        (_INDICATOR, "0123"),
        (_FACILITY_INDICATOR, ("G2", "J1", "N", "T", "P3")),
    ):
        for match in pattern.finditer(text):
            yield from (replaced(text, match, value) for value in values if value != match.group())
    if origin.claim.basis == "rows":
        for meanings in (STATUS_CODES, MUE_ADJUDICATION, PTP_INDICATOR, GLOBAL_DAYS):
            for said in meanings.values():
                yield from (text.replace(said, other) for other in meanings.values() if said in text)
    for entry in entries_by_key().get(origin.rest, ()) if origin.kind == "modifier" else ():
        if "{" not in entry.when and entry.when.lower() not in text.lower():
            yield f"{text.partition(': ')[0]}: {entry.when[:1].lower()}{entry.when[1:]}"


def _date(origin: Origin) -> Iterator[str]:
    """Another release, which is not loaded or has other values of what is stated; two years exchanged."""
    text, cited = origin.text, origin.claim.evidence
    facts = [item.fact for item in cited if isinstance(item, RowEvidence) and item.level == "table"]
    for match in RELEASE.finditer(text):
        of_it = [fact for fact in facts if fact.release == match.group()]
        stated = [fact for fact in of_it if fact.value in text] or of_it
        for put in _other_releases(match.group()):
            rows = origin.own.in_release(put)
            if put not in text and any(f.field not in rows or rows[f.field].value != f.value for f in stated):
                yield text.replace(match.group(), put)
    yield _YEARS.sub(r"in 2026 (\3)\2in 2025 (\1)", text)


def _other_releases(name: str) -> tuple[str, ...]:
    if name.startswith("RVU"):
        return ("RVU25D", "RVU24A", "RVU23C")
    family, _, rest = name.partition("-")
    return (f"{family}-{int(rest[:4]) - 1}{rest[4:]}", f"{family}-{int(rest[:4]) - 3}{rest[4:]}")


BY_FACTS: dict[str, Callable[[Origin], Iterator[str]]] = {
    "number": _number,
    "unit": _unit,
    "modifier": _modifier,
    "indicator": _indicator,
    "date": _date,
}
