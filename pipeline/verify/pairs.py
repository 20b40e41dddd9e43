"""Labels with their values: "Total RVUs, facility: 1.19 (non-facility: 2.06)", "Setting: ASC; Total: $9,954.19".

Such a piece has no verb; what binds a figure to its label is the colon. Each pair becomes a clause of its own, so that
no figure is taken for the value of another's label: a pair in parentheses by itself, with what the label before it
measures, and every cell of a table row with what the row's first cell names.
"""

from __future__ import annotations

import re
from functools import lru_cache

_VERB = re.compile(
    r"(?<![\w#])(?:is|are|was|were|be|been|being|am|has|have|had|having|do|does|did|done|must|may|might|can|could|should|shall"
    r"|will|would|need|needs|needed|requires?|required|uses?|used|append(?:s|ed)?|appl(?:y|ies|ied)|bills?|billed"
    r"|reports?|reported|pays?|paid|takes?|taken|carr(?:y|ies|ied)|gets?|goes|go|lists?|listed|includes?|included"
    r"|includ\w+|covers?|covered|allows?|allowed|permits?|permitted|adds?|added|gives?|given|shows?|shown|describes?"
    r"|means?|makes?|made|comes?|runs?|lasts?|falls?|stands?|equals?|belongs?|contains?|calls?|accepts?|attach\w*"
    r"|counts?|counted|lands?|sits?|works|earns?|costs?|receives?|bypass\w*|bundl\w+|unbundl\w+|denies|denied|denying"
    r"|performs?|performed|names?|named|decides?|decided|follows?|document(?:s|ed)|record(?:s|ed)|open(?:s|ed)?|put|let"
    r"|[a-z]+n't|cannot|never|not|maps?|mapped|starts?|form|forms|restarts?|begins?|ends?|becomes?|holds?|keeps?"
    r"|replaces?|limits?|exceeds?|caps?|treats?|says?|states?|stated|changed?|changes|rose|fell)\b"
    r"|(?<![\w#])(?:pay|doc)#\w+",
    re.IGNORECASE,
)
_VALUE = re.compile(r"(?<!\S)\(?\s*(?:usd|num|gd|apc|ind|cnt|pct)#")
_NONE = re.compile(r"^(?:none\b\s*)?\(?\s*(?:n/?a|not applicable)\s*\)?(?=\s|$)|^none(?=\s|$)")
_INNER = re.compile(r"\(([^()]*)\)")
_SETTING = re.compile(r",?\s*(?:set|lab)#(?:nonfac|fac|hopd|asc)\b")
_BARE_WORK = re.compile(r"^work$")


@lru_cache(maxsize=4_096)
def has_verb(text: str) -> bool:
    """Whether a sentence asserts by a verb, and not only by setting a value beside a label."""
    return _VERB.search(text) is not None


@lru_cache(maxsize=1024)
def read_pairs(canonical: str) -> tuple[str, ...]:
    """One clause "label value" for every pair; empty for a sentence that is not made of pairs."""
    text = re.sub(r":(?=\s|$)", " : ", canonical)
    if " : " not in text:
        return ()
    cells = [_cell(piece) for piece in re.split(r"\s*;\s*", text) if piece.strip(" .")]
    if not cells or not cells[0][0] or has_verb(_NONE_CELL.sub(" ", text)):
        return ()
    first_value = cells[0][1]
    head = ""
    if len(cells) > 1 and not _VALUE.search(first_value):
        head = _BARE_WORK.sub("lab#work", first_value.strip(" ."))
        cells = cells[1:]
    clauses: list[str] = []
    for label, value in cells:
        if _VALUE.search(label):
            return ()
        clauses.extend(_clauses(head, label, value))
    return tuple(clauses)


_NONE_CELL = re.compile(r"(?<=: )not applicable\b")


def _cell(piece: str) -> tuple[str, str]:
    """Label and value; the colon inside parentheses belongs to another pair. No label: it goes on with the last."""
    outside = _INNER.sub(lambda found: " " * len(found.group()), piece)
    place = outside.find(" : ")
    if place < 0:
        return "", piece.strip(" .")
    return piece[:place].strip(" ."), piece[place + 3 :].strip(" .")


def _clauses(head: str, label: str, value: str) -> list[str]:
    inner = [found for found in _INNER.finditer(value) if " : " in found.group(1)]
    for found in reversed(inner):
        value = f"{value[: found.start()]} {value[found.end() :]}"
    clauses = [_clause(head, label, value)]
    for found in inner:
        own, _, figure = found.group(1).partition(" : ")
        measured = _SETTING.sub("", label) if _SETTING.search(own) else label
        clauses.append(_clause(head, f"{measured} {own}", figure))
    return clauses


def _clause(head: str, label: str, value: str) -> str:
    return " ".join(f"{head} {label} {_NONE.sub('na#none', value.strip())}".split())
