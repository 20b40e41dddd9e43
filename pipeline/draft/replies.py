"""What the drafting and repairing prompts ask a model for. Every field is required: strict output allows no default."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from pipeline.data import Record

# Control characters, marks of direction, characters without width: a reader does not see what they do to a text.
_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs", "Cn"))


def _plain(value: object) -> object:
    """Text in the characters that it is read as: compatible forms made one, unseen characters left out."""
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    spaced = " ".join(unicodedata.normalize("NFKC", value).split())
    return "".join(each for each in spaced if unicodedata.category(each) not in _UNSEEN)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    return value


def _not_empty(value: tuple[CitedQuote, ...]) -> tuple[CitedQuote, ...]:
    if not value:
        raise ValueError("cites nothing")
    return value


# Not `min_length`: strict structured output refuses length bounds in a schema.
_Words = Annotated[str, AfterValidator(_not_blank)]
_Text = Annotated[str, BeforeValidator(_plain), AfterValidator(_not_blank)]


class CitedQuote(Record):
    """A passage that a statement rests on, and the words of it that say so."""

    id: str
    quote: _Words


class DraftStatement(Record):
    """A statement as a model gives it. `answers` are `must_answer` keys; `question` is empty outside of the FAQs."""

    text: _Text
    question: Annotated[str, BeforeValidator(_plain)]
    evidence: Annotated[tuple[CitedQuote, ...], AfterValidator(_not_empty)]
    answers: tuple[str, ...]


class DraftReply(Record):
    """What the drafting prompt asks for."""

    statements: tuple[DraftStatement, ...]


class MendedStatement(DraftStatement):
    """A statement written again; `statement` is the id, within the request, of the one it replaces."""

    statement: str


class RepairReply(Record):
    """What the repair prompt asks for; a statement that is not in it is given up."""

    statements: tuple[MendedStatement, ...]
