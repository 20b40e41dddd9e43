"""Mutations and rewordings that need the grammar of a sentence and no table: counts, payers, conditions, codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from evals.verification.claims import Origin
from evals.verification.swaps import replaced

_NUMBERS = ("one", "two", "three", "four")
_COUNT = re.compile(
    r"(?<!than )(?<!column )\b(?P<number>one|two|three|four|[1-4])"
    r"(?P<between>(?: (?:of|more|different))?(?: the)?(?: (?!this|of|code)\w+)?) "
    r"(?P<noun>compartment|interspace|level|unit|line|surgeon|side|component|joint|fragment|code|fracture|service|tendon"
    r"|sheath|procedure|exception|incision|operation|time|session|amount)(?P<plural>s?)\b",
    re.IGNORECASE,
)
# Before a number that cannot be one.
_OF_SEVERAL = re.compile(r"\b(?:the|between|of|these) $")
_LEADING_IF = re.compile(r"^(?:If|When|Where|Unless) [^,;]+(?:, [^,;]+ or [^,;]+)?, (?=\w)")
# Words that would be left without what they stand for.
_DANGLING = re.compile(r"\b(?:it|its|they|them|their|then|there|that|those|these|both|was|were|such|done)\b")
_TRAILING_IF = re.compile(
    r"(?<=\w\w\w\w),? (?:but )?(?:only )?(?:if|when|where|unless|except) (?!used\b|done\b|replaced\b)[^.;]{8,}(?=\.$)"
)
# A clause behind one of these is its object, or no condition.
_NO_CONDITION = re.compile(
    r"\b(?:even|not|only|shows?|records?|describes?|names?|states?|and|or|for|by|on|of|as|than|with|ever|just"
    r"|(?<!not )reported)$|\bbecause\b",
    re.IGNORECASE,
)
_PAYABLE = re.compile(r"\b(?:denied|paid|pays|payment|reported|modifier|RVUs|bundled|package|separately)\b")
_ANSWER = re.compile(r"^(?:No|Yes|Not|Only|Neither|None|Either)\b")
_PROPER = re.compile(r"(?:[A-Z]{2,}|[A-Z]\d{4}|Medicare|Modifiers?)\b")


def _count(origin: Origin) -> Iterator[str]:
    """One more or one less of what is counted."""
    for match in _COUNT.finditer(origin.text):
        number = match["number"].lower()
        place = int(number) - 1 if number.isdigit() else _NUMBERS.index(number)
        for other in {place - 1, place + 1} & set(range(len(_NUMBERS))):
            if not other and _OF_SEVERAL.search(origin.text[: match.start()]):
                continue
            said = str(other + 1) if number.isdigit() else _NUMBERS[other]
            plural = match["plural"] if "of" in match["between"] else "s" if other else ""
            yield replaced(origin.text, match, f"{said}{match['between']} {match['noun']}{plural}")


def _payer(origin: Origin) -> Iterator[str]:
    """The rule of another payer; not of what a code stands for, which is the same for all."""
    text = origin.text
    if origin.kind == "class" or not _PAYABLE.search(text) or _ANSWER.match(text):
        return
    said = text if _PROPER.match(text) else text[:1].lower() + text[1:]
    yield from (f"{payer}, {said}" for payer in ("For commercial payers", "Under Medicaid", "With Aetna"))


def _dropped_condition(origin: Origin) -> Iterator[str]:
    """A condition left out that limits the rule; "even if" and what a record shows "when" limit none.

    A reminder without its condition asks for more, and is not false.
    """
    text = origin.text
    if "#checklist" in origin.rest:
        return
    leading = _LEADING_IF.match(text)
    if leading and not _DANGLING.search(text[leading.end() :]):
        yield replaced(text, leading, "")
    for match in _TRAILING_IF.finditer(text):
        before = text[: match.start()]
        if len(before.split()) >= 4 and not _NO_CONDITION.search(before):
            yield replaced(text, match, "")


def _this_code(origin: Origin) -> Iterator[str]:
    """The code by its number where it is "this code", and the other way round where no other code is named."""
    text, code = origin.text, origin.claim.hcpcs_code
    for match in re.finditer(r"\bthis (?:add-on )?code\b(?!:)", text, re.IGNORECASE):
        yield from (replaced(text, match, code), replaced(text, match, f"CPT {code}"))
    if set(re.findall(r"\b(?:\d{5}|G\d{4})\b", text)) == {code} and text.count(code) == 1:
        match = re.search(rf"(?:\b[Cc]ode )?(?<![-(]){code}\b(?!-)", text)
        if match:
            yield replaced(text, match, "this code")


BY_WORDS: dict[str, Callable[[Origin], Iterator[str]]] = {
    "count": _count,
    "payer": _payer,
    "dropped_condition": _dropped_condition,
    "this_code": _this_code,
}
