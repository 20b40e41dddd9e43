"""What ties diagnoses to a HCPCS code in a document, and when words that name a code do so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.sources.codes_named import codes_named, names_closely
from pipeline.sources.descriptors import elide_descriptors
from pipeline.sources.diagnoses.icd10 import WrittenCode


class Place(NamedTuple):
    """A span of a document's text."""

    start: int
    end: int


class Stated(NamedTuple):
    """A code, range or category that a document lists.

    `quote` is the place of the cell or row that lists it, which begins with codes; `own` that of the code alone;
    `named` that of the HCPCS code in the same row, None where the row names none. `says`: the words beside the code.
    """

    code: WrittenCode
    quote: Place
    own: Place
    says: str = ""
    named: Place | None = None


class Proviso(NamedTuple):
    """A sentence about a list, which a page quotes beside it; `of` says in words where it stands: `of Group 1`."""

    of: str
    place: Place


class Tie(NamedTuple):
    """Diagnoses that a document lists for a HCPCS code.

    `where` says in words which list it is and why it is the code's; `naming` are the places that tie it to the code;
    without the `provisos` beside it the list says more than the document does.
    """

    where: str
    naming: tuple[Place, ...]
    stated: tuple[Stated, ...]
    provisos: tuple[Proviso, ...] = ()


class Skipped(NamedTuple):
    """A list that is not shown, in words (`what`; empty: all), `why`, and the places that a page may quote for it."""

    what: str
    why: str
    places: tuple[Place, ...] = ()

    @property
    def reason(self) -> str:
        """What and why, as a gap says it."""
        return f"{self.what}: {self.why}" if self.what else self.why


class TiesRead(NamedTuple):
    """The ties of a document to a code; `denied` are codes that it lists as not supporting; `skipped` are no ties."""

    ties: tuple[Tie, ...] = ()
    denied: frozenset[str] = frozenset()
    skipped: tuple[Skipped, ...] = ()


class Naming(NamedTuple):
    """A sentence that names a code: where it stands, and why it ties nothing to it (empty: it ties)."""

    place: Place
    why_not: str


_DENIES = (
    r"den(?:y|ie[sd]|ying|ials?)|reject\w*|refus\w+|exclu\w+|retire[ds]?|supersed\w+|obsolete|rescind\w*|suspend\w*"
    r"|withdr[ae]w\w*|terminat\w+|discontinu\w+|expire[ds]?|end(?:s|ed)|no longer|invalid|ineligible|unsupported"
    r"|non-?(?:covered|payable|supporting|billable)"
)
_HOLDS_BACK = (
    r"pend(?:s|ed|ing)?|review(?:s|ed|ing)?|audit\w*|experiment\w*|investigation\w*|unproven|draft|proposed"
)
DENIAL = re.compile(rf"\b(?:{_DENIES})\b", re.IGNORECASE)
"""Words that deny coverage or end it."""

DOUBT = re.compile(rf"\b(?:{_DENIES}|{_HOLDS_BACK})\b", re.IGNORECASE)
"""Words that deny coverage, end it or hold it back."""

NEGATIVE = re.compile(
    rf"\b(?:not|no|never|nor|neither|cannot|except\w*|other than|instead|remov\w+|delet\w+|{_DENIES}|{_HOLDS_BACK})\b",
    re.IGNORECASE,
)
"""What makes a sentence, heading or cell say something else than that a diagnosis supports a service."""

CAVEAT = re.compile(
    r"\bnot\s+(?:\w+\s+){0,3}?(?:assur|guarante|ensur)\w+\s+(?:of\s+)?(?:\w+\s+){0,2}?(?:coverage|payment|reimbursement)"
    r"|\bno\s+guarantee\s+(?:of|for)\s+(?:\w+\s+){0,2}?(?:coverage|payment|reimbursement)",
    re.IGNORECASE,
)
"""Words that say that a listed diagnosis does not guarantee coverage or payment."""

