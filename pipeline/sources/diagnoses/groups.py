"""The groups of codes of a billing-and-coding article: procedure codes, diagnoses that support, diagnoses that do not.

The Medicare Coverage Database lays an article out in sections with "Group 1", "Group 1 Paragraph", "Group 1 Codes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.data import BlockKind, DocumentBlock, SourceDocument
from pipeline.sources.codes_named import codes_named
from pipeline.sources.diagnoses.icd10 import holds_codes
from pipeline.sources.diagnoses.ties import NEGATIVE, Place


class Section(StrEnum):
    """What a section of an article lists."""

    PROCEDURES = "procedures"
    SUPPORTING = "supporting"
    NOT_SUPPORTING = "not supporting"


@dataclass
class Group:
    """One group: the places of its headings, of the words above its codes, of its rows, and of words among these.

    `unread`: something in it says more of codes than its rows do, so that the list is not whole.
    """

    section: Section
    number: str
    headings: list[Place] = field(default_factory=list)
    words: list[Place] = field(default_factory=list)
    rows: list[Place] = field(default_factory=list)
    notes: list[Place] = field(default_factory=list)
    unread: bool = False


_LONGEST_TITLE = 120
_ICD = re.compile(r"ICD-?\s?10", re.IGNORECASE)
_SUPPORT = re.compile(r"support|covered", re.IGNORECASE)
_PROCEDURES = re.compile(r"(?:CPT|HCPCS)(?:\s?/\s?(?:HCPCS|CPT))?\s+codes?\b(?!\s+modif)", re.IGNORECASE)
_OTHER = re.compile(
    r"(?:additional\s+ICD|ICD-?10-PCS|CPT/HCPCS\s+modifiers?|(?:bill\s+type|revenue)\s+codes?|other\s+coding|coding\s+table"
    r"|revision\s+history|associated\s+(?:documents|information)|related\s|keywords|general\s+information|sources?\s+of"
    r"|documentation\s+req|utili[sz]ation|statutory|rules\s+and|CMS\s+national|public\s+version|URL)",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"(?:\(\d+\s+codes?\)\s*)?group\s+(?P<number>\d+)\b(?P<part>\s+(?:paragraph|codes?|[\w\s/-]{0,60}asterisk\s+explanation))?"
    r"\s*:?\s*(?:\(\d+\s+codes?\)\s*)?",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"(?<=\s)group\s+\d+\s+(?:paragraph|codes)\s*:", re.IGNORECASE)
_BULLET = re.compile(r"(?:[•●▪◦‣·*–—o-]|\d{1,3}[.)])\s+")
_RUN_TOGETHER = re.compile(r"codes?\s+that\s+(?:do|does|are)\s+not\b", re.IGNORECASE)
_SILENT = re.compile(
    r"(?:\w+\s+)?revision\s+history(?:\s+(?:information|explanations?|dates?|numbers?|notes?|table))*\W*"
    r"|document\s+information\W*|associated\s+documents?\W*",
    re.IGNORECASE,
)
"""Titles of sections that do not say what holds."""

_LAYOUT = re.compile(
    r"(?:additional\s+)?ICD-?\s?10(?:-CM)?(?:-PCS)?\s+(?:codes?|information)(?:\s+that\s+(?:do\s+not\s+)?support\s+medical"
    r"\s+necessity)?\s*:?",
    re.IGNORECASE,
)
"""Titles of sections that say nothing of diagnoses by themselves."""
_HEAD = re.compile(
    r"(?:ICD-?10(?:-CM)?\s+|CPT/HCPCS\s+)?codes?\s+(?:ICD-?10(?:-CM)?\s+)?(?:code\s+)?description\s*",
    re.IGNORECASE,
)


def read_groups(document: SourceDocument) -> list[Group]:
    """The groups of an article, in order; none for a document that has no section of supporting diagnoses."""
    reader = _Reader(document.text)
    for block in document.blocks:
        reader.take(block.kind, block.level, Place(block.start, block.end))
    for group in reader.groups:
        group.unread |= _lacks_rows(document.text, group)
    groups = [group for group in reader.groups if group.rows or group.unread]
    return groups if any(group.section is Section.SUPPORTING for group in groups) else []


def _lacks_rows(text: str, group: Group) -> bool:
    """Whether words of a supporting group say which codes its diagnoses go with, and none are there to be read."""
    if group.rows or not group.number or group.section is not Section.SUPPORTING:
        return False
    return any(codes_named(text[place.start : place.end]) for place in group.words)


def speaking_blocks(document: SourceDocument) -> Iterator[DocumentBlock]:
    """The blocks that say what holds: not those of a history of revisions, or of what a document is and goes with.

    Titles of sections that articles have are none either.
    """
    past: int | None = None  # level of the heading of the section that does not; 0: a paragraph
    for block in document.blocks:
        words = document.text[block.start : block.end]
        heading = block.kind is BlockKind.HEADING
        titled = (heading or block.kind is BlockKind.PARAGRAPH) and len(words) <= _LONGEST_TITLE
        if titled and _SILENT.fullmatch(words):
            past = block.level if heading else 0
        elif titled and past is not None and _ends(past, words, block.level if heading else 0):
            past = None
        if past is None and not (titled and _LAYOUT.fullmatch(words)):
            yield block


def _ends(past: int, title: str, level: int) -> bool:
    """Whether a title ends such a section: a heading of its level or above, or the title of another section."""
    if level:
        return level <= past or not past
    return bool(_section_of(title) or _OTHER.match(title))


def _section_of(title: str) -> Section | None:
    """The section that a title begins, None for any other."""
    if len(title) > _LONGEST_TITLE or title.rstrip().endswith("."):
        return None
    if _ICD.search(title) and "PCS" not in title and re.search(r"\bcodes?\b", title, re.IGNORECASE):
        if NEGATIVE.search(title):
            return Section.NOT_SUPPORTING
        return Section.SUPPORTING if _SUPPORT.search(title) else None
    return Section.PROCEDURES if _PROCEDURES.match(title) and not codes_named(title) else None


class _Reader:
    """Goes through the blocks, and knows which section, group and part of it the next one belongs to."""

    def __init__(self, text: str) -> None:
        self.groups: list[Group] = []
        self._text = text
        self._section: Section | None = None
        self._title = Place(0, 0)
        self._level = 0  # of the section's heading; 0: its title is a paragraph
        self._group: Group | None = None
        self._part = ""

    def take(self, kind: BlockKind, level: int, place: Place) -> None:
        """Take in the next block."""
        words = self._text[place.start : place.end]
        titled = kind is BlockKind.HEADING or kind is BlockKind.PARAGRAPH
        mark = _MARK.match(words)
        if titled and not mark:
            section = _section_of(words)
            closes = _OTHER.match(words) and len(words) <= _LONGEST_TITLE
            if section or closes or (kind is BlockKind.HEADING and (not self._level or level <= self._level)):
                self._begin(section, place, level if kind is BlockKind.HEADING else 0)
                return
        if self._section is None:
            return
        if _RUN_TOGETHER.search(words):  # a title that the reader of the file did not find
            self._current().unread = True
        if kind is BlockKind.ROW:
            self._add_row(place)
        elif kind is BlockKind.HEADING and not mark:
            self._part = "other"  # a heading inside the section that no article has
            self._current().headings.append(place)
        else:
            for piece in self._pieces(place):
                self._take_words(kind, piece)

    def _begin(self, section: Section | None, title: Place, level: int) -> None:
        self._section, self._title, self._level = section, title, level
        self._group, self._part = None, ""

    def _current(self) -> Group:
        if self._group is None:
            assert self._section is not None  # noqa: S101 - only asked for inside a section
            self._group = Group(self._section, "", headings=[self._title])
            self.groups.append(self._group)
        return self._group

    def _pieces(self, place: Place) -> Iterator[Place]:
        """The block in pieces, each of which a mark of a group begins."""
        cuts = [match.start() for match in _INSIDE.finditer(self._text, place.start, place.end)]
        for start, end in zip([place.start, *cuts], [*cuts, place.end], strict=True):
            yield Place(start, end)

    def _take_words(self, kind: BlockKind, place: Place) -> None:
        if mark := _MARK.match(self._text, place.start, place.end):
            self._turn_to(mark["number"], (mark["part"] or "").strip().lower())
            self._current().headings.append(Place(mark.start(), mark.end()))
            place = Place(mark.end(), place.end)
        words = self._text[place.start : place.end]
        if not words.strip():
            return
        if head := _HEAD.match(words):
            place = Place(place.start + head.end(), place.end)
        group, coded = self._current(), holds_codes(words) or self._section is Section.PROCEDURES
        if self._part == "paragraph" or (self._part == "" and kind is BlockKind.PARAGRAPH and not head):
            group.words.append(place)
            group.unread |= holds_codes(words)
        elif (self._part == "code" or head or kind is BlockKind.ITEM) and coded:
            bullet = _BULLET.match(self._text, place.start, place.end) if kind is BlockKind.ITEM else None
            group.rows.append(Place(bullet.end() if bullet else place.start, place.end))
        else:
            group.notes.append(place)
            group.unread |= holds_codes(words)

    def _turn_to(self, number: str, part: str) -> None:
        if self._group is None or self._group.number != number:
            before = [g for g in self.groups if g.section is self._section and g.headings[0] == self._title]
            known = next((group for group in before if group.number == number), None)
            if known is None:
                assert self._section is not None  # noqa: S101 - only asked for inside a section
                above = next((_all_words(group) for group in before if not group.number), [])
                known = Group(self._section, number, headings=[self._title], words=[*above])
                self.groups.append(known)
            self._group = known
        self._part = next((known for known in ("paragraph", "code", "") if part.startswith(known)), "")
        self._part = "other" if part and not self._part else self._part

    def _add_row(self, place: Place) -> None:
        words, group = self._text[place.start : place.end], self._current()
        coded = holds_codes(words) or self._section is Section.PROCEDURES
        if coded and self._part != "other":
            group.rows.append(place)
        else:
            group.notes.append(place)
            group.unread |= coded and self._section is not Section.PROCEDURES


def _all_words(group: Group) -> list[Place]:
    """What stands above the numbered groups of a section, the section's title apart."""
    return [*group.headings[1:], *group.words, *group.notes]
