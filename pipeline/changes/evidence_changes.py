"""The evidence of a claim in two revisions: which row gave way to which, which quote to which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.data import ClaimState, EvidenceChange, Page, QuoteEvidence, RowEvidence
from pipeline.page.currency import carried_text
from pipeline.page.text import one_line


class _Shown(NamedTuple):
    """A piece of evidence as a reader sees it. `key` says what it can give way to, `order` sorts within a key."""

    kind: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    field: str
    value: str
    source: str
    locator: str


def compare_evidence(
    old: ClaimState, new: ClaimState, *, before: Page, after: Page
) -> tuple[EvidenceChange, ...]:
    """What a reader would see differ, rows by column, then quotes. What both sides show is not in it."""
    return _compare(_shown(old, before), _shown(new, after))


def _shown(state: ClaimState, page: Page) -> list[_Shown]:
    return [
        _row(item, page) if isinstance(item, RowEvidence) else _quote(item, page) for item in state.evidence
    ]


def _row(item: RowEvidence, page: Page) -> _Shown:
    fact = item.fact
    own = fact.hcpcs_code in ("", page.hcpcs_code)
    field = fact.field if own else f"{fact.hcpcs_code}.{fact.field}"
    return _Shown(
        kind="row",
        key=("row", item.level, fact.hcpcs_code, fact.modifier, fact.field),
        order=(fact.valid_from.isoformat(), fact.release),
        field=field + (f" (modifier {fact.modifier})" if fact.modifier else ""),
        value=f"{fact.value} {fact.unit}".strip(),
        source=carried_text(item, page.as_of) or fact.release,
        locator=fact.locator,
    )


def _quote(item: QuoteEvidence, page: Page) -> _Shown:
    return _Shown(
        kind="quote",
        key=("quote", item.level),
        order=(item.document_id, f"{item.start:09}"),
        field="",
        value=one_line(item.quote),
        source=quote_source(item, page),
        locator="",
    )


def quote_source(item: QuoteEvidence, page: Page) -> str:
    """The document or note, its edition and the place in it."""
    document = page.documents.get(item.document_id)
    if item.level == "note":
        return f"Briefwright note {item.document_id.removeprefix('note:')}"
    place = item.locator or (f"file page {item.page}" if item.page else "")
    named = (document.title, document.edition) if document else (item.document_id,)
    return ", ".join(part for part in (*named, place) if part)


def _compare(old: Sequence[_Shown], new: Sequence[_Shown]) -> tuple[EvidenceChange, ...]:
    before, after = _by_key(old), _by_key(new)
    changes: list[EvidenceChange] = []
    for key in sorted({*before, *after}):
        first, second = before.get(key, []), after.get(key, [])
        if len(first) != len(second) or key[0] == "quote":  # what stayed is not what gave way
            first, second = _without(first, second), _without(second, first)
        changes += _pairs(first, second)
    return tuple(changes)


def _by_key(shown: Sequence[_Shown]) -> dict[tuple[str, ...], list[_Shown]]:
    found: dict[tuple[str, ...], list[_Shown]] = defaultdict(list)
    for item in shown:
        found[item.key].append(item)
    return {key: sorted(items, key=lambda item: item.order) for key, items in found.items()}


def _without(items: list[_Shown], others: list[_Shown]) -> list[_Shown]:
    known = {(item.value, item.source) for item in others}
    return [item for item in items if (item.value, item.source) not in known]


def _pairs(first: list[_Shown], second: list[_Shown]) -> Iterator[EvidenceChange]:
    for number in range(max(len(first), len(second))):
        old = first[number] if number < len(first) else None
        new = second[number] if number < len(second) else None
        if old and new and (old.value, old.source, old.locator) == (new.value, new.source, new.locator):
            continue
        same_source = bool(old and new and old.source == new.source and old.value == new.value)
        some = old or new
        if some is not None:
            yield EvidenceChange(
                kind="row" if some.kind == "row" else "quote",
                field=some.field,
                old=old.value if old else "",
                new=new.value if new else "",
                old_source=_source(old, with_locator=same_source),
                new_source=_source(new, with_locator=same_source),
            )


def _source(item: _Shown | None, *, with_locator: bool) -> str:
    if item is None:
        return ""
    return f"{item.source}, {item.locator}" if with_locator and item.locator else item.source
