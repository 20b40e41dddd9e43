"""The redline of a page as text: for a terminal, where old words are struck through and new ones underlined."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.changes.redline import groups_of, notes_of, same_text, tally
from pipeline.data import Change, EvidenceChange, PageDiff, Words
from pipeline.page.text import one_line, shortened, visible

_REASONS = 3
_ROWS = 4
_OUT, _IN, _BOLD, _FAINT, _OFF = "\x1b[31;9m", "\x1b[32;4m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def redline_text(diff: PageDiff, *, colour: bool) -> str:
    """The changes by section. Without `colour`, old words stand as [-old-] and new ones as {+new+}."""
    head = f"{diff.hcpcs_code}  {diff.old or 'nothing'} → {diff.new}: {tally(diff)}"
    lines = [head, f"  {len(diff.unchanged)} claims unchanged"]
    for group in groups_of(diff):
        heading = visible(group.heading)
        lines += ["", f"{_BOLD}{heading}{_OFF}" if colour else heading]
        for change in group.telling:
            lines += _change(change, colour=colour)
        if group.same:
            names = ", ".join(change.state.claim_id for change in group.same)
            lines += [f"  {visible(same_text(group.same))}", f"      {names}"]
    if diff.others:
        lines += ["", "Beside the claims"]
        for other in diff.others:
            runs = [Words(op="out", text=other.old), Words(op="in", text=other.new)]
            words = _runs([run for run in runs if run.text], colour=colour)
            lines.append(f"  {visible(other.what)}: {words}")
    return "\n".join(lines) + "\n"


def _change(change: Change, *, colour: bool) -> Iterator[str]:
    kinds = ", ".join(kind.value for kind in change.kinds)
    risks = f"  [{', '.join(risk.value for risk in change.risks)}]" if change.risks else ""
    yield f"  {kinds}{risks}  {change.state.claim_id}"
    worded = {part.part: part for part in change.words}
    op = "in" if change.old is None else "out" if change.new is None else "same"
    if change.old and change.new and "text" in worded:
        yield f"      {_runs(worded['text'].words, colour=colour)}"
    else:
        yield f"      {_runs([Words(op=op, text=one_line(change.state.text))], colour=colour)}"
    if change.old and change.new:
        for part in change.words:
            if part.part != "text":
                yield f"      {part.part}: {_runs(part.words, colour=colour)}"
    said = [visible(line) for line in notes_of(change)]
    said += [f"because: {visible(shortened(reason.text, 200))}" for reason in change.reasons[:_REASONS]]
    valued = [item for item in change.evidence if item.old != item.new and item.kind == "row"]
    said += [_row(item) for item in valued[:_ROWS]]
    for line in said:
        yield f"      {_FAINT}{line}{_OFF}" if colour else f"      {line}"


def _row(item: EvidenceChange) -> str:
    old = f"{item.old} ({item.old_source})" if item.old_source else "none"
    new = f"{item.new} ({item.new_source})" if item.new_source else "none"
    return visible(f"{item.field}: {old} → {new}")


def _runs(words: tuple[Words, ...] | list[Words], *, colour: bool) -> str:
    marks = {"out": (_OUT, _OFF), "in": (_IN, _OFF)} if colour else {"out": ("[-", "-]"), "in": ("{+", "+}")}
    said = []
    for run in words:
        before, after = marks.get(run.op, ("", ""))
        said.append(before + visible(run.text) + after)
    return "".join(said)
