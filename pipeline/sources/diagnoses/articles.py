"""Diagnoses of a billing-and-coding article: which of its groups belongs to a HCPCS code.

A group belongs to a code only where its own words or heading name the code, or where the article has one group of
procedure codes, which holds the code, and one of diagnoses. Groups are not matched by their numbers.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple

from pipeline.data import DocumentBlock, SourceDocument
from pipeline.sources.codes_named import codes_named, names
from pipeline.sources.diagnoses.companions import (
    calls_for_another,
    ranks_diagnoses,
    speaks_of_group,
    ties_group,
)
from pipeline.sources.diagnoses.groups import Group, Section, speaking_blocks
from pipeline.sources.diagnoses.icd10 import codes_in, holds_codes, read_codes, read_list
from pipeline.sources.diagnoses.provisos import (
    ELSEWHERE,
    MOST_QUOTED,
    concerns,
    denies,
    find_concerning,
    find_sentences,
    says_more,
    says_use,
)
from pipeline.sources.diagnoses.quotes import why_unquotable
from pipeline.sources.diagnoses.ties import (
    NEGATIVE,
    Naming,
    Place,
    Proviso,
    Skipped,
    Stated,
    Tie,
    TiesRead,
    find_namings,
    names_others_only,
    sentences,
    takes_back,
)

_HCPCS = re.compile(r"(?P<code>[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})(?![0-9A-Za-z])")
_EDGE = " | "


class _Rows(NamedTuple):
    stated: tuple[Stated, ...]
    unread: bool


class _Article(NamedTuple):
    """An article as it is read for a code.

    `holding` are its groups of procedure codes that list the code, `outside` the blocks outside all groups.
    """

    document: SourceDocument
    groups: Sequence[Group]
    holding: Sequence[Group]
    outside: Sequence[DocumentBlock]
    hcpcs_code: str

    @property
    def text(self) -> str:
        return self.document.text


def read_article(document: SourceDocument, groups: Sequence[Group], hcpcs_code: str) -> TiesRead:
    """The diagnoses that the article's supporting groups give for the code."""
    text = document.text
    supporting = [group for group in groups if group.section is Section.SUPPORTING]
    procedures = [group for group in groups if group.section is Section.PROCEDURES]
    holding = [group for group in procedures if _procedure_places(text, group, hcpcs_code)]
    denied = frozenset(
        code
        for group in groups
        if group.section is Section.NOT_SUPPORTING
        for stated in read_rows(text, group.rows).stated
        for code in stated.code.codes
    )
    namings = [_namings(text, group, hcpcs_code) for group in supporting]
    if not holding and not any(namings):
        return TiesRead((), denied)
    article = _Article(document, groups, holding, tuple(_outside(document, groups)), hcpcs_code)
    if any(namings):
        read = [_read_named(article, *pair) for pair in zip(supporting, namings, strict=True)]
        ties = [one for one in read if isinstance(one, Tie)]
        skipped = [one for one in read if isinstance(one, Skipped)]
        if ties:
            silent = [group for group, found in zip(supporting, namings, strict=True) if not found]
            skipped += [one for group in silent if (one := _read_silent(article, group))]
        return TiesRead(tuple(ties), denied, tuple(sorted(skipped, key=lambda one: one.places)))
    only = _read_only(article, procedures, supporting)
    return TiesRead(
        (only,) if isinstance(only, Tie) else (), denied, (only,) if isinstance(only, Skipped) else ()
    )


def _read_named(article: _Article, group: Group, namings: Sequence[Naming]) -> Tie | Skipped | None:
    """A group by its own words and heading; None where these do not name the code."""
    if not namings:
        return None
    text, code = article.text, article.hcpcs_code
    listed = article.holding or not any(one.section is Section.PROCEDURES for one in article.groups)
    if why_not := next((naming.why_not for naming in namings if naming.why_not), ""):
        return _skip(group, why_not)
    if _takes_back(text, group):
        return _skip(group, "the words above it set an exception")
    if any(takes_back(text[place.start : place.end]) for held in article.holding for place in held.words):
        return _skip(group, "the words above its procedure codes set an exception")
    if not listed and not _in_so_many_words(text, namings, code):
        return _skip(group, f"it names a range, and the article does not list {code}")
    naming = [naming.place for naming in namings]
    return _tie(article, group, naming, why=f"whose words or heading name {code}")


