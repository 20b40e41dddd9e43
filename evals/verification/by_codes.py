"""Mutations that name another code: one of another field, one mistyped, the other of a pair, a sibling.

What holds of the other code as well, by its rows or by a note that applies to both, is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from evals.verification.claims import Origin, without_releases
from evals.verification.swaps import replaced
from pipeline.data import QuoteEvidence

CODE = re.compile(r"(?<![\w.$-])(?:\d{5}|G\d{4})(?![\w.-]\d)(?!-)")
# What may hold of any code is said only of codes whose rows are loaded; of NCCI edits only some are.
_DECIDED_BY_ROWS = ("modifier", "indicator", "edit_modifiers", "no_ptp")
_EDITS = ("ptp", "edit")
_FAR_CODES = ("45378", "47562", "66984", "70551", "93000")
# Denied beside every other arthroscopy of the knee (NCCI manual, IV-5 to IV-7): a denial said of them is true.
_DENIED_BESIDE_ALL = ("29870", "29874", "29875", "29877")
_COLUMNS = re.compile(r"(\w{5}) \(column one\) with (\w{5}) \(column two\)")
_ADD_ON = re.compile(r"^(\w{5}) (is an add-on code .* primary code) (\w{5})")


def _code(origin: Origin) -> Iterator[str]:
    """A code of another field of surgery, a digit mistyped, or the codes of a pair exchanged."""
    text, own, starter, random = origin.text, origin.own, origin.starter, origin.random
    near = {own.profile.hcpcs_code, *own.profile.siblings}
    others = [
        code
        for code in starter.codes()
        if code not in near and starter.of(code).profile.family != own.profile.family
    ]
    for match in CODE.finditer(text):
        was, put = match.group(), []
        if origin.kind not in _DECIDED_BY_ROWS:
            put += [random.choice(_FAR_CODES), f"{was[0]}{(int(was[1]) + 5) % 10}{was[2:]}"]
        if origin.claim.basis == "rows" and origin.kind not in _EDITS:
            put.append(random.choice(others))
        yield from (replaced(text, match, new) for new in put if new not in text)
    yield from (_COLUMNS.sub(r"\2 (column one) with \1 (column two)", text), _ADD_ON.sub(r"\3 \2 \1", text))


def _sibling(origin: Origin) -> Iterator[str]:
    """What holds of the code said of a sibling, or the other way round; not what notes say of both."""
    text, own, rows = origin.text, origin.own, origin.claim.basis == "rows"
    code, cited = own.profile.hcpcs_code, origin.claim.evidence
    notes = {item.document_id for item in cited if isinstance(item, QuoteEvidence)}
    named = {*CODE.findall(text), *(() if rows else _DENIED_BESIDE_ALL)} - {code}
    siblings = own.profile.siblings.keys() & set(origin.starter.codes()) - named
    for sibling in sorted(siblings) if origin.kind not in _EDITS else ():
        other = origin.starter.of(sibling)
        if origin.kind == "class" and origin.rest != "summary":
            if not _all_known(text, own.profile.siblings[sibling]):
                yield text.replace(origin.rest, sibling)
        elif not notes & other.notes:
            yield re.sub(rf"\b{code}\b", sibling, text)
        known = (
            own.profile.siblings.get(origin.rest, "") if origin.kind == "class" else without_releases(text)
        )
        for same in other.claims if rows else ():
            said = re.sub(rf"\b{sibling}\b", code, same.claim.text)
            if same.claim.subject == origin.claim.claim.subject and not _all_known(said, known):
                yield said


def _all_known(text: str, known: str) -> bool:
    """Whether each part of what is said of a code, whatever its release, is among what is known of it."""
    said = without_releases(text)
    parts = (said.partition(": ")[2] or said).rstrip(".").split("; ")
    return all(part.partition(" (this")[0] in known for part in parts)


BY_CODES: dict[str, Callable[[Origin], Iterator[str]]] = {"code": _code, "sibling": _sibling}
