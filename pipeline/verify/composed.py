"""Sentences, cards and table rows of our own pages, known again word for word (in whatever spelling, see there).

Everything a page says of rows is a pure function of these rows (`facts/sentences.py`). So a text that holds it
is checked by composing all that the loaded rows say of a code, and looking the text up: a changed figure,
modifier or word is not found and goes on to the other checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.data import Check, Evidence, Outcome, QuoteEvidence, RowEvidence
from pipeline.facts.indicators import load_modifier_entries
from pipeline.facts.profiles import classification_row
from pipeline.facts.ptp_edits import is_edit
from pipeline.facts.releases import earlier_row
from pipeline.facts.rows import FactSentence, Rows
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.diagnoses import CHECK as DIAGNOSES
from pipeline.verify.diagnoses import listed_texts
from pipeline.verify.marks import without_releases
from pipeline.verify.mentions import find_mentions
from pipeline.verify.rows import CHECK, compose, is_paired
from pipeline.verify.spelling import same_spelling

COLUMNS = {
    "rvu": ("Component", "Facility", "Non-facility", "Release"),
    "setting": ("Setting", "Professional", "Facility part", "Total", "Basis"),
    "indicator": ("Indicator", "Value", "Meaning", "Release"),
    "modifier": ("Modifier", "When", "Basis"),
    "class": ("Code", "How it differs", "Relation or edit"),
    "year": ("Value", "Newest", "Year before", "Change"),
    "edit": ("Other code", "Denied", "Modifier indicator", "Release"),
}
"""The heads of our pages' tables by kind of subject, as in `prompts/sections/`; other heads are not known again."""

_HEADS = {
    **COLUMNS,
    **dict.fromkeys(("add_on", "add_ons", "edit_count"), COLUMNS["indicator"]),
    "edit_modifiers": COLUMNS["modifier"],
}
_SUBJECTS = (
    *(f"rvu:{part}" for part in ("work", "pe", "mp", "total")),
    *(f"payment:{place}" for place in ("facility", "nonfacility")),
    *(f"setting:{place}" for place in ("office", "hopd", "asc", "inpatient")),
    *(f"indicator:{field}" for field in ("status_code", "global_days", "mue_value")),
    *(
        f"year:{what}"
        for what in ("work", "facility", "nonfacility", "payment_facility", "payment_nonfacility")
    ),
    "add_on:",
    "add_ons:",
    "edit_count:",
    "edit_modifiers:",
)
_PAIRS = ("add_on_pair", "ptp", "no_ptp")
_SOURCE = re.compile(r"; Source:(?P<releases>[^;]*)$")
_CODE_FIRST = re.compile(r"^\[(?P<code>\w{5})\] ")
_CODES = 3  # a sentence about the page's code and another names its subject among the first

_Texts = dict[str, tuple[RowEvidence, ...]]


class _Composed(NamedTuple):
    """Texts with the rows they rest on: sentences, which name their code, and what only its own page may show.

    `releases` are those of the code's rows and of all rows beside them.
    """

    sentences: _Texts
    shown: _Texts
    releases: frozenset[str]


class Catalogue:
    """All that the loaded rows, and our classification, say of a code, by its plain text; composed on first use."""

    def __init__(self, context: ClaimContext) -> None:
        self._context = context
        self._by_code: dict[str, _Composed] = {}
        self._diagnoses: dict[str, dict[str, tuple[QuoteEvidence, ...]]] = {}

    def find(self, text: str) -> Finding | None:
        """A passed check of the rows that compose this very text, or None.

        In a card or a table row, releases may stand behind each cell where they are those of the rows; a row with a
        source column names each of these somewhere.
        """
        about = _CODE_FIRST.match(text)
        own = about["code"] if about else self._context.hcpcs_code
        text = " ".join(text[about.end() if about else 0 :].split())
        codes = [own] if own else []
        codes += [mention.value for mention in find_mentions(text) if mention.kind == "code"]
        for code in list(dict.fromkeys(codes))[:_CODES]:
            if rows := self._of(code).sentences.get(same_spelling(text, code)):
                return _passed(text, rows)
        if own is None:
            return None
        if quotes := self._listed(own).get(_SOURCE.sub("", text)):
            return _passed(text, quotes, check=DIAGNOSES)
        cells = _without_source(text, self._of(own).releases)
        plain, releases = _without_releases(cells)
        rows = self._of(own).shown.get(same_spelling(plain, own), ())
        cited = {row.fact.release for row in rows if row.level == "table"}
        unnamed = cells != text and any(release not in text for release in cited)
        return _passed(text, rows) if rows and releases <= cited and not unnamed else None

    def _listed(self, code: str) -> dict[str, tuple[QuoteEvidence, ...]]:
        if code not in self._diagnoses:
            self._diagnoses[code] = listed_texts(code, self._context)
        return self._diagnoses[code]

    def _of(self, code: str) -> _Composed:
        if code not in self._by_code:
            sentences: _Texts = {}
            shown = {same_spelling(text, code): rows for text, rows in _of_profiles(code, self._context)}
            for sentence in compose_all(code, self._context):
                rows = _evidence(sentence, self._context)
                sentences[same_spelling(sentence.text, code)] = rows
                shown.update((same_spelling(text, code), rows) for text in _forms(sentence))
            cited = {row.fact.release for rows in shown.values() for row in rows}
            loaded = {fact.release for fact in self._context.facts(code).values()}
            self._by_code[code] = _Composed(sentences, shown, frozenset(cited | loaded))
        return self._by_code[code]