def _read_silent(article: _Article, group: Group) -> Skipped | None:
    """A group that may be the code's beside one that is: its words name no codes, or a wide range."""
    places = [*group.headings, *group.words]
    named = codes_named(" \n".join(article.text[place.start : place.end] for place in places))
    if not named:
        return _skip(group, "its words do not say which procedure codes it goes with")
    if names(named, article.hcpcs_code):
        return _skip(group, f"its words name a range of codes too wide to say so of {article.hcpcs_code}")
    return None


def _read_only(
    article: _Article, procedures: Sequence[Group], supporting: Sequence[Group]
) -> Tie | Skipped | None:
    """The only group of diagnoses, beside the only one of procedure codes."""
    text, code = article.text, article.hcpcs_code
    if problem := _why_not_only(text, procedures, supporting, code):
        return Skipped("", problem)
    why = f"the only group, beside the only group of procedure codes, which holds {code}"
    return _tie(article, supporting[0], _procedure_places(text, procedures[0], code)[:1], why=why)


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


def _tie(article: _Article, group: Group, naming: Sequence[Place], *, why: str) -> Tie | Skipped | None:
    """The group's tie, unless it says more than a page can show; None for a group without a code."""
    rows = read_rows(article.text, group.rows)
    if group.unread or rows.unread:
        return _skip(group, "its list of diagnoses could not be read whole")
    if not rows.stated:
        return None
    held = [_row_of(article.text, one, article.hcpcs_code) for one in article.holding]
    if any(_says_more(article.text, row) for row in group.rows) or any(
        says_more(cell) for row in held if row for cell in article.text[row.start : row.end].split(_EDGE)[2:]
    ):
        return _skip(group, "its rows say more than codes and what these mean")
    listed = frozenset(code for one in rows.stated for code in one.code.codes)
    if call := _find_call(article, group, listed):
        return _skip(group, "words about it may call for another diagnosis beside one of its own", call)
    elsewhere = tuple(islice(_elsewhere(article, group, listed), MOST_QUOTED + 1))
    if any(denies(article.text[one.place.start : one.place.end], listed) for one in elsewhere):
        return _skip(group, "words elsewhere in it may deny or end its coverage")
    provisos = (*_provisos(article, group), *elsewhere)
    if len(provisos) > MOST_QUOTED:
        return _skip(group, f"more than {MOST_QUOTED} sentences about it may set conditions")
    for proviso in provisos:
        if problem := why_unquotable(article.document, proviso.place):
            return _skip(group, f"words about it may set a condition and cannot be quoted: {problem}")
    return Tie(f"{_where(group)}, {why}", tuple(naming), rows.stated, provisos)


def _provisos(article: _Article, group: Group) -> Iterator[Proviso]:
    """What a page quotes beside the group's list: all that its words say beyond what the list supports."""
    text = article.text
    for place in (*group.headings, *group.words):
        yield from (Proviso(f"of {_name(group)}", at) for at in _more(article, place))
    for note in group.notes:
        words = text[note.start : note.end].rstrip(_EDGE)
        if says_more(words):
            yield Proviso(f"among the codes of {_name(group)}", Place(note.start, note.start + len(words)))
    for held in article.holding:
        of = f"of its procedure codes{f' of Group {held.number}' if held.number else ''}"
        for place in _around(held):
            yield from (Proviso(of, at) for at in _more(article, place))


def _more(article: _Article, place: Place) -> Iterator[Place]:
    """The sentences of a place that say more, the article's own descriptions of its procedures aside."""
    for at in find_sentences(article.text, place):
        sentence = article.text[at.start : at.end]
        if says_more(sentence) and says_more(_undescribed(article, sentence)):
            yield at


