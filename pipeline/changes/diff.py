"""Two revisions of a page compared claim by claim: what changed, how, and why."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.changes.evidence_changes import compare_evidence
from pipeline.changes.page_changes import compare_pages
from pipeline.changes.reasons import find_reasons, find_risks
from pipeline.changes.words import NAMES_OF_RELEASES, compare_figures, compare_parts
from pipeline.data import (
    Change,
    ChangeKind,
    ClaimMatch,
    ClaimState,
    EvidenceChange,
    FigureChange,
    InputChange,
    Page,
    PageChange,
    PageDiff,
    RowEvidence,
    WordChange,
)
from pipeline.identity import digest
from pipeline.page.claim_states import claim_states
from pipeline.page.ledger import dump_ledger
from pipeline.page.matching import Mark, Pair, match_claims, subject_of

_NAME = 16  # hex digits of a change's id: decisions are bound to it


class _Compared(NamedTuple):
    """What differs between the two sides of a claim."""

    kinds: tuple[ChangeKind, ...]
    words: tuple[WordChange, ...] = ()
    figures: tuple[FigureChange, ...] = ()
    evidence: tuple[EvidenceChange, ...] = ()


def diff_pages(
    old: Page | None,
    new: Page,
    *,
    mark: Mark,
    inputs: Sequence[InputChange] = (),
    names: tuple[str, str] = ("published", "candidate"),
) -> PageDiff:
    """The changes from `old` (None: there was no page) to `new`: those of claims in the new reading order, each removed
    one where it stood.

    `mark` writes everything checkable in a sentence as typed tokens; `inputs` are the inputs that differ between the
    revisions, where they are known. Same pages, same diff.
    """
    before, after = (claim_states(old) if old else []), claim_states(new)
    pairs = match_claims([*map(subject_of, before)], [*map(subject_of, after)], mark=mark)
    moved = _moved(pairs, before, after)
    changes: list[tuple[tuple[float, int], Change]] = []
    unchanged: list[tuple[str, str]] = []
    for pair in pairs:
        first, second = before[pair.old], after[pair.new]
        if old is None:
            continue
        compared = _compare(first, second, before=old, after=new, moved=pair.new in moved, mark=mark)
        if compared.kinds:
            change = _change(compared, first, second, pair.match, old=old, new=new, mark=mark, inputs=inputs)
            changes.append(((pair.new, 1), change))
        else:
            unchanged.append((first.claim_id, second.claim_id))
    followed = {pair.old: pair.new for pair in pairs}
    for state in after:
        if state.place not in {pair.new for pair in pairs}:
            compared = _Compared((ChangeKind.ADDED,))
            change = _change(compared, None, state, None, old=old, new=new, mark=mark, inputs=inputs)
            changes.append(((state.place, 1), change))
    place = -1.0
    for state in before:
        if state.place in followed:
            place = followed[state.place]
            continue
        compared = _Compared((ChangeKind.REMOVED,))
        change = _change(compared, state, None, None, old=old, new=new, mark=mark, inputs=inputs)
        changes.append(((place + 0.5, 0), change))
    return PageDiff(
        hcpcs_code=new.hcpcs_code,
        old=names[0] if old else "",
        new=names[1],
        old_sha256=ledger_sha256(old) if old else "",
        new_sha256=ledger_sha256(new),
        changes=tuple(change for _, change in sorted(changes, key=lambda item: item[0])),
        unchanged=tuple(unchanged),
        others=tuple(_named(new.hcpcs_code, change) for change in compare_pages(old, new)),
    )


def ledger_sha256(page: Page) -> str:
    """SHA-256 of the page's ledger as it is written: the name of the revision."""
    return hashlib.sha256(dump_ledger(page).encode()).hexdigest()


def _moved(pairs: Sequence[Pair], before: Sequence[ClaimState], after: Sequence[ClaimState]) -> set[int]:
    """New places of the claims that moved: to another section, or out of the longest run that kept its order."""
    moved = {pair.new for pair in pairs if before[pair.old].section_key != after[pair.new].section_key}
    stayed = [
        pair
        for pair in pairs
        if pair.new not in moved and before[pair.old].standing == after[pair.new].standing
    ]
    kept = _longest_rising([pair.old for pair in stayed])
    return moved | {pair.new for number, pair in enumerate(stayed) if number not in kept}


