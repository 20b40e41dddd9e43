"""Diagnoses of a table that ties codes to codes: both in one row, or the HCPCS code in the heading above.

A table is read only where its head says which column holds what; what stands under a heading or in a row that says
"not", "excluded" or the like does not support.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.data import BlockKind, DocumentBlock, SourceDocument
from pipeline.sources.codes_named import codes_named, names_closely
from pipeline.sources.diagnoses.companions import calls_for_another
from pipeline.sources.diagnoses.icd10 import read_codes
from pipeline.sources.diagnoses.provisos import sets_conditions
from pipeline.sources.diagnoses.quotes import why_unquotable
from pipeline.sources.diagnoses.ties import (
    NEGATIVE,
    Place,
    Proviso,
    Skipped,
    Stated,
    Tie,
    TiesRead,
    sentences,
    takes_back,
)

_DIAGNOSES = re.compile(r"\bICD|diagnos", re.IGNORECASE)
_PROCEDURES = re.compile(r"\b(?:CPT|HCPCS|procedure)", re.IGNORECASE)
_WORDS = re.compile(r"descri|meaning|definition|title|\btext|\bname|\bterm", re.IGNORECASE)
_LISTED_CODES = re.compile(
    r"(?:\b(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})\b|[\s,;/&–—-]|\b(?:and|or|to|through)\b)+"
)
_EDGE = " | "
_UNREAD = "could not be read whole"


class _Cell(NamedTuple):
    words: str
    place: Place


class _Columns(NamedTuple):
    """The columns of a table by what its head calls them; no `diagnosis` where none, or no single one, is called so.

    `broken`: a row since the head was neither values nor a head that could be read.
    """

    procedure: int | None
    diagnosis: int | None
    words: frozenset[int]
    width: int
    broken: bool = False


class _Row(NamedTuple):
    """A row of a table that may speak of diagnoses, with the headings above it, widest first, and the words between."""

    cells: Sequence[_Cell]
    path: Sequence[str]
    headings: Sequence[DocumentBlock]
    above: Sequence[Place]
    columns: _Columns
    diagnosis: _Cell


class _Found(NamedTuple):
    """Where the HCPCS code of a row is named, and the heading that does; None: the row itself."""

    place: Place
    heading: DocumentBlock | None = None


def read_tables(document: SourceDocument, hcpcs_code: str) -> TiesRead:
    """The diagnoses that rows of the document's tables give for the code; none where a row could not be read whole."""
    beside: list[Stated] = []
    below: dict[Place, list[Stated]] = {}
    about: dict[Place | None, dict[Place, None]] = {}
    denied: set[str] = set()
    reasons: dict[str, None] = {}
    for row in _rows(document):
        found = _naming(row, hcpcs_code)
        if found is None or not any(char.isdigit() for char in row.diagnosis.words):
            continue
        stated = _stated(row, named=None if found.heading else found.place)
        if any(map(NEGATIVE.search, row.path)) or _says_no(row):
            denied |= {code for one in stated for code in one.code.codes}
            continue
        words = tuple(_about(document.text, row, found))
        if problem := _problem(document, row, words) if stated else _UNREAD:
            page = document.page_of(row.diagnosis.place.start)
            where = f" on page {page}" if page else ""
            reasons[f"what it lists beside {hcpcs_code}{where} {problem}"] = None
            continue
        own = found.place if found.heading else None
        about.setdefault(own, {}).update(dict.fromkeys(words))
        if own:
            below.setdefault(own, []).extend(stated)
        else:
            beside += stated
    ties = (
        [
            Tie(
                f"rows of its tables that hold both {hcpcs_code} and diagnoses",
                (),
                tuple(beside),
                _provisos(document.text, about[None]),
            )
        ]
        if beside
        else []
    )
    ties += [
        Tie(
            f"a table under a heading that names {hcpcs_code}",
            (place,),
            tuple(stated),
            _provisos(document.text, about[place]),
        )
        for place, stated in below.items()
    ]
    return TiesRead(
        () if reasons else tuple(ties), frozenset(denied), tuple(Skipped("", reason) for reason in reasons)
    )


def _about(text: str, row: _Row, found: _Found) -> Iterator[Place]:
    """The sentences of the headings and words above the row's table; the title is one only if it names the code."""
    headings = [Place(one.start, one.end) for one in row.headings if one.level > 1 or one is found.heading]
    for place in (*headings, *row.above):
        yield from (at for at, _ in sentences(text, place))


def _problem(document: SourceDocument, row: _Row, about: Sequence[Place]) -> str:
    """Why the row is not shown: what it or the words above its table say, and a page cannot; empty: it is."""
    text = document.text
    others = _other_cells(row)
    said = [text[place.start : place.end] for place in about]
    if len(row.cells) > row.columns.width or row.columns.broken:
        return _UNREAD
    if any(calls_for_another(words, "") for words in (*said, *others)):
        return "may call for another diagnosis beside one of these"
    if any(map(sets_conditions, others)):
        return "has conditions in another column, which are not shown"
    if any(map(takes_back, said)):
        return "stands below words that set an exception"
    why = (
        why_unquotable(document, place) for place in about if sets_conditions(text[place.start : place.end])
    )
    if problem := next(filter(None, why), ""):
        return f"stands below words that may set a condition and cannot be quoted: {problem}"
    return ""


