"""Amounts and RVUs in any order: each figure is what its value says it is, if the words around it agree.

The words between two figures belong to one of them: what stands before a comma or "and" to the figure before it, the
rest to the next. A figure takes from the sentence before it what its own words do not name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pipeline.data import Fact
from pipeline.verify.context import ClaimContext
from pipeline.verify.reading import Reading, codes_in
from pipeline.verify.told.parts import Figure, Told, Wording, figures_of
from pipeline.verify.values import Value, equal_figures, look_up, look_up_total, named_times, near_figures

_MARK = re.compile(r"(?:lab|set|q|apc|mod|ind|cnt|pct|cmp)#\S*\w|payee#|pay#no")
_SETTINGS = frozenset(("set#fac", "set#nonfac", "lab#hopd", "lab#asc", "set#fac_part"))
_PARTS = frozenset(("lab#work", "lab#pe", "lab#mp"))
_TOTALS = frozenset(("lab#total", "lab#rvu"))
_FACTOR_DIGITS = 4
_W = Wording("amounts")
_APART, _TO_PLACE, _IF_QUALIFYING, _DOLLARS = map(
    _W.pattern, ("apart", "to_place", "if_qualifying", "dollars")
)
# A hospital's own payment is that of the outpatient schedule only where the sentence speaks of outpatients.
_OUTPATIENT = _W.pattern("outpatient")


class _Measure(NamedTuple):
    """A value of a code: how a figure of it is written, what its own words may name, and of what they must name one."""

    name: str
    kind: str
    may: frozenset[str]
    must: tuple[frozenset[str], ...]
    setting: str = ""


def _measure(name: str, kind: str, may: str, *must: str, setting: str = "") -> _Measure:
    return _Measure(
        name, kind, frozenset(may.split()), tuple(frozenset(one.split()) for one in must), setting
    )


_MEASURES = (
    _measure("work", "num", "lab#work lab#rvu payee#", "lab#work"),
    _measure("mp", "num", "lab#mp lab#rvu", "lab#mp"),
    _measure("pe_fac", "num", "lab#pe lab#rvu set#fac", "lab#pe", setting="set#fac"),
    _measure("pe_nonfac", "num", "lab#pe lab#rvu set#nonfac", "lab#pe", setting="set#nonfac"),
    _measure("total_fac", "num", "lab#total lab#rvu set#fac payee#", "lab#total lab#rvu", setting="set#fac"),
    _measure("total_nonfac", "num", "lab#total lab#rvu set#nonfac payee#", "lab#total lab#rvu", setting="set#nonfac"),
    _measure("payment_fac", "usd", "set#fac lab#pay payee# q#nonqpp lab#asc", setting="set#fac"),
    _measure("payment_nonfac", "usd", "set#nonfac lab#pay payee# q#nonqpp", setting="set#nonfac"),
    _measure("payment_fac_qpp", "usd", "set#fac lab#pay payee# q#qpp", "q#qpp", setting="set#fac"),
    _measure("payment_nonfac_qpp", "usd", "set#nonfac lab#pay payee# q#qpp", "q#qpp", setting="set#nonfac"),
    _measure("hopd", "usd", "lab#hopd set#fac set#fac_part lab#pay", "lab#hopd set#fac set#fac_part apc#"),
    _measure("asc", "usd", "lab#asc lab#pay", "lab#asc"),
)  # fmt: skip


def read_amounts(text: str, reading: Reading, context: ClaimContext) -> Iterator[Told]:
    """One for each figure that is a value of its code and agrees with the words around it."""
    known = [context.hcpcs_code] if context.hcpcs_code else list[str]()
    for figure in figures_of(text):
        known = codes_in(figure.own) or known
        if len(set(known)) == 1 and not _APART.search(figure.own):
            found = _told(figure, known[0], text, reading, context)
            if found is not None:
                yield found


def _names(marks: Iterable[str]) -> list[str]:
    """Those that say what a figure is of; codes of an indicator or an APC are another check's."""
    return [mark for mark in marks if mark.startswith(("lab#", "set#", "q#", "payee#"))]


def _marks(words: str) -> frozenset[str]:
    marks = _MARK.findall(words)
    return frozenset("apc#" if mark.startswith("apc#") else mark for mark in marks) - {"cmp#about"}


