"""Diagnoses of a billing-and-coding article: which of its groups belongs to a HCPCS code.

A group belongs to a code only where its own words or heading name the code, or where the article has one group of
procedure codes, which holds the code, and one of diagnoses. Groups are not matched by their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.data import SourceDocument
from pipeline.sources.codes_named import codes_named
from pipeline.sources.diagnoses.groups import Group, Section
from pipeline.sources.diagnoses.icd10 import holds_codes, read_codes, read_list
from pipeline.sources.diagnoses.ties import (
    NEGATIVE,
    Naming,
    Place,
    Stated,
    Tie,
    TiesRead,
    find_namings,
    names_others_only,
    sets_conditions,
    takes_back,
)

_HCPCS = re.compile(r"(?P<code>[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})(?![0-9A-Za-z])")
_EDGE = " | "


class _Rows(NamedTuple):
    stated: tuple[Stated, ...]
    unread: bool


def read_article(document: SourceDocument, groups: Sequence[Group], hcpcs_code: str) -> TiesRead:
    """The diagnoses that the article's supporting groups give for the code."""
    text = document.text
    supporting = [group for group in groups if group.section is Section.SUPPORTING]
    procedures = [group for group in groups if group.section is Section.PROCEDURES]
    held = [place for group in procedures for place in _procedure_places(text, group, hcpcs_code)]
    denied = frozenset(
        code
        for group in groups
        if group.section is Section.NOT_SUPPORTING
        for stated in read_rows(text, group.rows).stated
        for code in stated.code.codes
    )
    ties, reasons = [], []
    named_anywhere = False
    for group in supporting:
        namings = _namings(text, group, hcpcs_code)
        named_anywhere |= bool(namings)
        if why_not := next((naming.why_not for naming in namings if naming.why_not), ""):
            reasons.append(f"{_name(group)}: {why_not}")
        elif namings and _takes_back(text, group):
            reasons.append(f"{_name(group)}: the words above it set an exception")
        elif namings and procedures and not held and not _in_so_many_words(text, namings, hcpcs_code):
            reasons.append(f"{_name(group)} names a range, and the article does not list {hcpcs_code}")
        elif namings:
            _add(
                ties,
                reasons,
                text,
                group,
                [naming.place for naming in namings],
                why=f"whose words or heading name {hcpcs_code}",
            )
    if not named_anywhere and held:
        if problem := _why_not_only(text, procedures, supporting, hcpcs_code):
            reasons.append(problem)
        else:
            why = f"the only group, beside the only group of procedure codes, which holds {hcpcs_code}"
            _add(ties, reasons, text, supporting[0], held[:1], why=why)
    return TiesRead(tuple(ties), denied, tuple(reasons))


def read_rows(text: str, rows: Sequence[Place]) -> _Rows:
    """What rows list, each row "code | description" or a running text of codes with their descriptions.

    Unread are rows that hold codes in another form.
    """
    stated: list[Stated] = []
    unread = False
    for row in rows:
        words = text[row.start : row.end]
        first, _, rest = words.partition(_EDGE)
        if codes := read_codes(first):
            for code in codes:
                own = Place(row.start + code.start, row.start + code.start + len(code.written))
                stated.append(Stated(code, row, own, rest if len(codes) == 1 else ""))
        elif codes := read_list(words):
            for code in codes:
                whole = Place(row.start + code.start, row.start + code.end)
                own = Place(whole.start, whole.start + len(code.written))
                stated.append(Stated(code, whole, own))
        else:
            unread |= holds_codes(words)
    return _Rows(tuple(stated), unread)


def _add(
    ties: list[Tie], reasons: list[str], text: str, group: Group, naming: Sequence[Place], *, why: str
) -> None:
    rows = read_rows(text, group.rows)
    if group.unread or rows.unread:
        reasons.append(f"{_name(group)}: its list of diagnoses could not be read whole")
    elif rows.stated:
        around = (*group.headings, *group.words, *group.notes)
        conditional = any(sets_conditions(text[place.start : place.end]) for place in around)
        ties.append(Tie(f"{_where(group)}, {why}", tuple(naming), rows.stated, conditional))


def _namings(text: str, group: Group, hcpcs_code: str) -> list[Naming]:
    places = [*group.headings, *group.words]
    return [naming for place in places for naming in find_namings(text, place, hcpcs_code)]


def _takes_back(text: str, group: Group) -> bool:
    """Whether words above or among the codes say that they do not support; among the codes any exception does."""
    return any(takes_back(text[place.start : place.end]) for place in group.words) or any(
        NEGATIVE.search(text[place.start : place.end]) for place in group.notes
    )


def _in_so_many_words(text: str, namings: Sequence[Naming], hcpcs_code: str) -> bool:
    named = [pair for naming in namings for pair in codes_named(text[naming.place.start : naming.place.end])]
    return any(hcpcs_code in pair for pair in named)


def _procedure_places(text: str, group: Group, hcpcs_code: str) -> list[Place]:
    """Where the group lists the code, the code alone: the words behind it are the AMA's."""
    found = (_HCPCS.match(text, row.start, row.end) for row in group.rows)
    return [Place(match.start(), match.end()) for match in found if match and match["code"] == hcpcs_code]


def _why_not_only(
    text: str, procedures: Sequence[Group], supporting: Sequence[Group], hcpcs_code: str
) -> str:
    """Why the code's one group of diagnoses cannot be told; empty: it can."""
    if len(procedures) != 1 or len(supporting) != 1:
        return f"it lists diagnoses by group and does not say which group goes with {hcpcs_code}"
    words = [text[place.start : place.end] for place in (*procedures[0].headings, *procedures[0].words)]
    if any(NEGATIVE.search(each) for each in words):
        return f"the words above its procedure codes set an exception, which may be {hcpcs_code}"
    if _takes_back(text, supporting[0]):
        return "the words above its diagnoses set an exception"
    above = [text[place.start : place.end] for place in (*supporting[0].headings, *supporting[0].words)]
    if any(names_others_only(each, hcpcs_code) for each in above):
        return f"the words above its diagnoses name other codes than {hcpcs_code}"
    return ""


def _where(group: Group) -> str:
    which = f"Group {group.number} of its" if group.number else "its"
    return f"{which} codes that support medical necessity"


def _name(group: Group) -> str:
    return f"Group {group.number}" if group.number else "its list of supporting diagnoses"
