"""A document in sections with their tables: which column a table's head gives to procedures, diagnoses and meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.data import BlockKind, DocumentBlock, SourceDocument
from pipeline.sources.codes_named import codes_named
from pipeline.sources.diagnoses.groups import speaking_blocks
from pipeline.sources.diagnoses.provisos import says_more
from pipeline.sources.diagnoses.ties import NEGATIVE, Place

_DIAGNOSES = re.compile(r"\bICD|diagnos|\bdx\b", re.IGNORECASE)
_PROCEDURES = re.compile(r"\b(?:CPT|HCPCS|procedure)", re.IGNORECASE)
_WORDS = re.compile(r"descri|meaning|definition|title|\btext|\bname|\bterm\b", re.IGNORECASE)
LISTED_CODES = re.compile(
    r"(?:\b(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})\b|[\s,;/&–—-]|\b(?:and|or|to|through)\b)+"
)
_EDGE = " | "


class Cell(NamedTuple):
    """The words of a cell and where they stand."""

    words: str
    place: Place


class Columns(NamedTuple):
    """The columns of a table by what its head calls them; no `diagnosis` where none, or no single one, is called so."""

    procedure: int | None
    diagnosis: int | None
    words: frozenset[int]
    heads: tuple[str, ...]


@dataclass
class Table:
    """A table with a head; `broken`: a row of it was neither values nor empty of words."""

    columns: Columns
    rows: list[Sequence[Cell]] = field(default_factory=list)
    broken: bool = False


@dataclass(eq=False)
class Section:
    """What stands below a heading up to the next: words and tables, with the headings above, widest first."""

    headings: Sequence[DocumentBlock]
    words: list[Place] = field(default_factory=list)
    blocks: list[DocumentBlock] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def read_sections(document: SourceDocument) -> Iterator[Section]:
    """The document in sections, each with its tables that name a column of diagnoses."""
    path: list[DocumentBlock] = []
    section, table = Section(()), None
    speaking = set(speaking_blocks(document))
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            yield section
            path = [*(one for one in path if one.level < block.level), block]
            section, table = Section(tuple(path)), None
        elif block.kind is not BlockKind.ROW:
            section.words.append(Place(block.start, block.end))
            table = None
        else:
            table = _take_row(section, table, _cells(document.text, block))
            codes = any(codes_named(document.text[one.start : one.end]) for one in path)
            if (
                table
                and table.columns.diagnosis is not None
                and (codes or table.columns.procedure is not None)
            ):
                continue
        if block in speaking:
            section.blocks.append(block)
    yield section


def _take_row(section: Section, table: Table | None, cells: Sequence[Cell]) -> Table | None:
    """Take a row into its table, and give the table that the next belongs to; None where no head stands above."""
    columns = _read_head(cells)
    filled = [cell for cell in cells if cell.words.strip()]
    if columns and (table is None or len(filled) > 1):
        table = Table(columns)
        section.tables += [table] if columns.diagnosis is not None else []
    elif table is None:
        section.words += [cell.place for cell in filled]
    elif table.columns.diagnosis is None:
        return table
    elif _holds_values(cells, table.columns):
        table.rows.append(cells)
    else:
        table.broken |= len(filled) > 1 or any(says_more(cell.words) for cell in filled)
    return table


def _holds_values(cells: Sequence[Cell], columns: Columns) -> bool:
    """Whether a row sets codes beside codes, or beside nothing, and says no more where it lacks either."""
    if columns.diagnosis is None or columns.diagnosis >= len(cells):
        return False
    diagnosis = cells[columns.diagnosis].words
    if columns.procedure is None:
        return any(char.isdigit() for char in diagnosis)
    if columns.procedure >= len(cells):
        return False
    procedure = cells[columns.procedure].words
    if any(char.isdigit() for char in procedure) and LISTED_CODES.fullmatch(procedure):
        return True
    beside = others(cells, columns)
    return (
        not procedure.strip()
        and bool(diagnosis.strip())
        and not any(says_more(cell.words) for _, cell in beside)
    )


def _cells(text: str, block: DocumentBlock) -> list[Cell]:
    found, position = [], block.start
    for part in text[block.start : block.end].split(_EDGE):
        found.append(Cell(part, Place(position, position + len(part))))
        position += len(part) + len(_EDGE)
    return found


def _read_head(cells: Sequence[Cell]) -> Columns | None:
    """The columns that a table's first row names; None for a row of values.

    A column of words holds what codes mean only where it follows a column of codes, or another of words.
    """
    if any(codes_named(cell.words) or any(char.isdigit() for char in _plain(cell)) for cell in cells):
        return None
    heads = tuple(cell.words for cell in cells)
    words = {n for n, head in enumerate(heads) if _WORDS.search(head)}
    diagnoses = [n for n, head in enumerate(heads) if _DIAGNOSES.search(head) and n not in words]
    procedures = [n for n, head in enumerate(heads) if _PROCEDURES.search(head) and n not in words]
    if not diagnoses:
        return Columns(None, None, frozenset(words), heads) if procedures or words else None
    clear = (
        len(diagnoses) == 1
        and len(procedures) <= 1
        and not set(diagnoses) & set(procedures)
        and not NEGATIVE.search(heads[diagnoses[0]])
    )
    meanings: set[int] = set()
    for n in sorted(words):
        if n - 1 in {*diagnoses, *procedures, *meanings}:
            meanings.add(n)
    return Columns(next(iter(procedures), None), diagnoses[0] if clear else None, frozenset(meanings), heads)


def _plain(cell: Cell) -> str:
    return re.sub(r"ICD-?\s?10", "", cell.words)


def is_blank(cell: Cell) -> bool:
    """Whether a cell holds nothing, or a mark for nothing."""
    return cell.words.strip().lower() in ("", "-", "–", "—", "n/a", "none")


def others(row: Sequence[Cell], columns: Columns) -> list[tuple[int, Cell]]:
    """The cells, by column, that hold neither codes nor what codes mean."""
    apart = {columns.procedure, columns.diagnosis, *columns.words}
    return [(n, cell) for n, cell in enumerate(row) if n not in apart]