def _passed(text: str, rows: tuple[Evidence, ...], *, check: str = CHECK) -> Finding:
    passed = Check(
        check=check,
        outcome=Outcome.PASS,
        reason="composed again from loaded rows, word for word",
        found=text,
        evidence_ids=tuple(row.id for row in rows),
    )
    return Finding(passed, evidence=rows)


def _forms(sentence: FactSentence) -> list[str]:
    """The sentence as a table row and as a card."""
    kind = sentence.subject.partition(":")[0]
    rows = [_without_releases(_row(_HEADS[kind], sentence.cells))[0]] if kind in _HEADS else []
    return rows + _cards(sentence, kind)


def _cards(sentence: FactSentence, kind: str) -> list[str]:
    """Label and value of a card, with and without its small print."""
    if kind not in ("payment", "indicator") and sentence.subject != "rvu:total":
        return []
    label, value, rest = sentence.cells[:3]
    if kind == "rvu":
        label, rest = "Total RVUs, facility", f"Non-facility: {rest}"
    return [f"{label}: {value}", f"{label}: {value} ({rest})"]


def compose_all(code: str, context: ClaimContext) -> list[FactSentence]:
    """Every sentence that the loaded rows compose about a code, in the order of the sections."""
    rows = context.rows(code)
    subjects = [*_SUBJECTS, *(f"modifier:{entry.key}" for entry in load_modifier_entries())]
    others = [other for other in context.profiles if other != code]
    subjects += [
        f"{kind}:{other}" for other in others for kind in _PAIRS if _may_say(kind, code, other, context)
    ]
    subjects += [f"{kind}:{other}" for other in _paired(code, rows) for kind in ("ptp", "edit")]
    composed = (compose(subject, code, rows) for subject in subjects)
    return [sentence for sentence in composed if sentence is not None]


def _may_say(kind: str, code: str, other: str, context: ClaimContext) -> bool:
    """A page's rows hold some edits of many: that there is none between two codes is for all of them to say."""
    return kind != "no_ptp" or not is_paired(code, other, context.facts)


def _paired(code: str, rows: Rows) -> list[str]:
    """Codes that an edit among the rows pairs with this one."""
    return sorted({fact.other(code) for fact in rows.values() if is_edit(fact)})


def _evidence(sentence: FactSentence, context: ClaimContext) -> tuple[RowEvidence, ...]:
    return (
        *(context.currency(fact) for fact in sentence.facts),
        *(earlier_row(fact) for fact in sentence.earlier),
    )


def _of_profiles(code: str, context: ClaimContext) -> Iterator[tuple[str, tuple[RowEvidence, ...]]]:
    """The summary, the card of the body region and the table of related codes."""
    profile = context.profiles.get(code)
    if profile is None:
        return
    own = (classification_row(profile),)
    yield profile.summary, own
    yield f"{profile.category} / {profile.region}", own
    yield f"Body region: {profile.region[:1].upper()}{profile.region[1:]} ({profile.category})", own
    rows = context.rows(code)
    for other, related in context.profiles.items():
        if other == code:
            continue
        differs = profile.siblings.get(other, related.summary)
        both = (classification_row(related), *own)
        yield f"{other}: {differs}", both
        relations = [
            sentence
            for kind in _PAIRS
            if _may_say(kind, code, other, context)
            and (sentence := compose(f"{kind}:{other}", code, rows)) is not None
        ]
        cells = (other, differs, "; ".join(sentence.cells[0] for sentence in relations))
        cited = tuple(context.currency(fact) for sentence in relations for fact in sentence.facts)
        yield _without_releases(_row(COLUMNS["class"], cells))[0], (*both, *cited)


def _row(columns: Iterable[str], cells: Iterable[str]) -> str:
    return "; ".join(f"{head}: {cell}" for head, cell in zip(columns, cells, strict=False) if cell)


def _without_source(text: str, loaded: frozenset[str]) -> str:
    """The row without its source column, which names releases of whatever its checks looked at."""
    source = _SOURCE.search(text)
    if source is None:
        return text
    left, releases = without_releases(source["releases"])
    return text[: source.start()] if not left.strip() and releases <= loaded else text


def _without_releases(text: str) -> tuple[str, frozenset[str]]:
    """The cells without the releases behind them, and these releases."""
    releases: frozenset[str] = frozenset()
    pieces = []
    for piece in text.split("; "):
        plain, named = without_releases(piece)
        pieces.append(plain)
        releases |= named
    return "; ".join(pieces), releases
