"""When a note applies, in plain words, for whoever reads it away from a page."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.data import Applicability

# Table and label of the fields that notes ask for; any other is the fee schedule's and called by its name.
_FEE_SCHEDULE, _MUE = "the fee schedule", "the MUE table"
_LABELS = {
    "cosurgeon_indicator": (_FEE_SCHEDULE, "co-surgeon indicator"),
    "global_days": (_FEE_SCHEDULE, "global"),
    "mue_adjudication_indicator": (_MUE, "adjudication indicator"),
    "mue_value": (_MUE, "MUE"),
    "nonfac_na": (_FEE_SCHEDULE, "non-facility flag"),
    "pctc_indicator": (_FEE_SCHEDULE, "PC/TC indicator"),
    "status_code": (_FEE_SCHEDULE, "status"),
}


def describe_conditions(to: Applicability) -> str:
    """`applies to 29866–29889, but not to 29870, where the fee schedule says global 090`; empty: to every code."""
    classes = [
        f"classified as {words}"
        for words in (_listed(_plain(to.all_tags), "and"), _listed(_plain(to.tags), "or"))
        if words
    ]
    if to.not_tags:
        classes.append(f"not classified as {_listed(_plain(to.not_tags), 'or')}")
    ranges = [first if first == last else f"{first}–{last}" for first, last in to.ranges]
    parts = []
    if ranges or to.codes or classes:
        who = _listed([*to.codes, *ranges], "and") or "codes"
        parts.append(f"to {who} {' and '.join(classes)}".rstrip())
    if to.not_codes:
        parts.append(f"{'but ' if parts else ''}not to {_listed(to.not_codes, 'or')}")
    if to.indicators:
        parts.append(f"where {_figures(to)}")
    return f"applies {', '.join(parts)}" if parts else ""


def _plain(tags: Sequence[str]) -> list[str]:
    return [tag if tag == "add-on" else tag.replace("-", " ") for tag in tags]


def _figures(to: Applicability) -> str:
    """What each table has to say."""
    said: dict[str, list[str]] = {}
    for field, values in to.indicators.items():
        table, label = _LABELS.get(field, (_FEE_SCHEDULE, field.replace("_", " ")))
        said.setdefault(table, []).append(f"{label} {_listed(values, 'or')}")
    return " and ".join(f"{table} says {' and '.join(figures)}" for table, figures in said.items())


def _listed(words: Sequence[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
