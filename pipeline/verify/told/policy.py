"""Who may be paid beside the surgeon, and both sides at once: the policy indicators, told freely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.data import Fact
from pipeline.verify.context import ClaimContext
from pipeline.verify.pairs import has_verb
from pipeline.verify.reading import Reading, codes_in, vocabulary
from pipeline.verify.told.parts import Told, Wording, pattern
from pipeline.verify.values import Value, named_times

_W = Wording("policy")
_TOPICS = _W.tables("topics")
_TOPIC = {field: pattern(topic["find"]) for field, topic in _TOPICS.items()}
_CLAUSE, _NO, _FREE, _DOC, _YES = map(_W.pattern, ("clause", "no", "free", "doc", "yes"))
_ASKED, _NOT_EXCLUDED, _TURNED = map(_W.pattern, ("asked", "not_excluded", "turned"))
_EACH, _OTHER = map(_W.pattern, ("each", "other"))
_TOKENS = re.compile(r"doc#\w+|(?:yes|no):mod#(?:62|66|80|82|as)\b")
_WORDS = _W.stems("words")


def read_policy(text: str, reading: Reading, context: ClaimContext) -> Iterator[Told]:
    """One for each clause that says whether somebody is paid, where the code's indicator says the same."""
    if _OTHER.search(text):
        return
    topic, code = "", ""
    said: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for clause in _CLAUSE.split(text):
        named = [field for field, words in _TOPIC.items() if words.search(clause)]
        if len(named) > 1:
            return
        topic = named[0] if named else topic
        code = (codes_in(clause) or [code or context.hcpcs_code or ""])[0]
        if not named and _NOT_EXCLUDED.search(clause):
            return  # something is not excluded, and it is not said who
        if topic and has_verb(reading.text) and (stance := _stance(clause)):
            said.setdefault((topic, code), []).append((stance, clause))
    found = list[Told]()
    for (field, name), stances in said.items():
        fact = context.facts(name).get(field)
        if fact is None or _TOPICS[field].get(fact.value) != _together({stance for stance, _ in stances}):
            return
        if Value("indicator", fact.value, (fact,)).other_time(reading):
            return
        found.append(_told(fact, [clause for _, clause in stances], reading))
    yield from found


def _together(stances: set[str]) -> str:
    """Paid, and with documents: it is paid with documents. Otherwise what all clauses say, or "unclear"."""
    if stances == {"yes", "doc"}:
        return "doc"
    return next(iter(stances)) if len(stances) == 1 else "unclear"


def _stance(clause: str) -> str:
    """ "no", "doc" (only with documents), "yes", "" where nothing is said, "unclear" where two negations meet."""
    denied, free, documented = _NO.search(clause), _FREE.search(clause), _DOC.search(clause)
    if _TURNED.search(clause) or (denied and (free or documented)):
        return "unclear"
    if free:
        return "yes"
    if len(vocabulary().negations.findall(clause)) + clause.count("pay#no") > 1:
        return "unclear"
    if denied:
        return "no"
    if documented:
        return "doc"
    return "yes" if _YES.search(clause) else ""


def _told(fact: Fact, clauses: Sequence[str], reading: Reading) -> Told:
    used = {f"code#{fact.hcpcs_code.lower()}", "pay#yes", "pay#no", "pay#unclear", "cnt#2:surgeon"}
    used |= {token for clause in clauses for token in _TOKENS.findall(clause)} | named_times(reading, (fact,))
    read = (_NO, _FREE, _ASKED, _NOT_EXCLUDED, _EACH)
    pieces = tuple(match.group() for clause in clauses for words in read for match in words.finditer(clause))
    reason = f"the {fact.field.replace('_', ' ')} of {fact.hcpcs_code} is {fact.value} ({fact.release})"
    return Told(frozenset(used), _WORDS, (fact,), reason, pieces)
