"""Guidance notes: one rule each, in our own words, with front matter that says where it comes from.

A note is a Markdown file. Between two `---` lines stands YAML, every value read as text (so that 010 stays
010); after it, one `## part` per page section that the note feeds:

    ## coverage                     a rule, as sentences for "What this code covers"
    ## documentation                what the record must show
    ## checklist                    one short item a scribe captures, derived from the documentation part
    ## denials                      why a claim fails (with `adjustment_codes` in the front matter)
    ## faqs: Question as an office asks it?

Each part becomes one passage of the note's document, and one statement of a page it applies to.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from pipeline.data import Anchor, Applicability, Authority, Passage, Record, SourceDocument
from pipeline.errors import SourceError
from pipeline.frontmatter import invalid_field, read_front_matter

NOTE_SECTIONS = ("coverage", "documentation", "checklist", "denials", "faqs")
TOPICS = (
    "add_on",
    "approach",
    "assistant",
    "compartments",
    "diagnosis_link",
    "fracture_care",
    "graft",
    "imaging_guidance",
    "implant",
    "included_services",
    "laterality",
    "levels",
    "medical_necessity",
    "microscope",
    "modifier_59",
    "multiple_procedures",
    "planned_later_stage",
    "postoperative_care",
    "procedure_detail",
    "return_to_or",
    "same_day_em",
    "second_surgeon",
    "separate_services",
    "setting",
    "units",
)
_PART = re.compile(
    r"^## (?P<section>[a-z]+)(?:: (?P<question>[^\n]+\?))?[ ]*\n+(?P<text>.*?)\s*(?=^## |\Z)", re.M | re.S
)


def _known_topic(topic: str) -> str:
    if topic not in TOPICS:
        raise ValueError(f"unknown topic, expected one of {', '.join(TOPICS)}")
    return topic


class NotePart(Record):
    """One `##` part: the section it feeds, its text and the text's offsets in the note's body."""

    section_key: str
    question: str = ""
    text: str
    start: int
    end: int


class Note(Record):
    """A guidance note. `confirmed` False: the anchored document does not itself settle the rule.

    `answers` are the `must_answer` keys of section specs that it settles, each one of TOPICS.
    """

    id: str
    publisher: str
    title: str
    edition: str
    locator: str
    url: str
    payer_scope: str
    authority: Authority
    licence: str
    valid_from: date
    valid_to: date | None = None
    owner: str
    next_review: date
    confirmed: bool = True
    applies_to: Applicability
    answers: tuple[Annotated[str, AfterValidator(_known_topic)], ...] = ()
    adjustment_codes: tuple[str, ...] = ()
    anchor: Anchor
    parts: tuple[NotePart, ...] = Field(min_length=1)
    body: str
    sha256: str
    path: str

    def __hash__(self) -> int:
        """Of the file's; some fields hold dictionaries."""
        return hash(self.sha256)


def load_notes(folder: Path) -> list[Note]:
    """Read every `*.md` under `folder`, sorted by id. Raises SourceError naming file and line."""
    notes = [load_note(path) for path in sorted(folder.rglob("*.md"))]
    if not notes:
        raise SourceError(f"{folder}: expected guidance notes (*.md), found none")
    seen: dict[str, str] = {}
    for note in notes:
        if note.id in seen:
            raise SourceError(f"{note.path}: note id {note.id!r} is taken by {seen[note.id]}; choose another")
        seen[note.id] = note.path
    return sorted(notes, key=lambda note: note.id)


def load_note(path: Path) -> Note:
    """Read one note. The id is the file's name without `.md`."""
    matter = read_front_matter(path)
    parts = _split_parts(matter.body, path=path, first_line=matter.body_line)
    try:
        return Note.model_validate(
            {
                **matter.fields,
                "id": path.stem,
                "parts": parts,
                "body": matter.body,
                "sha256": matter.sha256,
                "path": str(path),
            }
        )
    except ValidationError as error:
        raise invalid_field(path, matter, error) from error


def _split_parts(body: str, *, path: Path, first_line: int) -> list[NotePart]:
    parts: list[NotePart] = []
    position = 0
    for match in _PART.finditer(body):
        line = first_line + body[: match.start()].count("\n")
        if body[position : match.start()].strip():
            raise SourceError(f"{path}:{line}: text outside any '## section' part")
        section, question = match["section"], match["question"] or ""
        if section not in NOTE_SECTIONS:
            raise SourceError(
                f"{path}:{line}: unknown section {section!r}, expected one of {', '.join(NOTE_SECTIONS)}"
            )
        if (section == "faqs") != bool(question):
            raise SourceError(
                f"{path}:{line}: expected '## faqs: Question?' with its question, and only there"
            )
        if not match["text"].strip():
            raise SourceError(f"{path}:{line}: the part '{section}' has no text")
        parts.append(
            NotePart(
                section_key=section,
                question=question,
                text=match["text"],
                start=match.start("text"),
                end=match.start("text") + len(match["text"]),
            )
        )
        position = match.end()
    if body[position:].strip():
        line = first_line + body[:position].count("\n")
        raise SourceError(f"{path}:{line}: expected '## section' parts, found other text")
    return parts


@lru_cache(maxsize=1_024)
def note_document(note: Note) -> SourceDocument:
    """The note as a stored document; its text is the note's body."""
    return SourceDocument(
        id=f"note:{note.id}",
        url=note.url,
        publisher=note.publisher,
        title=note.title,
        edition=note.edition,
        locator=note.locator,
        authority=note.authority,
        licence=note.licence,
        payer_scope=note.payer_scope,
        valid_from=note.valid_from,
        valid_to=note.valid_to,
        sha256=note.sha256,
        text=note.body,
    )


@lru_cache(maxsize=1_024)
def note_passages(note: Note) -> tuple[Passage, ...]:
    """One passage a part, in order."""
    return tuple(
        Passage(
            id=f"note:{note.id}#{hashlib.sha256((part.section_key + part.text).encode()).hexdigest()[:12]}",
            document_id=f"note:{note.id}",
            heading_path=(note.title, note.locator, part.question)
            if part.question
            else (note.title, note.locator),
            section_key=part.section_key,
            start=part.start,
            end=part.end,
            text=part.text,
            applies_to=note.applies_to,
        )
        for part in note.parts
    )
