"""Why a claim changed, and what a wrong bill would follow from: read off both sides, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.changes.newer_release import differs_in_amounts, is_amount
from pipeline.data import (
    ChangeKind,
    ClaimState,
    EvidenceChange,
    InputChange,
    Page,
    Reason,
    ReasonKind,
    Risk,
    WordChange,
)
from pipeline.facts.rows import BEFORE

_RULES = frozenset(("coverage", "denials", "faqs", "edits", "indicators"))
_PAYMENT = frozenset(("payment", "rvu"))
_WORDED = frozenset((ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.VERDICT, ChangeKind.REWORDED))
_KINDS: dict[str, ReasonKind] = {
    "facts": "row",
    "notes": "note",
    "quotes": "document",
    "diagnoses": "document",
    "sections": "prompt",
    "prompts": "prompt",
    "drafter": "drafter",
    "checker": "checker",
    "profiles": "classification",
    "as_of": "date",
}
_SOURCE_PARTS = frozenset(("notes", "quotes", "documents", "diagnoses", "facts"))


def find_risks(
    state: ClaimState,
    kinds: Sequence[ChangeKind],
    evidence: Sequence[EvidenceChange],
    words: Sequence[WordChange],
    *,
    marked: str,
) -> tuple[Risk, ...]:
    """What the change touches: none where it only moved, or rests on newer rows with the same values or other amounts.

    A row that says otherwise how something is paid, or by which rule, always touches something. `marked` is the text of
    both sides with everything checkable in it as typed tokens.
    """
    other_rows = any(_is_basis(change) for change in evidence)
    worded = bool(_WORDED & set(kinds)) or not differs_in_amounts(words, state.subject)
    if not (worded or other_rows):
        return ()
    found: list[Risk] = []
    if state.section_key in _RULES or state.subject.startswith("indicator:"):
        found.append(Risk.RULE)
    if state.section_key == "modifiers" or "mod#" in marked:
        found.append(Risk.MODIFIER)
    if state.section_key in _PAYMENT or state.subject.startswith(("payment:", "rvu:")):
        found.append(Risk.PAYMENT)
    return tuple(found) or ((Risk.RULE,) if other_rows else ())


def _is_basis(change: EvidenceChange) -> bool:
    """Whether a row says otherwise how something is paid or by which rule: all that is no amount of money or RVUs."""
    return change.kind == "row" and change.old != change.new and not is_amount(change)


def find_reasons(
    old: ClaimState | None,
    new: ClaimState | None,
    evidence: Sequence[EvidenceChange],
    *,
    before: Page | None,
    after: Page,
    inputs: Sequence[InputChange] = (),
) -> tuple[Reason, ...]:
    """The reasons, evidence first. `inputs` are what differed between the inputs of the revisions, where known."""
    found = sorted(_from_evidence(evidence), key=lambda reason: reason.kind != "release")
    if old and new:
        found += _from_hands(old, new)
    if new and not new.standing:
        found.append(Reason(kind="checker", text=f"withheld: {new.reason}"))
    if not found and before is None:
        found.append(Reason(kind="program", text="the page is new"))
    if not found and old is None and new is not None:
        found += _from_sources(new)
    if not found:
        found += _from_inputs(inputs, (new or old), gone=new is None)
    if not found and before is not None and before.as_of != after.as_of:
        found.append(Reason(kind="date", text=f"the date of service, {before.as_of} → {after.as_of}"))
    if not found:
        found.append(Reason(kind="program", text="how Briefwright composes and orders statements"))
    return tuple(dict.fromkeys(found))


def _from_evidence(evidence: Sequence[EvidenceChange]) -> Iterator[Reason]:
    for change in evidence:
        if change.kind == "quote":
            noted = "Briefwright note" in (change.new_source or change.old_source)
            kind = "note" if noted else "document"
            if change.old_source and change.new_source:
                if change.old_source == change.new_source:
                    yield Reason(kind=kind, text=f"other words of {change.new_source}")
                else:
                    yield Reason(kind=kind, text=f"{change.old_source} → {change.new_source}")
            elif change.new_source:
                yield Reason(kind=kind, text=f"{change.new_source}, cited now")
            else:
                yield Reason(kind=kind, text=f"{change.old_source}, no longer cited")
        elif change.old_source and change.new_source:
            if change.old_source != change.new_source:
                yield Reason(kind="release", text=_releases(change.old_source, change.new_source))
            else:
                yield Reason(kind="row", text=f"{change.field} of {change.new_source} changed")
        elif change.new_source:
            yield Reason(kind="row", text=f"{change.field} of {change.new_source}, cited now")
        else:
            yield Reason(kind="row", text=f"{change.field} of {change.old_source}, no longer cited")


def _releases(old: str, new: str) -> str:
    """`release RVU24C → RVU25D`; what is said of both alike is said once."""
    (first, _, before), (second, _, after) = (source.partition(", ") for source in (old, new))
    if before == after and first != second:
        return f"release {first} → {second}" + (f", {after}" if after else "")
    return f"release {old} → {new}"


def _from_hands(old: ClaimState, new: ClaimState) -> Iterator[Reason]:
    if old.drafter != new.drafter:
        yield Reason(kind="drafter", text=f"drafted by {new.drafter} instead of {old.drafter}")
    if old.model != new.model:
        yield Reason(
            kind="judge", text=f"judged by {new.model or 'no model'} instead of {old.model or 'no model'}"
        )
    if old.prompt_hash != new.prompt_hash and old.model and new.model:
        yield Reason(kind="prompt", text=f"judging prompt {old.prompt_hash[:8]} → {new.prompt_hash[:8]}")
    if old.checker != new.checker and (old.label, old.standing) != (new.label, new.standing):
        yield Reason(kind="checker", text=f"checker {old.checker} → {new.checker}")


def _from_sources(new: ClaimState) -> Iterator[Reason]:
    """What an added claim rests on."""
    releases = dict.fromkeys(item.fact.release for item in new.evidence if item.kind == "row")
    for release in releases:
        yield Reason(kind="release", text=f"rests on {release}")
    for document in dict.fromkeys(item.document_id for item in new.evidence if item.kind == "quote"):
        kind, _, name = document.partition(":")
        yield Reason(kind="note" if kind == "note" else "document", text=f"rests on {kind} {name}")


def by_gravity(change: InputChange) -> tuple[bool, bool]:
    """Sorts changed inputs: other values before newer releases of the same, this year's rows before the last one's."""
    old, _, new = (side.partition(" (")[0] for side in change.detail.partition(" → "))
    return change.item.startswith(BEFORE), change.part == "facts" and old == new


def _from_inputs(inputs: Sequence[InputChange], state: ClaimState | None, *, gone: bool) -> Iterator[Reason]:
    """The changed inputs that can have done it: those the claim rests on first, else those of the whole page."""
    quoted = [item.document_id for item in state.evidence if item.kind == "quote"] if state else []
    cited = {document.removeprefix("note:") for document in quoted}
    cited |= {item.fact.field for item in state.evidence if item.kind == "row"} if state else set()
    own = [change for change in inputs if change.item in cited]
    for change in sorted(own or inputs, key=by_gravity):
        if own or change.part not in _SOURCE_PARTS or gone:
            yield Reason(kind=_KINDS.get(change.part, "program"), text=change.as_text())