def _longest_rising(values: Sequence[int]) -> set[int]:
    """Positions of a longest rising run of distinct values, not necessarily neighbours (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for number, value in enumerate(values):
        at = bisect_left(tails, value)
        previous.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(number)
        else:
            tails[at], ends[at] = value, number
    kept: set[int] = set()
    number = ends[-1] if ends else -1
    while number >= 0:
        kept.add(number)
        number = previous[number]
    return kept


def _compare(
    old: ClaimState, new: ClaimState, *, before: Page, after: Page, moved: bool, mark: Mark
) -> _Compared:
    words = compare_parts(old.parts, new.parts)
    evidence = compare_evidence(old, new, before=before, after=after)
    figures_only, figures = _figures(words, mark)
    # A row that the words speak of has another value: the figure changed, even where words did with it.
    values = any(change.kind == "row" and change.old != change.new for change in evidence)
    amounts = [figure for figure in figures if figure.kind not in NAMES_OF_RELEASES]
    kinds = []
    if (old.label, old.standing) != (new.label, new.standing):
        kinds.append(ChangeKind.VERDICT)
    if amounts or (words and values):
        kinds.append(ChangeKind.FIGURE)
    if words and not figures_only and not (values and _only_of_rows(old, new)):
        kinds.append(ChangeKind.REWORDED)
    if evidence or (words and not kinds):
        kinds.append(ChangeKind.EVIDENCE)
    if moved:
        kinds.append(ChangeKind.MOVED)
    return _Compared(tuple(kinds), words, figures, evidence)


def _figures(words: Sequence[WordChange], mark: Mark) -> tuple[bool, tuple[FigureChange, ...]]:
    """Whether every part that differs does so in typed values alone, and these values."""
    found: dict[FigureChange, None] = {}
    only = True
    for part in words:
        same, figures = compare_figures(part.old, part.new, mark=mark)
        only = only and same
        found |= dict.fromkeys(figures)
    return only, tuple(found)


def _only_of_rows(old: ClaimState, new: ClaimState) -> bool:
    """Whether the claim is composed from rows on both sides: its other words follow from the row's value."""
    return all(
        state.evidence and all(isinstance(item, RowEvidence) for item in state.evidence)
        for state in (old, new)
    )


def _change(
    compared: _Compared,
    first: ClaimState | None,
    second: ClaimState | None,
    match: ClaimMatch | None,
    *,
    old: Page | None,
    new: Page,
    mark: Mark,
    inputs: Sequence[InputChange],
) -> Change:
    sides = [state for state in (first, second) if state]
    shown = [state.model_dump(mode="json", exclude={"place"}) if state else None for state in (first, second)]
    return Change(
        id="ch_" + digest([new.hcpcs_code, compared.kinds, *shown])[:_NAME],
        kinds=compared.kinds,
        old=first,
        new=second,
        match=match,
        words=compared.words,
        figures=compared.figures,
        evidence=compared.evidence,
        reasons=find_reasons(first, second, compared.evidence, before=old, after=new, inputs=inputs),
        risks=find_risks(
            sides[-1],
            compared.kinds,
            compared.evidence,
            compared.words,
            marked=" ".join(mark(text) for state in sides for _, text in state.parts),
        ),
    )


def _named(hcpcs_code: str, change: PageChange) -> PageChange:
    name = "ch_" + digest([hcpcs_code, change.what, change.old, change.new])[:_NAME]
    return change.model_copy(update={"id": name})


def claims_of(diff: PageDiff) -> Iterator[tuple[str, str]]:
    """Every claim of both sides, as old and new id; an empty id is a side that has no such claim."""
    for change in diff.changes:
        yield (change.old.claim_id if change.old else "", change.new.claim_id if change.new else "")
    yield from diff.unchanged