def _told(figure: Figure, code: str, text: str, reading: Reading, context: ClaimContext) -> Told | None:
    own = _marks(figure.own)
    if "pay#no" in own or any(mark.startswith(("cmp#", "mod#")) for mark in own):
        return None
    facts, release = context.facts(code), context.facts("")
    if factor := _factor(figure, reading, release):
        return factor
    for measure in _MEASURES:
        value = look_up(measure.name, facts, release)
        if value is None or value.absent or measure.kind != figure.kind or not _same(figure, value):
            continue
        if _agrees(measure, figure, text, facts, release) and not value.other_time(reading):
            return _confirmed(figure, value, code, reading)
    if "lab#total" in own and figure.kind == "usd":
        for place in ("hopd", "asc"):
            value = look_up_total(place, facts, release)
            if value and _same(figure, value) and not value.other_time(reading):
                return _confirmed(figure, value, code, reading)
    return None


def _same(figure: Figure, value: Value) -> bool:
    if equal_figures(figure.value, value.text, figure.kind):
        return True
    return figure.about and near_figures(figure.value, value.text, figure.kind)


def _agrees(
    measure: _Measure, figure: Figure, text: str, facts: Mapping[str, Fact], release: Mapping[str, Fact]
) -> bool:
    """Whether the figure's own words name nothing else, and all that must be named is, here or earlier."""
    own, before = _marks(figure.own), _marks(figure.before)
    marks = frozenset(_names(own))
    if measure.kind == "usd":
        if f"{figure.token} lab#rvu" in figure.own or (
            measure.name.startswith("payment") and _TO_PLACE.search(figure.own)
        ):
            return False
        marks -= {"lab#rvu"}  # an amount beside the RVUs it was computed from
    elif not marks & _PARTS and measure.name.startswith("total"):
        marks -= {"lab#pay"}
    if not marks <= measure.may:
        return False
    around = marks | before | (own & {"apc#"})
    if measure.kind == "num":
        around |= frozenset(mark for mark in _TOTALS if mark in text)
    if not all(one & around for one in measure.must):
        return False
    if measure.kind == "usd" and not measure.must and not _DOLLARS.search(text) and "lab#rvu" not in text:
        return False
    if measure.name == "hopd" and not _OUTPATIENT.search(text):
        return False
    if not measure.setting:
        return True
    if measure.setting in marks:
        return True
    if marks & _SETTINGS:
        return measure.name == "payment_fac" and "lab#asc" in marks and "payee#" in around
    named = before & {"set#fac", "set#nonfac"}
    return named == {measure.setting} or _only_setting(measure, facts, release)


def _only_setting(measure: _Measure, facts: Mapping[str, Fact], release: Mapping[str, Fact]) -> bool:
    """The value has one form only: the other setting has none, or the same."""
    name = measure.name
    other = name.replace("_nonfac", "_fac") if "_nonfac" in name else name.replace("_fac", "_nonfac")
    value, mine = look_up(other, facts, release), look_up(measure.name, facts, release)
    return value is None or value.absent or (mine is not None and value.text == mine.text)


def _factor(figure: Figure, reading: Reading, release: Mapping[str, Fact]) -> Told | None:
    """A conversion factor, which four decimals give away; of qualifying participants only where it says so."""
    if figure.kind != "num" or len(figure.value.partition(".")[2]) != _FACTOR_DIGITS:
        return None
    kind = "qpp" if "q#qpp" in _marks(figure.own) else "nonqpp"
    value = look_up(f"conversion_factor_{kind}", release)
    if value is None or not equal_figures(figure.value, value.text, "num") or value.other_time(reading):
        return None
    used = {figure.token, "lab#cf", f"q#{kind}"} | named_times(reading, value.facts)
    return Told(frozenset(used), frozenset(), value.facts, f"the conversion factor is {value.text}")


def _confirmed(figure: Figure, value: Value, code: str, reading: Reading) -> Told:
    facts = tuple(dict.fromkeys((*value.facts, *value.basis)))
    used = {
        figure.token,
        f"code#{code.lower()}",
        "pay#yes",
        *_names(_MARK.findall(figure.own)),
    } | named_times(reading, value.facts)
    used |= {"cmp#about"} if figure.about else set()
    pieces = tuple(match.group() for match in _IF_QUALIFYING.finditer(figure.own))
    words = frozenset(("if",)) if pieces else frozenset()
    release = ", ".join(sorted({fact.release for fact in value.facts}))
    return Told(frozenset(used), words, facts, f"{value.name} is {value.text} ({release})", pieces)
