"""Claims that cannot both hold: on one page, on two, or on the pages of two codes that differ.

Two claims disagree where the rows they cite have two values for one thing, where they state two figures under the same
label of the same code, setting and time, or where one says the contrary of the other (see `opposed`). A claim is copied
where it states, word for word, another code's figure, and its own code has another one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from pipeline.data import Claim, Currency, Evidence, HcpcsCode, Outcome, Record, RowEvidence
from pipeline.facts.sentences import SUBJECT_KINDS
from pipeline.verify.opposed import opposition, subject_of
from pipeline.verify.reading import codes_in, read_sentence, vocabulary

CHECK = "consistency"
_FIGURE = re.compile(r"(?<!\S)\(?(?P<kind>usd|num|gd|pct|apc|cnt|ind)#(?P<value>[^\s,;()]*[^\s,;().:])")
_LABEL = re.compile(r"\b(?:lab|q)#\w+")
_SETTING = re.compile(r"\bset#\w+")
_TIME = re.compile(r"\b(?:rel|yr|date)#\S*\w")
_OTHER = re.compile(r"\bcmp#|\bmod#|\bline#|\bdos\b|\b(?:if|when|where|unless|each|per|change|both)\b")
_THIS = re.compile(r"\bthis\b")


class Said(NamedTuple):
    """A claim that stands on a page, and all that was found to bear it out."""

    hcpcs_code: str
    claim: Claim
    evidence: tuple[Evidence, ...]


class Inconsistency(Record):
    """Two claims that cannot both hold: what each says (`expected`, `found`), of what, on the pages of which codes.

    `kind`: `row`, `value`, `copied`, or the kind of their opposition (`figure`, `modifier`, `payment`, …).
    """

    check: str = CHECK
    outcome: Outcome = Outcome.FAIL
    kind: str
    about: str
    codes: tuple[HcpcsCode, HcpcsCode]
    claim_ids: tuple[str, str]
    expected: str
    found: str
    evidence_ids: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One sentence for a reviewer."""
        pages = " and ".join(dict.fromkeys(self.codes))
        one, two = self.claim_ids
        return f"{pages}: {one} and {two} disagree on {self.about}: {self.expected}, {self.found}"


def find_inconsistencies(said: Sequence[Said]) -> list[Inconsistency]:
    """Pairs of claims of one page, or of several, that cannot both hold, each pair once, in the order of the claims."""
    found: dict[tuple[str, str], Inconsistency] = {}
    for one in (*_rows(said), *_values(said), *_contrary(said), *_copied(said)):
        found.setdefault(one.claim_ids, one)
    return list(found.values())


def _rows(said: Sequence[Said]) -> Iterator[Inconsistency]:
    """Rows cited for one thing with two values; of releases of one day, since a past year's is another thing."""
    known: dict[tuple[str, ...], dict[str, tuple[Said, RowEvidence]]] = defaultdict(dict)
    for each in said:
        for item in each.evidence:
            if isinstance(item, RowEvidence):
                fact = item.fact
                release = fact.release if item.currency is Currency.EARLIER else ""
                key = (item.level, fact.hcpcs_code, fact.modifier, fact.field, release)
                known[key].setdefault(fact.value, (each, item))
    for key, values in known.items():
        for (one, row), (two, other) in combinations(values.values(), 2):
            about = " ".join(filter(None, key[1:]))
            yield _pair(
                "row",
                about,
                one,
                two,
                f"{row.fact.value} ({row.fact.release})",
                f"{other.fact.value} ({other.fact.release})",
                evidence_ids=(row.id, other.id),
            )


def _values(said: Sequence[Said]) -> Iterator[Inconsistency]:
    """Figures stated under one label of one code, setting and time."""
    known: dict[tuple[str, ...], dict[str, Said]] = defaultdict(dict)
    for each in said:
        for key, value in stated_values(each.claim.text, each.hcpcs_code):
            known[key].setdefault(value, each)
    for key, values in known.items():
        for (value, one), (other, two) in combinations(values.items(), 2):
            yield _pair("value", " ".join(filter(None, key)), one, two, value, other)