_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-Z(*•])")
_HCPCS = r"(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})"
_BESIDE = re.compile(
    r"\b(?:with|besides?|alongside|addition to|conjunction|same (?:day|date|session|visit|encounter)|before|after"
    r"|following|prior to|rather than)\b"
)
_NAMED = re.compile(rf"\b{_HCPCS}\b")
_TYING = re.compile(r"support|cover|necess|\bappl|diagnos|\bICD|\bbill|\breport|\bfor\b", re.IGNORECASE)
_BRACKETED = re.compile(rf"\b{_HCPCS}\s*[(\[](?:[^()\[\]]|[(\[][^()\[\]]*[)\]])*[)\]]")
_ELSEWHERE = re.compile(r"\b(?:see|refer(?:red)?)\b", re.IGNORECASE)
_LIST = re.compile(rf"(?:\b(?:CPT|HCPCS|procedures?|codes?|and|or|to|through|{_HCPCS})\b|[\s/,;:.®()–—-])*")
_THE_LIST = re.compile(r"\b(?:these|those|it|they|this|following|below|above|listed|group)\b", re.IGNORECASE)
_SUPPORT = re.compile(r"cover|support|pa(?:y|id)|allow|necess", re.IGNORECASE)
_ABOUT_DIAGNOSES = re.compile(r"\bICD|diagnos", re.IGNORECASE)


def sentences(text: str, place: Place) -> Iterator[tuple[Place, str]]:
    """The sentences of a place, in order."""
    position = place.start
    for match in [*_SENTENCE.finditer(text, place.start, place.end), None]:
        end = match.start() if match else place.end
        if text[position:end].strip():
            yield Place(position, end), text[position:end]
        position = match.end() if match else end


def plain_words(text: str) -> str:
    """The text without the descriptors in brackets behind codes.

    Words behind a dash or a colon, which no page quotes, stay: a descriptor, or what the document says of the code.
    """
    return _BRACKETED.sub(lambda match: elide_descriptors(match.group()), text)


def find_namings(text: str, place: Place, hcpcs_code: str) -> list[Naming]:
    """The sentences of a place that name the code, or a range that holds it; with why one ties nothing to it."""
    return [
        Naming(at, _why_not(sentence, hcpcs_code))
        for at, sentence in sentences(text, place)
        if names_closely(codes_named(sentence), hcpcs_code)
    ]


def _why_not(sentence: str, hcpcs_code: str) -> str:
    plain = plain_words(sentence)
    if NEGATIVE.search(CAVEAT.sub("", plain)):
        return f"its words on {hcpcs_code} set an exception"
    beside = any(_is_beside(clause, hcpcs_code) for clause in re.split(r"[.;]", plain))
    if beside or _ELSEWHERE.search(plain) or not (_TYING.search(plain) or _LIST.fullmatch(plain)):
        return f"its words name {hcpcs_code} beside what they are about"
    return ""


def _is_beside(clause: str, hcpcs_code: str) -> bool:
    """Whether the code stands behind another and a word such as "with"."""
    found = [(match.group(), match.start(), match.end()) for match in _NAMED.finditer(clause)]
    first = next((end for code, _, end in found if code != hcpcs_code), None)
    last = next((start for code, start, _ in reversed(found) if code == hcpcs_code), None)
    return first is not None and last is not None and bool(_BESIDE.search(clause, first, last))


def names_others_only(text: str, hcpcs_code: str) -> bool:
    """Whether the text names HCPCS codes, and not this one."""
    named = codes_named(text)
    return bool(named) and not names_closely(named, hcpcs_code)


def takes_back(text: str) -> bool:
    """Whether words above a list say of the list itself that it does not support or is not covered."""
    return any(
        NEGATIVE.search(plain := CAVEAT.sub("", plain_words(sentence)))
        and _THE_LIST.search(plain)
        and _SUPPORT.search(plain)
        for _, sentence in sentences(text, Place(0, len(text)))
    )


def find_caveat(text: str) -> Place | None:
    """Where the document says that a listed diagnosis does not guarantee coverage or payment."""
    for match in CAVEAT.finditer(text):
        start = max(text.rfind("\n", 0, match.start()) + 1, 0)
        end = text.find("\n", match.end())
        line = Place(start, end if end >= 0 else len(text))
        for place, sentence in sentences(text, line):
            about = _ABOUT_DIAGNOSES.search(sentence)
            if about and place.start <= match.start() and match.end() <= place.end:
                return place
    return None


def caveat_words(sentence: str) -> str:
    """What the sentence says is not guaranteed: `coverage`, `payment`, `coverage or payment`; empty: nothing."""
    match = CAVEAT.search(sentence)
    if match is None:
        return ""
    rest = sentence[match.start() : match.end() + 30].lower()
    rest = re.split(r"[.;]", rest)[0]
    return " or ".join(dict.fromkeys(re.findall(r"coverage|payment|reimbursement", rest)))
