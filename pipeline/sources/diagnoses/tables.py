"""Diagnoses of a table that ties codes to codes: both in one row, or the HCPCS code in the heading above.

A table is read only where its head says which column holds what. What its head, its other columns and the words around
it say beyond that is quoted beside it, or the table is withheld; under a heading or in a row that denies, codes do not
support.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from pipeline.data import BlockKind, DocumentBlock, SourceDocument
from pipeline.sources.codes_named import codes_named, names_closely
from pipeline.sources.diagnoses.companions import calls_for_another
from pipeline.sources.diagnoses.icd10 import read_codes
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
from pipeline.sources.diagnoses.sections import (
    LISTED_CODES,
    Cell,
    Columns,
    Section,
    Table,
    is_blank,
    others,
    read_sections,
)
from pipeline.sources.diagnoses.ties import (
    DOUBT,
    NEGATIVE,
    Place,
    Proviso,
    Skipped,
    Stated,
    Tie,
    TiesRead,
    names_others_only,
    takes_back,
)

_OF_WORDS = re.compile(
    r"\b(?:descri\w+|meanings?|definitions?|titles?|text|names?|term|short|long|full|official)\b",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(r"\W*(?:notes?|remarks?|comments?)\W*", re.IGNORECASE)
_SUPPORTS = re.compile(r"support|cover|necess", re.IGNORECASE)
_YES = re.compile(r"\W*(?:y|yes|true)\W*", re.IGNORECASE)
_NO = frozenset(("n", "x", "0", "false"))
_SPEAKS_OF_LIST = re.compile(r"\b(?:tables?|lists?|rows?|crosswalk|cross-reference)\b", re.IGNORECASE)
_UNREAD = "could not be read whole"


class _Found(NamedTuple):
    """Where the HCPCS code of a row is named, and the heading that does; None: the row itself."""

    place: Place
    heading: DocumentBlock | None = None


@dataclass
class _List:
    """The rows of one or more tables that are tied to the code in one way, and the sections these stand in."""

    heading: DocumentBlock | None
    stated: list[Stated] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


def read_tables(document: SourceDocument, hcpcs_code: str) -> TiesRead:
    """The diagnoses that rows of the document's tables give for the code; none where a row could not be read whole."""
    sections = list(read_sections(document))
    lists: dict[Place | None, _List] = {}
    denied: set[str] = set()
    reasons: dict[str, None] = {}
    below_denials = False
    for section in sections:
        path = [document.text[one.start : one.end] for one in section.headings]
        for table, row in ((each, row) for each in section.tables for row in each.rows):
            found = _naming(row, table.columns, section.headings, path, hcpcs_code)
            diagnosis = row[table.columns.diagnosis or 0]
            if found is None or not diagnosis.words.strip():
                continue
            stated = _stated(row, table.columns, named=None if found.heading else found.place)
            negative = any(map(NEGATIVE.search, path))
            if negative or _says_no(row, table.columns):
                denied |= {code for one in stated for code in one.code.codes}
                below_denials |= negative
                continue
            if problem := _problem(row, table) if stated else _UNREAD:
                page = document.page_of(diagnosis.place.start)
                where = f" on page {page}" if page else ""
                reasons[f"what it lists beside {hcpcs_code}{where} {problem}"] = None
                continue
            own = found.place if found.heading else None
            one = lists.setdefault(own, _List(found.heading))
            one.stated += stated
            if section not in one.sections:
                one.sections.append(section)
    ties: list[Tie] = []
    for place, one in sorted(lists.items(), key=lambda item: item[0] or Place(-1, -1)):
        provisos = tuple(islice(_provisos(document, sections, one, hcpcs_code), MOST_QUOTED + 1))
        if problem := _why_withheld(document, one, provisos, hcpcs_code):
            reasons[f"what it lists beside {hcpcs_code} {problem}"] = None
        where = f"a table under a heading that names {hcpcs_code}"
        beside = f"rows of its tables that hold both {hcpcs_code} and diagnoses"
        ties.append(Tie(where if place else beside, (place,) if place else (), tuple(one.stated), provisos))
    skipped = [Skipped("", reason) for reason in reasons]
    if below_denials:
        skipped.append(Skipped(f"a table for {hcpcs_code}", "a heading above it denies it or holds it back"))
    return TiesRead(() if reasons else tuple(ties), frozenset(denied), tuple(skipped))


def _provisos(
    document: SourceDocument, sections: Sequence[Section], one: _List, hcpcs_code: str
) -> Iterator[Proviso]:
    """What is quoted beside a list: all that headings and words around its tables say, and words on it elsewhere."""
    text, listed = document.text, frozenset(code for stated in one.stated for code in stated.code.codes)
    path = dict.fromkeys(heading for section in one.sections for heading in section.headings)
    title = _title(document)
    shown = document.title.casefold()  # on the page, unless the title ties the list to the code
    headings = [
        Place(block.start, block.end)
        for block in path
        if block is not title or block == one.heading or text[block.start : block.end].casefold() != shown
    ]
    around = dict.fromkeys([*headings, *(place for section in one.sections for place in section.words)])
    beside: list[DocumentBlock] = []
    for section in sections:
        above = bool(section.headings) and section.headings[-1] in path
        if section in one.sections or not above or section.headings[-1] is title:
            beside += section.blocks
        else:
            around |= dict.fromkeys(section.words)
    for place in around:
        for at in find_sentences(text, place):
            elsewhere = names_others_only(text[at.start : at.end], hcpcs_code)
            if (one.heading and elsewhere) or (not elsewhere and says_more(text[at.start : at.end])):
                yield Proviso("of its table", at)
    tied = {
        block
        for section in sections
        if section.tables and section not in one.sections
        for block in section.blocks
    }

    def about(sentence: str) -> bool:
        return concerns(sentence, listed, hcpcs_code) or bool(_SPEAKS_OF_LIST.search(sentence))

    def about_all(sentence: str) -> bool:
        return concerns(sentence, listed, hcpcs_code, whole=True)

    beside = [block for block in beside if block not in path and Place(block.start, block.end) not in around]
    for at in (
        *find_concerning(text, (block for block in beside if block not in tied), about),
        *find_concerning(text, (block for block in beside if block in tied), about_all),
    ):
        if says_more(text[at.start : at.end]):
            yield Proviso(ELSEWHERE, at)