@lru_cache(maxsize=16_384)
def stated_values(text: str, own_code: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """What a sentence states plainly: (code, kind, labels, settings, times) with the figure, clause by clause.

    Only a clause with one figure, one code at most and nothing that makes the figure another one.
    """
    reading = read_sentence(text)
    if not reading.asserted or reading.other_payers or reading.pairs:
        return ()
    times = " ".join(sorted(set(_TIME.findall(reading.canonical))))
    found = []
    for clause in reading.clauses:
        figures = list(_FIGURE.finditer(clause))
        codes = set(codes_in(clause)) or set(reading.codes) or {own_code}
        labels = sorted(set(_LABEL.findall(clause)))
        if (
            len(figures) != 1
            or len(codes) != 1
            or _OTHER.search(clause)
            or vocabulary().negations.search(clause)
        ):
            continue
        kind, value = figures[0]["kind"], figures[0]["value"]
        if not labels and kind not in ("gd", "apc"):
            continue
        settings = " ".join(sorted(set(_SETTING.findall(clause))))
        unit = value.partition(":")[2]
        found.append(((codes.pop(), kind, unit, " ".join(labels), settings, times), value))
    return tuple(found)


def _contrary(said: Sequence[Said]) -> Iterator[Inconsistency]:
    """Sentences that say the contrary of each other; on two pages, only of codes that they name."""
    by_subject: dict[object, list[Said]] = defaultdict(list)
    for each in said:
        if each.claim.subject.partition(":")[0] in SUBJECT_KINDS:
            continue  # composed of rows: these, and the figures, say whether it agrees with another
        subject = subject_of(each.claim.text)
        if subject is not None:
            by_subject[subject].append(each)
    for group in by_subject.values():
        for one, two in combinations(group, 2):
            same_page = one.hcpcs_code == two.hcpcs_code
            if not same_page and not (_names_its_codes(one) and _names_its_codes(two)):
                continue
            turn = opposition(
                read_sentence(one.claim.text),
                read_sentence(two.claim.text),
                own_code=one.hcpcs_code if same_page else None,
            )
            if turn:
                yield _pair(turn.kind, f"“{one.claim.text}”", one, two, turn.ours, turn.theirs)


def _names_its_codes(each: Said) -> bool:
    return bool(read_sentence(each.claim.text).codes) and not _THIS.search(each.claim.text.lower())


def _copied(said: Sequence[Said]) -> Iterator[Inconsistency]:
    """The same sentence on the pages of two codes, whose rows differ in just what it states."""
    by_text: dict[str, dict[str, Said]] = defaultdict(dict)
    rows: dict[str, dict[str, RowEvidence]] = defaultdict(dict)
    for each in said:
        by_text[each.claim.text.replace(each.hcpcs_code, "this code")].setdefault(each.hcpcs_code, each)
        for item in each.evidence:
            if isinstance(item, RowEvidence) and _is_own(item, each.hcpcs_code):
                rows[each.hcpcs_code][item.fact.field] = item
    for pages in by_text.values():
        for one, two in combinations(pages.values(), 2):
            for source, copy in ((one, two), (two, one)):
                yield from _copy(source, copy, rows[copy.hcpcs_code])


def _is_own(item: RowEvidence, hcpcs_code: str) -> bool:
    fact = item.fact
    newest = item.level == "table" and item.currency is not Currency.EARLIER
    return newest and fact.hcpcs_code == hcpcs_code and not fact.partner


def _copy(source: Said, copy: Said, own: Mapping[str, RowEvidence]) -> Iterator[Inconsistency]:
    for item in source.evidence:
        if not isinstance(item, RowEvidence) or item.fact.hcpcs_code != source.hcpcs_code:
            continue
        there = own.get(item.fact.field)
        if there is None or there.fact.value == item.fact.value:
            continue
        if states_value(copy.claim.text, item.fact.value) and not states_value(
            copy.claim.text, there.fact.value
        ):
            yield _pair(
                "copied",
                item.fact.field,
                source,
                copy,
                f"{source.hcpcs_code} has {item.fact.value}",
                f"{copy.hcpcs_code} has {there.fact.value}",
                evidence_ids=(item.id, there.id),
            )


def states_value(text: str, value: str) -> bool:
    """Whether the value stands in the text by itself, not as a part of another."""
    return re.search(rf"(?<![\w.]){re.escape(value)}(?![\w]|\.\d)", text.replace(",", "")) is not None


def _pair(
    kind: str,
    about: str,
    one: Said,
    two: Said,
    expected: str,
    found: str,
    *,
    evidence_ids: Iterable[str] = (),
) -> Inconsistency:
    return Inconsistency(
        kind=kind,
        about=about,
        codes=(one.hcpcs_code, two.hcpcs_code),
        claim_ids=(one.claim.id, two.claim.id),
        expected=expected,
        found=found,
        evidence_ids=tuple(evidence_ids),
    )
