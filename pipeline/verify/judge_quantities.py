"""Quantities in a sentence: value, bounds ("more than", "at most"), unit; and what one says of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.verify.judge_words import Words, base, words

_LOWER = (
    ("more", "than"),
    ("over",),
    ("above",),
    ("at", "least"),
    ("exceed",),
    ("exceeding",),
    ("minimum",),
    ("beyond",),
)
_UPPER = (
    ("less", "than"),
    ("fewer", "than"),
    ("under",),
    ("below",),
    ("at", "most"),
    ("up", "to"),
    ("maximum",),
)
_ABOUT = {"about", "some", "around", "nearly", "almost", "approximately", "roughly"}
_CLOSED = {("at", "least"), ("at", "most"), ("up", "to"), ("minimum",), ("maximum",)}
_INFINITE = float("inf")


class Quantity(NamedTuple):
    """A number with the bounds that "more than" or "at most" give it, the words beside it, and what it counts."""

    value: float
    low: float
    high: float
    near: frozenset[str]
    unit: str


def read_quantities(lower: Sequence[str], content: Sequence[bool]) -> Iterator[Quantity]:
    """The quantities among lower-case tokens; `content` says which of them are words that say something."""
    known = words()
    number = 0
    while number < len(lower):
        start, value = number, _value(lower[number], known)
        number += 1
        if value is None:
            continue
        while number < len(lower):
            word = lower[number]
            if word in known.scale and word not in ("cents",):
                value *= known.scale[word]
            elif value >= 20 and value < 100 and value % 10 == 0 and 0 < known.small.get(word, 0) < 10:
                value += known.small[word]
            else:
                break
            number += 1
        around = [*range(max(0, start - 5), start), *range(number, min(len(lower), number + 5))]
        near = frozenset(base(lower[at]) for at in around if content[at])
        unit = next((base(lower[at]) for at in range(number, min(len(lower), number + 3)) if content[at]), "")
        if "%" in lower[number : number + 1] or lower[number : number + 1] in (["percent"], ["pct"]):
            unit = "%"
        elif start and lower[start - 1] in "$€£":
            unit = "$"
        low, high = _bounds(lower, start - (unit == "$"), number, value)
        yield Quantity(value, low, high, near, unit)


def _value(token: str, known: Words) -> float | None:
    if token[0].isdigit():
        return float(token.replace(",", ""))
    return known.small.get(token)


def _bounds(lower: Sequence[str], start: int, end: int, value: float) -> tuple[float, float]:
    before, tail = tuple(lower[max(0, start - 2) : start]), tuple(lower[end : end + 3])
    edge = max(abs(value) * 1e-6, 1e-6)
    for cues, upward in ((_LOWER, True), (_UPPER, False)):
        for cue in cues:
            if before[-len(cue) :] == cue:
                step = 0.0 if cue in _CLOSED else edge
                return (value + step, _INFINITE) if upward else (-_INFINITE, value - step)
    if tail[:2] in (("or", "more"), ("or", "greater")) or tail[1:] == ("or", "more"):
        return value, _INFINITE
    if tail[:2] in (("or", "less"), ("or", "fewer")) or tail[1:] in (("or", "less"), ("or", "fewer")):
        return -_INFINITE, value
    if before[-1:] and before[-1] in _ABOUT:
        return value - 0.1 * abs(value), value + 0.1 * abs(value)
    return value, value


def compare_quantities(
    said: Sequence[Quantity], near: Sequence[Quantity], every: Sequence[Quantity]
) -> dict[str, float]:
    """Features of a claim's quantities beside those near its words, and all those of the evidence."""
    values = {quantity.value for quantity in every}
    relations = [_relation(quantity, near) for quantity in said]
    count = max(1, len(said))
    new = [quantity for quantity in said if quantity.value not in values]
    return {
        "numbers": len(said),
        "numbers_best": len(near),
        "number_held": sum(one == "held" for one in relations) / count,
        "number_against": sum(one == "against" for one in relations) / count,
        "number_loose": sum(one == "loose" for one in relations) / count,
        "number_absent": len(new) / count,
        "numbers_absent": len(new),
        "number_close": sum(_is_close(one.value, values) for one in new) / count,
        "number_same_unit": sum(
            any(one.value == other.value and one.unit == other.unit for other in near) for one in said
        )
        / count,
        "number_reached": sum(_is_reached(one.value, near) for one in new) / count if len(near) > 1 else 0.0,
        "years_absent": sum(1900 <= one.value <= 2100 for one in new),
        "bounded": sum(one.low != one.high for one in said),
        "bounded_best": sum(one.low != one.high for one in near),
    }


def _relation(quantity: Quantity, near: Sequence[Quantity]) -> str:
    """What the evidence's number in the most similar place says of it: held, against, loose, or nothing."""
    if not near:
        return ""
    top = max(
        near,
        key=lambda one: (
            len(one.near & quantity.near)
            + 1.5 * (one.unit == quantity.unit and bool(one.unit))
            + 1.0 * (one.value == quantity.value),
        ),
    )
    if quantity.low <= top.low and top.high <= quantity.high:
        return "held"
    return "against" if top.low > quantity.high or top.high < quantity.low else "loose"


def _is_close(value: float, values: set[float]) -> bool:
    return any(abs(value - other) <= 0.06 * abs(other) for other in values if other)


def _is_reached(value: float, near: Sequence[Quantity]) -> bool:
    """Whether adding, subtracting, multiplying or dividing two of the numbers, or adding them all, gives it."""
    numbers = [one.value for one in near][:8]
    reached = {sum(numbers), numbers[0] - sum(numbers[1:])}
    for at, left in enumerate(numbers):
        for right in numbers[at + 1 :]:
            reached |= {left + right, abs(left - right), left * right}
            reached |= {left / right} if right else set()
            reached |= {right / left} if left else set()
            reached |= {abs(left - right) / other for other in numbers if other}
            reached |= {abs(left * right - other) for other in numbers} | {
                (left + right) * other for other in numbers
            }
    return any(abs(value - one) < 1e-6 * max(1.0, abs(value)) + 5e-3 for one in reached)
