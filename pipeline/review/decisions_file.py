"""The file of decisions that a person edits: TOML, each change with what it shows as comments above its three lines."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, ValidationError

from pipeline.data import Change, DecidedChange, HcpcsCode, PageChange, PageDiff, PageReview, Record, Risk
from pipeline.errors import UsageError
from pipeline.review.approval import needs_second_person

DECISIONS = ("accept", "reject", "amend")
_HEAD = """\
# Decisions about changed pages. The redlines beside this file show each change with its evidence.
# For each change: decision = "accept", "reject" or "amend"; a rejection needs a reason, an amendment a reason and
# the text that is to stand, which is verified again. An empty decision leaves the change open.
# all = "accept" or "reject" of a page holds for its changes without a decision of their own, those marked [rule],
# [modifier] or [payment] excepted: they are decided one by one.
# Leave ids and hashes as they are: a decision holds for exactly what was shown.
"""


def _word(text: str) -> str:
    """However it was typed: "Accept " is accept."""
    return text.strip().lower()


class DecidedEntry(Record):
    """One change in the file, as its reviewer left it."""

    id: str
    decision: Annotated[str, AfterValidator(_word)] = ""
    reason: str = ""
    text: str = ""


class DecidedPage(Record):
    """The changes of one page in the file, and the hashes of what was shown."""

    code: HcpcsCode
    old_sha256: str = ""
    new_sha256: str
    all: Annotated[str, AfterValidator(_word)] = ""
    reason: str = ""
    change: tuple[DecidedEntry, ...] = ()


class DecisionsFile(Record):
    """The whole file. `reviewer` may be given at the import instead."""

    reviewer: str = ""
    page: tuple[DecidedPage, ...] = ()


def write_decisions_file(
    diffs: Sequence[PageDiff],
    reviews: Mapping[str, PageReview],
    *,
    second_person: Collection[Risk] = (),
    reviewer: str = "",
) -> str:
    """The file for these pages; `reviews` say, by code, what was decided before. Same diffs, same text."""
    lines = [_HEAD, f"reviewer = {_quoted(reviewer)}", ""]
    for diff in diffs:
        known = {one.change_id: one for one in reviews[diff.hcpcs_code].changes}
        lines += [
            "[[page]]",
            f"code = {_quoted(diff.hcpcs_code)}",
            f"old_sha256 = {_quoted(diff.old_sha256)}",
            f"new_sha256 = {_quoted(diff.new_sha256)}",
            'all = ""',
            'reason = ""',
            "",
        ]
        for change in diff.changes:
            shown = [*_shown(change), *_before(known.get(change.id))]
            if needs_second_person(change, second_person):
                shown.append("two persons have to accept this")
            lines += _entry(change.id, shown, amendable=change.new is not None)
        for other in diff.others:
            lines += _entry(other.id, [*_beside(other), *_before(known.get(other.id))], amendable=False)
    return "\n".join(lines)


def read_decisions_file(text: str, *, name: str) -> DecisionsFile:
    """The file as a record. Raises UsageError for what is no TOML, or has a line that does not belong in it."""
    try:
        file = DecisionsFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} is no TOML file: {error}; export it again, or mend that line") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{name}: {_fault(first['loc'], first['msg'])}; mend that line") from error
    for code, number in Counter(page.code for page in file.page).items():
        if number > 1:
            raise UsageError(f"{name}: {code} is in it {number} times; put its changes under one [[page]]")
    return file


def _fault(place: Sequence[int | str], message: str) -> str:
    """What is wrong where, counted as a person counts: `change 3 of page 1: decison is no field here`."""
    named = dict(zip(place[::2], place[1::2], strict=False))
    at = [f"{kind} {int(named[kind]) + 1}" for kind in ("change", "page") if isinstance(named.get(kind), int)]
    field = place[-1] if isinstance(place[-1], str) else ""
    said = "is no field here" if message.startswith("Extra inputs") else f"is not as it should be ({message})"
    return f"{' of '.join(at)}{': ' if at else ''}{field} {said}"


def _entry(change_id: str, shown: Sequence[str], *, amendable: bool) -> Iterator[str]:
    yield "[[page.change]]"
    yield f"id = {_quoted(change_id)}"
    for line in shown:
        yield f"# {_comment(line)}"
    yield 'decision = ""'
    yield 'reason = ""'
    if amendable:
        yield 'text = ""'
    yield ""


def _shown(change: Change) -> Iterator[str]:
    kinds = ", ".join(kind.value for kind in change.kinds)
    risks = "".join(f" [{risk.value}]" for risk in change.risks)
    yield f"{kinds}{risks}, {change.state.heading}, {change.state.claim_id}"
    if change.old and change.new:
        parts = [part for part in change.words if part.part != "payer"]
        if not any(part.part == "text" for part in parts):
            yield f"  {change.state.text}"
        for part in parts:
            yield f"- {part.part}: {part.old}"
            yield f"+ {part.part}: {part.new}"
    else:
        sign = "-" if change.new is None else "+"
        for name, text in change.state.parts:
            if name != "payer":
                yield f"{sign} {name}: {text}"
    for reason in change.reasons[:4]:
        yield f"because: {reason.text}"


def _beside(other: PageChange) -> Iterator[str]:
    yield f"beside the claims: {other.what}"
    if other.old:
        yield f"- {other.old}"
    if other.new:
        yield f"+ {other.new}"


def _before(decided: DecidedChange | None) -> Iterator[str]:
    if decided and decided.accepted_by:
        yield f"accepted by {', '.join(decided.accepted_by)}"
    if decided and decided.rejected_by:
        yield f"rejected by {', '.join(decided.rejected_by)}"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """Text on one line of a comment, in which TOML allows no control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