def _undescribed(article: _Article, sentence: str) -> str:
    """A sentence without what the article's rows say behind the procedure codes that it names."""
    for group in article.groups if article.holding else ():
        for row in group.rows if group.section is Section.PROCEDURES else ():
            code, _, words = article.text[row.start : row.end].partition(_EDGE)
            words = words.partition(_EDGE)[0].strip()
            if words and code in sentence:
                behind = rf"\b{re.escape(code)}\b[\s:,|(–—-]{{0,5}}{re.escape(words)}\b"
                sentence = re.sub(behind, code, sentence, flags=re.IGNORECASE)
    return sentence


def _elsewhere(article: _Article, group: Group, listed: frozenset[str]) -> Iterator[Proviso]:
    """Sentences about the group's list that stand in other groups, or outside all of them."""
    text, code, own = article.text, article.hcpcs_code, frozenset(_around(group))

    def proviso(at: Place) -> Proviso:
        named = speaks_of_group(text[at.start : at.end], group.number)
        return Proviso(f"of {_name(group)}" if named else ELSEWHERE, at)

    def about(sentence: str, *, whole: bool | None = False) -> bool:
        return speaks_of_group(sentence, group.number) or concerns(sentence, listed, code, whole=whole)

    held = {place for one in article.holding for place in _around(one)}
    for one in article.groups:
        whole = None if one.section is Section.NOT_SUPPORTING else True
        for place in _around(one):
            for at in find_sentences(text, place) if place not in own | held else ():
                sentence = text[at.start : at.end]
                if says_more(sentence) and about(sentence, whole=whole):
                    yield proviso(at)
    for at in find_concerning(text, article.outside, about):
        if says_more(text[at.start : at.end]):
            yield proviso(at)


def _find_call(article: _Article, group: Group, listed: frozenset[str]) -> Place | None:
    """Where the article may say that a diagnosis of the group is not enough."""
    text = article.text
    for one in (group, *article.holding):
        for place in _around(one):
            for at, sentence in sentences(text, place):
                if calls_for_another(sentence, one.number):
                    return at
    for other in article.groups:
        for place in _around(other) if other is not group else ():
            for at, sentence in sentences(text, place):
                if ties_group(sentence, group.number):
                    return at
    for block in article.outside:
        for at, sentence in sentences(text, Place(block.start, block.end)):
            ranks = ranks_diagnoses(sentence) and not names_others_only(sentence, article.hcpcs_code)
            calls = codes_in(sentence) & listed and calls_for_another(sentence, group.number)
            if ranks or calls or ties_group(sentence, group.number):
                return at
    return None


def _around(group: Group) -> tuple[Place, ...]:
    return (*group.headings, *group.words, *group.notes)


def _outside(document: SourceDocument, groups: Sequence[Group]) -> Iterator[DocumentBlock]:
    """The blocks outside all groups that say what holds."""
    inside = sorted(place for one in groups for place in (*_around(one), *one.rows))
    starts = [place.start for place in inside]
    ends = list(accumulate((place.end for place in inside), max))
    for block in speaking_blocks(document):
        before = bisect_left(starts, block.end)
        if not before or ends[before - 1] <= block.start:
            yield block


def _says_more(text: str, row: Place) -> bool:
    """Whether a row holds, beside codes and what these mean, words on their use."""
    first, *rest = text[row.start : row.end].split(_EDGE)
    return any(map(says_more, rest[1:])) or any(says_use(words, read_codes(first)) for words in rest[:1])


def _skip(group: Group, why: str, *places: Place) -> Skipped:
    heading = group.headings[1] if group.number and len(group.headings) > 1 else group.headings[0]
    return Skipped(_name(group), why, (heading, *places))


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


def _row_of(text: str, group: Group, hcpcs_code: str) -> Place | None:
    """The row in which the group lists the code."""
    return next((row for row in group.rows if text.startswith(hcpcs_code, row.start)), None)


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
