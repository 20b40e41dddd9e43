"""Sentences, cards and table rows of our own pages, known again word for word.

Everything a page says of rows is a pure function of these rows (`facts/sentences.py`). So a text that holds it
is checked by composing all that the loaded rows say of a code, and looking the text up: a changed figure,
modifier or word is not found and goes on to the other checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from pipeline.data import Check, CodeProfile, Currency, Fact, Outcome, RowEvidence
from pipeline.facts.indicators import load_modifier_entries
from pipeline.facts.rows import FactSentence, Rows, rows_of
from pipeline.identity import evidence_id
from pipeline.verify.context import ClaimContext, Finding
from pipeline.verify.marks import without_releases
from pipeline.verify.mentions import find_mentions
from pipeline.verify.rows import CHECK, compose

COLUMNS = {
    "rvu": ("Component", "Facility", "Non-facility", "Release"),
    "setting": ("Setting", "Professional", "Facility part", "Total", "Basis"),
    "indicator": ("Indicator", "Value", "Meaning", "Release"),
    "modifier": ("Modifier", "When", "Basis"),
    "class": ("Code", "How it differs", "Relation or edit"),
}
"""The heads of our pages' tables by kind of subject, as in `prompts/sections/`; other heads are not known again."""

_HEADS = {**COLUMNS, "add_on": COLUMNS["indicator"], "edit_modifiers": COLUMNS["modifier"]}
_SUBJECTS = (
    *(f"rvu:{part}" for part in ("work", "pe", "mp", "total")),
    *(f"payment:{place}" for place in ("facility", "nonfacility")),
    *(f"setting:{place}" for place in ("office", "hopd", "asc", "inpatient")),
    *(f"indicator:{field}" for field in ("status_code", "global_days", "mue_value")),
    "add_on:",
    "edit_modifiers:",
)
_PAIRS = ("add_on_pair", "ptp", "no_ptp")
_SOURCE = re.compile(r"; Source:(?P<releases>[^;]*)$")
_CODE_FIRST = re.compile(r"^\[\w{5}\] ")
_CLASSIFIED_FROM = date(2026, 1, 1)


_Rows = tuple[RowEvidence, ...]


class Catalogue:
    """All that the loaded rows, and our classification, say of a code, by its plain text; composed on first use."""

    def __init__(self, context: ClaimContext) -> None:
        self._context = context
        self._known: dict[str, dict[str, _Rows]] = {}

    def find(self, text: str) -> Finding | None:
        """A passed check of the rows that compose this very text, or None.

        In a card or a table row, releases may stand behind each cell where they are those of the rows.
        """
        text = _CODE_FIRST.sub("", " ".join(text.split()))
        named = [mention.value for mention in find_mentions(text) if mention.kind == "code"]
        own = [self._context.hcpcs_code] if self._context.hcpcs_code else []
        for code in dict.fromkeys([*own, *named[:3]]):
            known = self._of(code)
            if text in known:
                return self._finding(text, known[text])
            plain, releases = _without_releases(text)
            if plain in known and releases <= {row.fact.release for row in known[plain]}:
                return self._finding(text, known[plain])
        return None

    def _of(self, code: str) -> dict[str, _Rows]:
        if code not in self._known:
            self._known[code] = dict([*_of_rows(code, self._context), *_of_profiles(code, self._context)])
        return self._known[code]

    def _finding(self, text: str, rows: _Rows) -> Finding:
        check = Check(
            check=CHECK,
            outcome=Outcome.PASS,
            reason="composed again from loaded rows, word for word",
            found=text,
            evidence_ids=tuple(row.id for row in rows),
        )
        return Finding(check, evidence=rows)


def _of_rows(code: str, context: ClaimContext) -> Iterator[tuple[str, _Rows]]:
    for sentence in compose_all(code, context):
        rows = tuple(context.currency(fact) for fact in sentence.facts)
        yield sentence.text, rows
        kind = sentence.subject.partition(":")[0]
        if kind in _HEADS:
            yield _without_releases(_row(_HEADS[kind], sentence.cells))[0], rows
        for card in _cards(sentence, kind):
            yield card, rows


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
    rows = _rows(code, context)
    subjects = [*_SUBJECTS, *(f"modifier:{entry.key}" for entry in load_modifier_entries())]
    subjects += [f"{kind}:{other}" for other in context.profiles if other != code for kind in _PAIRS]
    composed = (compose(subject, code, rows) for subject in subjects)
    return [sentence for sentence in composed if sentence is not None]


def _rows(code: str, context: ClaimContext) -> Rows:
    naming = [
        fact
        for other in context.profiles
        if other != code
        for fact in context.facts(other).values()
        if fact.partner == code
    ]
    return rows_of(code, [*context.facts(code).values(), *context.facts("").values(), *naming])


def _of_profiles(code: str, context: ClaimContext) -> Iterator[tuple[str, _Rows]]:
    """The summary, the card of the body region and the table of related codes."""
    profile = context.profiles.get(code)
    if profile is None:
        return
    own = (_classified(profile),)
    yield profile.summary, own
    yield f"{profile.category} / {profile.region}", own
    yield f"Body region: {profile.region[:1].upper()}{profile.region[1:]} ({profile.category})", own
    rows = _rows(code, context)
    for other, related in context.profiles.items():
        if other == code:
            continue
        differs = profile.siblings.get(other, related.summary)
        both = (_classified(related), *own)
        yield f"{other}: {differs}", both
        relations = [s for kind in _PAIRS if (s := compose(f"{kind}:{other}", code, rows)) is not None]
        cells = (other, differs, "; ".join(sentence.cells[0] for sentence in relations))
        cited = tuple(context.currency(fact) for sentence in relations for fact in sentence.facts)
        yield _without_releases(_row(COLUMNS["class"], cells))[0], (*both, *cited)


def _row(columns: Iterable[str], cells: Iterable[str]) -> str:
    return "; ".join(f"{head}: {cell}" for head, cell in zip(columns, cells, strict=False) if cell)


def _without_releases(text: str) -> tuple[str, frozenset[str]]:
    """The cells without the releases behind them, and these releases."""
    releases: frozenset[str] = frozenset()
    if source := _SOURCE.search(text):
        left, releases = without_releases(source["releases"])
        text = text if left.strip() else text[: source.start()]
    pieces = []
    for piece in text.split("; "):
        plain, named = without_releases(piece)
        pieces.append(plain)
        releases |= named
    return "; ".join(pieces), releases


def _classified(profile: CodeProfile) -> RowEvidence:
    """Our classification of a code as evidence, as a page cites it."""
    fact = Fact(
        hcpcs_code=profile.hcpcs_code,
        field="classification",
        value=profile.summary,
        release="starter classification",
        valid_from=_CLASSIFIED_FROM,
        locator=profile.locator,
    )
    return RowEvidence(
        id=evidence_id(fact.key, fact.value),
        fact=fact,
        currency=Currency.IN_FORCE,
        in_force_release=fact.release,
        level="classification",
    )
