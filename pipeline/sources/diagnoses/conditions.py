"""What a document ties to a HCPCS code, condition by condition: which sides it lists, and where; what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from pipeline.data import SourceDocument
from pipeline.sources.codes_named import CodeRange, codes_named, names
from pipeline.sources.diagnoses.articles import read_article
from pipeline.sources.diagnoses.groups import Group, read_groups
from pipeline.sources.diagnoses.icd10 import description
from pipeline.sources.diagnoses.laterality import Condition, condition_of, named_sides
from pipeline.sources.diagnoses.tables import read_tables
from pipeline.sources.diagnoses.ties import Skipped, Stated, Tie, TiesRead

_SPEAKS = re.compile(r"\bICD|diagnos", re.IGNORECASE)


class Listed(NamedTuple):
    """A condition with the places that list codes of it."""

    condition: Condition
    stated: tuple[Stated, ...]


class Refused(NamedTuple):
    """What is listed and not shown, and why: `unknown` to ICD-10-CM, another `side` in words, `denied` as well."""

    stated: Stated
    why: str


class DiagnosesRead(NamedTuple):
    """What a document lists for a code. `ties` are what its lists rest on; `expanded` were ranges and categories.

    `skipped` are lists that may be the code's and are not shown.
    """

    ties: tuple[Tie, ...] = ()
    conditions: tuple[Listed, ...] = ()
    expanded: tuple[Stated, ...] = ()
    refused: tuple[Refused, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the document lists more than is shown, or nothing is."""
        return tuple(one.reason for one in self.skipped)

    @property
    def left_out(self) -> frozenset[str]:
        """Billable codes that are listed and not shown."""
        return frozenset(code for one in self.refused for code in one.stated.code.codes)


class _Held:
    """A document as a key: the same record, or an equal one."""

    def __init__(self, document: SourceDocument) -> None:
        self.document = document

    def __hash__(self) -> int:
        return hash((self.document.id, self.document.sha256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and (
            self.document is other.document or self.document == other.document
        )


def read_diagnoses(document: SourceDocument, hcpcs_code: str) -> DiagnosesRead:
    """The diagnoses that the document ties to the code; empty where it ties none."""
    return _read(_Held(document), hcpcs_code)


@lru_cache(maxsize=64)
def _read(held: _Held, hcpcs_code: str) -> DiagnosesRead:
    document = held.document
    if not names(_codes(held), hcpcs_code):
        return DiagnosesRead()
    groups = _groups(held)
    read = read_article(document, groups, hcpcs_code) if groups else read_tables(document, hcpcs_code)
    stated = [one for tie in read.ties for one in tie.stated]
    refused = [Refused(one, why) for one in stated if (why := _why_refused(one, read))]
    if wide := next((one.stated.code.written for one in refused if one.why == "wide"), ""):
        why = f"it lists {wide}, which stands for more codes than a list of diagnoses does"
        return DiagnosesRead(skipped=(*read.skipped, Skipped("", why)))
    left_out = {id(one.stated) for one in refused}
    denied = frozenset(code for one in refused for code in one.stated.code.codes)
    kept = [one for one in stated if id(one) not in left_out and not denied.intersection(one.code.codes)]
    return DiagnosesRead(
        ties=read.ties if kept else (),
        conditions=tuple(_conditions(kept)),
        expanded=tuple(one for one in kept if one.code.expanded),
        refused=tuple(refused),
        skipped=read.skipped,
    )


@lru_cache(maxsize=64)
def _codes(held: _Held) -> tuple[CodeRange, ...]:
    """The HCPCS codes that the document names; none where it says nothing of diagnoses."""
    text = held.document.text
    return codes_named(text) if _SPEAKS.search(text) else ()


@lru_cache(maxsize=64)
def _groups(held: _Held) -> Sequence[Group]:
    return read_groups(held.document)


def _why_refused(one: Stated, read: TiesRead) -> str:
    if not one.code.codes:
        return "unknown"
    if one.code.too_wide:
        return "wide"
    if read.denied.intersection(one.code.codes):
        return "denied"
    said = named_sides(one.says)
    own = named_sides(description(one.code.codes[0])) if len(one.code.codes) == 1 else set()
    return "side" if said and own and said != own else ""


def _conditions(stated: Sequence[Stated]) -> Iterable[Listed]:
    """Conditions in the order in which the document first lists a code of them."""
    found: dict[str, tuple[Condition, list[Stated]]] = {}
    for one in stated:
        for code in one.code.codes:
            condition = condition_of(code)
            places = found.setdefault(condition.key, (condition, []))[1]
            if one not in places:
                places.append(one)
    return (Listed(condition, tuple(places)) for condition, places in found.values())
