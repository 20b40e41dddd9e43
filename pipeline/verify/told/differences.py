"""How far two codes, or one code in two years, lie apart: the difference is computed and its direction read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pipeline.verify.context import ClaimContext, in_year
from pipeline.verify.reading import Reading, codes_in
from pipeline.verify.told.parts import Figure, Told, Wording, figures_of
from pipeline.verify.values import Value, look_up, named_times, to_decimal

_W = Wording("differences")
_BETWEEN, _COMPARED, _FELL, _ROSE, _APART = map(_W.pattern, ("between", "compared", "fell", "rose", "apart"))
_YEAR = re.compile(r"(?:yr|date)#20(?P<year>\d\d)\b(?:-\d\d)?")
_YEAR_TOKEN = re.compile(r"(?:yr|date)#20\d\d(?:-\d\d)*")
_FROM_TO = re.compile(r"\b(from|to) (?:cmp#about )?(?:usd|num)#")
_WORDS = _W.stems("words")


def read_differences(text: str, reading: Reading, context: ClaimContext) -> Iterator[Told]:
    """One for each figure that is the difference the sentence says it is; its own values are read by `amounts`."""
    between, compared = _BETWEEN.search(text), _COMPARED.search(text)
    if between:
        yield from _of_codes(between["one"], between["two"], 0, text, reading, context)
    elif compared:
        sign = 1 if compared["more"] else -1
        yield from _of_codes(compared["one"], compared["two"], sign, text, reading, context)
    elif bool(_FELL.search(text)) != bool(_ROSE.search(text)):
        yield from _of_years(text, reading, context)


def _apart(text: str) -> Iterator[Figure]:
    """The figures that are said to be a difference: "by 0.52", "0.10 ahead of", "…, or about $17" after such a one."""
    said = False
    for figure in figures_of(text):
        said = _APART.search(figure.own) is not None or (said and figure.before.endswith(" or"))
        if said:
            yield figure


def _names(figure: Figure, text: str) -> list[str]:
    """The values that a difference may be of, by what the sentence names."""
    kind = figure.kind
    if kind == "usd":
        names = ["payment_fac", "payment_nonfac"]
    elif "lab#work" in figure.own or ("lab#work" in text and "lab#total" not in text):
        return ["work"]
    elif "lab#pe" in text:
        names = ["pe_fac", "pe_nonfac"]
    else:
        names = ["total_fac", "total_nonfac"]
    office, facility = "set#nonfac" in text, "set#fac" in text
    if office == facility:
        return names if not office else []
    return [names[1] if office else names[0]]


def _of_codes(
    one: str, two: str, sign: int, text: str, reading: Reading, context: ClaimContext
) -> Iterator[Told]:
    release = context.facts("")
    for figure in _apart(text):
        names = _names(figure, text)
        pairs = [
            (left, right)
            for name in names
            if (left := look_up(name, context.facts(one.upper()), release))
            and (right := look_up(name, context.facts(two.upper()), release))
            and not left.absent
            and not right.absent
            and not left.other_time(reading)
            and not right.other_time(reading)
        ]
        found = [pair for pair in pairs if _is_difference(figure, *pair, sign)]
        # Where no setting is named, the difference must be the same in every setting there is.
        if found and len(found) == len(pairs):
            yield _told(figure, found[0], (one, two), text, reading)


def _of_years(text: str, reading: Reading, context: ClaimContext) -> Iterator[Told]:
    years = list(dict.fromkeys(match["year"] for match in _YEAR.finditer(text)))
    codes = dict.fromkeys(codes_in(text))
    code = next(iter(codes)) if len(codes) == 1 else context.hcpcs_code
    if len(years) != 2 or years != sorted(years) or len(codes) > 1 or not code:
        return
    sign = 1 if _ROSE.search(text) else -1
    before, now = (in_year(context, year) if year != f"{context.as_of:%y}" else context for year in years)
    if before is context:
        return
    for figure in figures_of(text):
        for name in _names(figure, text):
            old, new = (look_up(name, each.facts(code), each.facts("")) for each in (before, now))
            if old is None or new is None or old.absent or new.absent:
                continue
            if not (_spoken(old, years[0]) and _spoken(new, years[1])):
                continue
            if _is_change(figure, old, new, sign):
                yield _told(figure, (new, old), (code,), text, reading, frozenset(_YEAR_TOKEN.findall(text)))
                break


def _is_change(figure: Figure, old: Value, new: Value, sign: int) -> bool:
    """The value the sentence comes from, or goes to, or how far these lie apart in the direction it says."""
    if ahead := _FROM_TO.search(figure.own):
        wanted = to_decimal((old if ahead[1] == "from" else new).text)
        first, second = to_decimal(old.text), to_decimal(new.text)
        moved = first is not None and second is not None and (second - first) * sign > 0
        return moved and to_decimal(figure.value) == wanted
    return _is_difference(figure, new, old, sign)


def _spoken(value: Value, year: str) -> bool:
    return any(f"{fact.valid_from:%y}" == year for fact in value.facts)


def _is_difference(figure: Figure, left: Value, right: Value, sign: int) -> bool:
    one, two, said = to_decimal(left.text), to_decimal(right.text), to_decimal(figure.value)
    if one is None or two is None or said is None:
        return False
    apart = (one - two) * sign if sign else abs(one - two)
    near = Decimal(1) if figure.about and figure.kind == "usd" else Decimal(0)
    return apart > 0 and abs(apart - said) <= near


def _told(
    figure: Figure,
    values: tuple[Value, Value],
    codes: tuple[str, ...],
    text: str,
    reading: Reading,
    times: frozenset[str] = frozenset(),
) -> Told:
    facts = tuple(dict.fromkeys(fact for value in values for fact in (*value.facts, *value.basis)))
    used = {figure.token, *times, *(f"code#{code.lower()}" for code in codes)} | named_times(reading, facts)
    used |= {"lab#rvu", "lab#total", "lab#work", "lab#pe", "cmp#about", "set#fac", "set#nonfac", "pay#yes"}
    reason = f"{values[0].name}: {values[0].text} and {values[1].text}, {figure.value} apart"
    return Told(frozenset(used), _WORDS, facts, reason)