def _title(document: SourceDocument) -> DocumentBlock | None:
    """The heading that gives the document's title."""
    first = next((block for block in document.blocks if block.kind is BlockKind.HEADING), None)
    return first if first and first.level == 1 else None


def _why_withheld(document: SourceDocument, one: _List, provisos: Sequence[Proviso], hcpcs_code: str) -> str:
    """Why a list is not shown: what words on it say, and a page cannot; empty: it is."""
    listed = frozenset(code for stated in one.stated for code in stated.code.codes)
    for of, place in provisos:
        words = document.text[place.start : place.end]
        if calls_for_another(words, ""):
            return "may call for another diagnosis beside one of these"
        if denies(words, listed) if of == ELSEWHERE else DOUBT.search(words) or takes_back(words):
            return "stands beside words that set an exception"
        if problem := why_unquotable(document, place):
            return f"stands beside words that may set a condition and cannot be quoted: {problem}"
        if of != ELSEWHERE and one.heading and names_others_only(words, hcpcs_code):
            return f"stands beside words on other codes than {hcpcs_code}"
    if len(provisos) > MOST_QUOTED:
        return f"stands beside more than {MOST_QUOTED} sentences that may set conditions"
    return ""


def _problem(row: Sequence[Cell], table: Table) -> str:
    """Why a row is not shown: what its cells or their heads say, and a page does not; empty: it is."""
    columns = table.columns
    if table.broken or len(row) > len(columns.heads):
        return _UNREAD
    beside = others(row, columns)
    if any(calls_for_another(cell.words, "") for _, cell in beside):
        return "may call for another diagnosis beside one of these"
    for head in (columns.heads[n] for n in range(len(row)) if n not in dict(beside)):
        if says_more(_OF_WORDS.sub("", head)):
            return "stands below a head that says more than what its column holds"
    for n, cell in beside:
        plain = not says_more(cell.words) or _YES.fullmatch(cell.words)
        named = not says_more(columns.heads[n]) or _NEUTRAL.fullmatch(columns.heads[n])
        if not plain or (not named and not is_blank(cell)):
            return "has conditions in another column, which are not shown"
    codes = read_codes(row[columns.diagnosis or 0].words)
    meanings = (row[n].words for n in columns.words if n < len(row) and n - 1 != columns.procedure)
    if any(says_use(words, codes) for words in meanings):
        return "has more than the meaning of its codes beside them"
    return ""


def _naming(
    row: Sequence[Cell],
    columns: Columns,
    headings: Sequence[DocumentBlock],
    path: Sequence[str],
    hcpcs_code: str,
) -> _Found | None:
    """Where the row names the code, or the nearest heading that names any code names this one alone.

    The place is that of the code by itself, since words beside it may be the AMA's.
    """
    if columns.procedure is not None:
        cell = row[columns.procedure]
        if not LISTED_CODES.fullmatch(cell.words) or not names_closely(codes_named(cell.words), hcpcs_code):
            return None
        at, start = re.search(rf"\b{hcpcs_code}\b", cell.words), cell.place.start
        return _Found(Place(start + at.start(), start + at.end()) if at else cell.place)
    for heading, words in zip(reversed(headings), reversed(path), strict=True):
        if named := codes_named(words):
            at = re.search(rf"\b{hcpcs_code}\b", words)
            if named != ((hcpcs_code, hcpcs_code),) or at is None:
                return None
            return _Found(Place(heading.start + at.start(), heading.start + at.end()), heading)
    return None


def _says_no(row: Sequence[Cell], columns: Columns) -> bool:
    """Whether a cell of the row says that the pair does not go together, or leaves open whether it does."""
    beside = others(row, columns)
    if any(NEGATIVE.search(cell.words) or cell.words.strip().lower() in _NO for _, cell in beside):
        return True
    apart = (columns.procedure, columns.diagnosis, *columns.words)
    said = {*apart, *(n for n, cell in beside if not is_blank(cell))}
    return any(n not in said and _SUPPORTS.search(head) for n, head in enumerate(columns.heads))


def _stated(row: Sequence[Cell], columns: Columns, *, named: Place | None) -> list[Stated]:
    cell = row[columns.diagnosis or 0]
    codes, place = read_codes(cell.words), cell.place
    beside = [one.words for n, one in enumerate(row) if n in columns.words and place.end < one.place.start]
    return [
        Stated(
            code,
            place,
            Place(place.start + code.start, place.start + code.start + len(code.written)),
            " ".join(beside[:1]) if len(codes) == 1 else "",
            named,
        )
        for code in codes
    ]