def _provisos(text: str, about: Iterable[Place]) -> tuple[Proviso, ...]:
    return tuple(
        Proviso("of its table", place) for place in about if sets_conditions(text[place.start : place.end])
    )


def _rows(document: SourceDocument) -> Iterator[_Row]:
    """The rows below heads that name a column of diagnoses, with what stands above them."""
    path: list[DocumentBlock] = []
    columns: _Columns | None = None
    under: list[Place] = []  # words right below the heading
    above: list[Place] = []  # words right above the table
    kind: BlockKind | None = None
    for block in document.blocks:
        before, kind = kind, block.kind
        if block.kind is BlockKind.HEADING:
            path = [*(one for one in path if one.level < block.level), block]
            under, above = [], []
        if block.kind is not BlockKind.ROW:
            columns = None
            if block.kind is not BlockKind.HEADING:
                if before is BlockKind.ROW:
                    under, above = under or above, []
                above.append(Place(block.start, block.end))
            continue
        cells = _cells(document.text, block)
        head = _read_head(cells)
        if head is not None:
            columns = head
        elif columns and not any(char.isdigit() for char in document.text[block.start : block.end]):
            columns = columns._replace(broken=columns.broken or _turns(cells))
        elif columns and columns.diagnosis is not None and columns.diagnosis < len(cells):
            words = [document.text[one.start : one.end] for one in path]
            said = tuple(dict.fromkeys((*under, *above)))
            yield _Row(cells, words, tuple(path), said, columns, cells[columns.diagnosis])


def _cells(text: str, block: DocumentBlock) -> list[_Cell]:
    found, position = [], block.start
    for part in text[block.start : block.end].split(_EDGE):
        found.append(_Cell(part, Place(position, position + len(part))))
        position += len(part) + len(_EDGE)
    return found


def _read_head(cells: Sequence[_Cell]) -> _Columns | None:
    """The columns that a table's first row names; None for a row of values."""
    if any(codes_named(cell.words) or any(char.isdigit() for char in _plain(cell)) for cell in cells):
        return None
    words = frozenset(n for n, cell in enumerate(cells) if _WORDS.search(cell.words))
    diagnoses = [n for n, cell in enumerate(cells) if _DIAGNOSES.search(cell.words) and n not in words]
    procedures = [n for n, cell in enumerate(cells) if _PROCEDURES.search(cell.words) and n not in words]
    if not diagnoses:
        return _Columns(None, None, words, len(cells)) if procedures or words else None
    clear = (
        len(diagnoses) == 1
        and len(procedures) <= 1
        and not set(diagnoses) & set(procedures)
        and not NEGATIVE.search(cells[diagnoses[0]].words)
    )
    return _Columns(next(iter(procedures), None), diagnoses[0] if clear else None, words, len(cells))


def _turns(cells: Sequence[_Cell]) -> bool:
    """Whether a row without figures may be the head of something else, or a condition, and not just a title."""
    return sum(bool(cell.words.strip()) for cell in cells) > 1 or sets_conditions(cells[0].words)


def _plain(cell: _Cell) -> str:
    return re.sub(r"ICD-?\s?10", "", cell.words)


def _naming(row: _Row, hcpcs_code: str) -> _Found | None:
    """Where the row names the code, or the nearest heading that names any code names this one alone.

    The place is that of the code by itself, since words beside it may be the AMA's.
    """
    if row.columns.procedure is not None:
        cell = next(iter(row.cells[row.columns.procedure : row.columns.procedure + 1]), None)
        if (
            cell is None
            or not _LISTED_CODES.fullmatch(cell.words)
            or not names_closely(codes_named(cell.words), hcpcs_code)
        ):
            return None
        at, start = re.search(rf"\b{hcpcs_code}\b", cell.words), cell.place.start
        return _Found(Place(start + at.start(), start + at.end()) if at else cell.place)
    for heading, words in zip(reversed(row.headings), reversed(row.path), strict=True):
        if named := codes_named(words):
            at = re.search(rf"\b{hcpcs_code}\b", words)
            if named != ((hcpcs_code, hcpcs_code),) or at is None:
                return None
            return _Found(Place(heading.start + at.start(), heading.start + at.end()), heading)
    return None


def _says_no(row: _Row) -> bool:
    """Whether a cell of the row, the descriptions of codes aside, says that the pair does not go together."""
    return any(
        NEGATIVE.search(words) or words.lower() in ("n", "x", "0", "false") for words in _other_cells(row)
    )


def _other_cells(row: _Row) -> list[str]:
    """The cells that hold neither codes nor what codes mean."""
    apart = {row.columns.procedure, row.columns.diagnosis, *row.columns.words}
    return [cell.words.strip() for n, cell in enumerate(row.cells) if n not in apart]


def _stated(row: _Row, *, named: Place | None) -> list[Stated]:
    codes, place = read_codes(row.diagnosis.words), row.diagnosis.place
    beside = [
        cell.words
        for n, cell in enumerate(row.cells)
        if n in row.columns.words and place.end < cell.place.start
    ]
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
