"""Which words of a document a page quotes for its diagnoses: short enough for its licence, no words of the AMA's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.data import BlockKind, DocumentBlock, QuoteEvidence, SourceDocument
from pipeline.sources.codes_named import codes_named, names
from pipeline.sources.descriptors import elide_descriptors, may_describe
from pipeline.sources.diagnoses.ties import Place, plain_words
from pipeline.sources.document_quotes import quote_document

_CODE = r"(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})"
_RANGE = re.compile(rf"\b{_CODE}(?:\s?[-–—]\s?{_CODE}|\s+(?:to|through)\s+{_CODE})?\b")
_DESCRIBED = re.compile(rf"\b{_CODE}\s*(?:[-–—:,]\s*|\s)(?=[A-Z][a-z]+)")
MAY_DESCRIBE = "they may hold a descriptor of CPT"
TOO_LONG = "its licence's cap on quotes leaves no room for them"

# Behind a CPT code a sentence goes on with one of these words, or a descriptor begins.
_BEHIND = re.compile(r"\b(?:[0-9]{4}[0-9FTUM]|D[0-9]{4})\b[\s:,–—-]*(?P<word>[A-Za-z][a-z]+)")
_GOES_ON = frozenset(
    (
        "after alone also and applies are as at be been before both by can codes coverage covered does during for from "
        "has have if in include includes is it listed may must not on only or payment per performed provided reported "
        "require required requires services shall should support supported the these this through to under unless used "
        "was were when where which while will with within without billed"
    ).split()
)


class Quotes:
    """Counts the words that are quoted of one document against the caps of its licence; 0 is no cap."""

    def __init__(self, document: SourceDocument) -> None:
        self._document = document
        self._taken: dict[Place, int] = {}

    def words(self, place: Place) -> str:
        """The quote of a place: its text without descriptors of codes."""
        return elide_descriptors(self._document.text[place.start : place.end])

    def is_short(self, place: Place) -> bool:
        """Whether one quote may be as long as this place."""
        cap = self._document.quote_words
        return not cap or len(self.words(place).split()) <= cap

    def take(self, places: Iterable[Place]) -> bool:
        """Whether these may be quoted besides those taken before; if so, they are taken."""
        new = {place: len(self.words(place).split()) for place in places if place not in self._taken}
        cap = self._document.page_words
        fits = not cap or sum(self._taken.values()) + sum(new.values()) <= cap
        if not fits or not all(map(self.is_short, new)):
            return False
        self._taken |= new
        return True


def short_naming(document: SourceDocument, place: Place, hcpcs_code: str) -> Place:
    """The place that ties the code; the code or range alone where the words are too many, or may be a descriptor."""
    words = document.text[place.start : place.end]
    cap = document.quote_words
    plain = elide_descriptors(words)
    if not _DESCRIBED.search(plain) and (not cap or len(plain.split()) <= cap):
        return place
    for match in _RANGE.finditer(words):
        if names(codes_named(match.group()), hcpcs_code):
            return Place(place.start + match.start(), place.start + match.end())
    return place


def why_unquotable(document: SourceDocument, place: Place) -> str:
    """Why a sentence may not be quoted as it stands: empty where it may."""
    words = document.text[place.start : place.end]
    plain = elide_descriptors(words)
    behind = (match["word"].lower() for match in _BEHIND.finditer(plain))
    if plain != plain_words(words) or may_describe(plain) or any(word not in _GOES_ON for word in behind):
        return MAY_DESCRIBE
    return "" if Quotes(document).is_short(place) else TOO_LONG


def quote_place(document: SourceDocument, place: Place) -> QuoteEvidence:
    """The place as evidence: the document's own words, without descriptors of codes."""
    locator = "" if document.quote_words else headings_above(document, place.start)
    return quote_document(document, place.start, place.end, locator=locator)


def headings_above(document: SourceDocument, start: int) -> str:
    """The headings above a place, less the title, and those that name codes: their words may be the AMA's."""
    path: list[DocumentBlock] = []
    for block in document.blocks:
        if block.start > start:
            break
        if block.kind is BlockKind.HEADING:
            path = [*(one for one in path if one.level < block.level), block]
    words = [document.text[one.start : one.end].rstrip(" :") for one in path if one.level > 1]
    return ", ".join(each for each in words if not codes_named(each))
