"""The redline of a page as one HTML file: every change with its words, figures, evidence and reasons."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.changes.newer_release import is_newer_release
from pipeline.data import Change, ChangeKind, Evidence, PageDiff, RowEvidence
from pipeline.page.text import one_line, shortened, visible
from pipeline.selector import code_system

_TEMPLATES = Path(__file__).parent / "templates"
_CLASSES = {kind: kind.value.split()[0] for kind in ChangeKind}


class Group(NamedTuple):
    """Changes that stand under one heading, in order; `same` are those of which a newer release says the very same."""

    heading: str
    telling: list[Change]
    same: list[Change]


def render_redline(diff: PageDiff, *, site_name: str) -> str:
    """One file without scripts or requests. Same diff and site name, same text; all text is escaped."""
    css = _style()
    counts = Counter(change.kinds[0] for change in diff.changes)
    return (
        _environment()
        .get_template("redline.html.j2")
        .render(
            diff=diff,
            site_name=site_name,
            code_name=f"{code_system(diff.hcpcs_code)} {diff.hcpcs_code}",
            tally=tally(diff),
            counts=[(_CLASSES[kind], kind.value, counts[kind]) for kind in ChangeKind if counts[kind]],
            groups=groups_of(diff),
            same_text=same_text,
            class_of=lambda change: _CLASSES[change.kinds[0]],
            notes_of=notes_of,
            named=_named,
            evidence_line=_evidence_line,
            css=css,
            csp=_policy(css),
        )
    )


def groups_of(diff: PageDiff) -> list[Group]:
    """The changes under their headings."""
    found = []
    for heading, under in groupby(diff.changes, key=lambda change: change.state.heading):
        changes = list(under)
        same = [change for change in changes if is_newer_release(change)]
        found.append(Group(heading, [change for change in changes if change not in same], same))
    return found


def same_text(changes: Sequence[Change]) -> str:
    """How many claims say the same as before, and by which releases."""
    why = dict.fromkeys(reason.text for change in changes for reason in change.reasons)
    number = f"{len(changes)} claims say" if len(changes) > 1 else "1 claim says"
    return f"{number} the same with the same values: {'; '.join(why)}"


def tally(diff: PageDiff) -> str:
    """How many claims changed in which way, in words."""
    if diff.is_empty:
        return "No changes."
    counts = Counter(change.kinds[0] for change in diff.changes)
    said = [f"{counts[kind]} {kind.value}" for kind in ChangeKind if counts[kind]]
    if diff.others:
        said.append(f"{len(diff.others)} beside the claims")
    return ", ".join(said)


def notes_of(change: Change) -> Iterator[str]:
    """What else there is to say of a change: verdicts, where it moved, how it was recognised."""
    old, new = change.old, change.new
    if new and not new.standing:
        yield f"Not on the page: {new.label.replace('_', ' ')}. {new.reason}"
    if old and new:
        if (old.label, old.standing) != (new.label, new.standing):
            yield f"Verdict: {_standing(old.label, old.standing)} → {_standing(new.label, new.standing)}"
        if old.section_key != new.section_key:
            yield f"Moved from “{old.heading}” to “{new.heading}”"
        elif ChangeKind.MOVED in change.kinds:
            yield f"Moved from place {old.place + 1} to place {new.place + 1}"
        if change.match and change.match.how == "words":
            yield f"Recognised by its words ({change.match.score:.2f}); before: “{shortened(old.text, 160)}”"
        if old.claim_id != new.claim_id:
            yield f"Its id was {old.claim_id}"


def _named(revision: str) -> str:
    """A revision's name in a sentence."""
    if revision in ("published", "candidate"):
        return f"the {revision} page" if revision == "published" else "the candidate"
    is_date = len(revision) == 10 and revision.count("-") == 2
    return f"the page for {revision}" if is_date else f"revision {revision}"


def _standing(label: str, standing: bool) -> str:
    return label.replace("_", " ") + ("" if standing else ", withheld")


def _evidence_line(item: Evidence) -> str:
    if isinstance(item, RowEvidence):
        fact = item.fact
        return f"{fact.release}: {fact.hcpcs_code} {fact.field} = {fact.value} {fact.unit}".rstrip()
    return f"{item.document_id}: “{shortened(one_line(item.quote), 240)}”"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: (
            visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )


@cache
def _style() -> Markup:
    """The style sheet, and a rule for each box that hides its kind; the policy's hash is over these characters."""
    hiding = "".join(
        f"body:has(#show-{name}:not(:checked)) article.{name} {{ display: none; }}\n"
        for name in _CLASSES.values()
    )
    text = (_TEMPLATES / "redline.css").read_text(encoding="utf-8") + hiding
    return Markup(text)  # noqa: S704 - our own file


def _policy(css: str) -> str:
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
