"""What quoted rows say of one condition: its sentence, and the row of the table that the sentence makes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.data import SourceDocument
from pipeline.sources.diagnoses.icd10 import read_codes, read_list
from pipeline.sources.diagnoses.laterality import Side, condition_of

_NONE, _ABSENT, _OUT = "–", "not listed", "left out"


def condition_text(
    document: SourceDocument,
    hcpcs_code: str,
    key: str,
    quotes: Sequence[str],
    *,
    left_out: frozenset[str] = frozenset(),
) -> str:
    """What quoted rows of the document say of a condition: the sides listed, those not listed, those left out."""
    condition = condition_of(key)
    marks: dict[str, str] = {}
    for quote in quotes:
        for one in read_codes(quote.partition(" | ")[0]) or read_list(quote) or ():
            marks |= {
                code: marks.get(code) or one.mark
                for code in one.codes
                if code in condition.codes and code not in left_out and not one.too_wide
            }
    listed = {code: f"{code} (marked {mark} there)" if mark else code for code, mark in marks.items()}
    begins = f"{document.title}, {document.edition}, lists for {hcpcs_code} “{condition.name}”: "
    if not condition.sides:
        return f"{begins}{listed.get(key, _ABSENT)}."
    said = {code: "" if code in listed else _OUT if code in left_out else _ABSENT for code in condition.codes}
    has = [f"{side} {listed[code]}" for side, code in condition.sides.items() if code in listed]
    parts = [", ".join(has)] if has else []
    for word in (_ABSENT, _OUT):
        lacks = [f"{side} {code}" for side, code in condition.sides.items() if said[code] == word]
        parts += [f"{word}: {', '.join(lacks)}"] if lacks else []
    return f"{begins}{'; '.join(parts)}."


def condition_cells(key: str, text: str) -> tuple[str, ...]:
    """The row of the table that a condition's sentence makes: the condition, then right, left, both, side not named."""
    condition = condition_of(key)
    said = text.rpartition("”: ")[2].removesuffix(".")
    if not condition.sides:
        return (f"{condition.name}: {said}", *[_NONE] * len(Side))
    return (condition.name, *(_cell(condition.sides.get(side), side, said) for side in Side))


def _cell(code: str | None, side: Side, said: str) -> str:
    if code is None:
        return _NONE
    for part in said.split("; "):
        head, stated, rest = part.partition(": ")
        found = re.search(rf"(?:^|, ){side} ({re.escape(code)}(?: \(marked [^)]*\))?)(?=,|$)", rest or part)
        if found:
            return head if stated else found[1]
    return _ABSENT
