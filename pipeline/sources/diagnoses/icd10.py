"""ICD-10-CM codes: read as they are written, held against the official list, expanded to what is billable.

The list and its descriptions are ICD-10-CM's own (public domain), as the package simple_icd_10_cm keeps them. It takes
a second to load, so it is loaded where the first code is looked up.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import resources
from types import ModuleType
from typing import NamedTuple

_MOST = 1_000
"""Billable codes that one range or category may stand for; more is a chapter rather than a list."""

_CODE = r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4}|[0-9A-Z]{1,4})?"
_WRITTEN = re.compile(
    rf"(?P<first>{_CODE})"
    rf"(?:(?P<open>\.?-(?!\s*[A-Z][0-9])|\.[Xx](?![0-9A-Za-z]))|\s*(?:[-–—]|\bto\b|\bthrough\b|\bthru\b)\s*(?P<last>{_CODE}))?"
    r"\s?(?P<mark>[*†‡+#^]*)(?![0-9A-Za-z.])"
)
_BETWEEN = re.compile(r"[\s,;/&]*(?:\b(?:and|or)\b[\s,;]*)?")
_LOOKS = re.compile(r"(?<![\w.])[A-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,4}(?![\w.]*\w)")
_IN_TEXT = re.compile(
    rf"(?<![\w.])(?P<first>{_CODE})(?:\s*(?:[-–—]|\b(?:to|through|thru)\b)\s*(?P<last>{_CODE}))?"
    r"(?=\.?[-–—]|\.?[Xx]?(?!\w|\.\w))"
)
_WORD = re.compile(r"[a-z0-9]+")


class WrittenCode(NamedTuple):
    """A code, range or category as it is written, from `start` to `end` of its text; `mark`: an asterisk beside it.

    `codes` are the billable codes that it stands for, in the list's order: none where ICD-10-CM has no such code.
    """

    written: str
    codes: tuple[str, ...]
    mark: str
    start: int
    end: int

    @property
    def too_wide(self) -> bool:
        """Whether it stands for more codes than a list does."""
        return len(self.codes) > _MOST

    @property
    def expanded(self) -> bool:
        """Whether it is a range or category, and not one billable code."""
        return bool(self.codes) and self.codes != (with_dot(self.written),)


@cache
def _package() -> ModuleType:
    with warnings.catch_warnings():  # about how it reads its own files
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10_cm
    return simple_icd_10_cm


def edition() -> str:
    """Which release the list is of: `April 2026`."""
    _package()
    names = (entry.name for entry in resources.files("simple_icd_10_cm.data").iterdir())
    found = (re.fullmatch(r"code-list-(\w+)-(\d{4})\.txt", name) for name in names)
    return next((f"{match[1]} {match[2]}" for match in found if match), "edition unknown")


def read_codes(text: str) -> tuple[WrittenCode, ...]:
    """The codes that the text is a list of; none where it says anything else.

    "M17.11", "M17.0-M17.9; M25.56-", "M17.11*, M17.12*". One code may stand with the official description behind it.
    """
    found: list[WrittenCode] = []
    position = len(text) - len(text.lstrip())
    while match := _WRITTEN.match(text, position):
        found.append(_written(match))
        position = match.end()
        position = between.end() if (between := _BETWEEN.match(text, position)) else position
    if found and not text[position:].strip():
        return tuple(found)
    if len(found) == 1 and describes(text[found[0].end :], found[0]):
        return tuple(found)
    return ()


def read_list(text: str) -> tuple[WrittenCode, ...] | None:
    """The codes of a running text "M17.11 Unilateral … M17.12 Unilateral …"; None where it is no such list.

    Each code counts only with its official description behind it.
    """
    found = [
        _written(match) for match in _WRITTEN.finditer(text) if with_dot(match["first"]) == match["first"]
    ]
    found = [one for one in found if one.codes or _LOOKS.fullmatch(one.written)]
    if not found or text[: found[0].start].strip(" :.•"):
        return None
    ends = [one.start for one in found[1:]] + [len(text)]
    ended = [
        one._replace(end=start + len(text[start:end].rstrip())) for one, start, end in _pieces(found, ends)
    ]
    if all(describes(text[one.start + len(one.written) : one.end], one) for one in ended):
        return tuple(ended)
    return None


def _pieces(found: list[WrittenCode], ends: list[int]) -> Iterator[tuple[WrittenCode, int, int]]:
    for one, end in zip(found, ends, strict=True):
        yield one, one.start, end


def codes_in(text: str) -> frozenset[str]:
    """The billable codes that running text names, by themselves or by a range or category."""
    pairs = ((match["first"], match["last"] or match["first"]) for match in _IN_TEXT.finditer(text))
    return frozenset(code for first, last in pairs for code in expand(with_dot(first), with_dot(last)))


def without_codes(text: str) -> str:
    """The text without the codes, ranges and categories of ICD-10-CM."""
    return _IN_TEXT.sub(lambda match: " " if is_listed(with_dot(match["first"])) else match.group(), text)


def holds_codes(text: str) -> bool:
    """Whether the text begins like a list of codes, or holds something in the form of an ICD-10-CM code."""
    return bool(_WRITTEN.match(text.lstrip("• \t")) or _LOOKS.search(text))


def _written(match: re.Match[str]) -> WrittenCode:
    first, last = with_dot(match["first"]), with_dot(match["last"] or match["first"])
    written = match.group().removesuffix(match["mark"]).strip()
    return WrittenCode(written, expand(first, last), match["mark"], match.start(), match.end())


def describes(text: str, one: WrittenCode) -> bool:
    """Whether the text is the official description of a code."""
    said = _WORD.findall(text.lower())
    return len(one.codes) == 1 and bool(said) and said == _WORD.findall(description(one.codes[0]).lower())


def with_dot(code: str) -> str:
    """`M1711` as `M17.11`."""
    return code if len(code) < 4 or "." in code else f"{code[:3]}.{code[3:]}"


@cache
def is_listed(code: str) -> bool:
    """Whether ICD-10-CM has this code or category."""
    package = _package()

    return package.is_valid_item(code) and package.is_category_or_subcategory(code)


@cache
def description(code: str) -> str:
    """ICD-10-CM's own description of a listed code."""
    package = _package()

    return package.get_description(code)


@cache
def expand(first: str, last: str) -> tuple[str, ...]:
    """The billable codes from one to another, all that belong to the last included; the same twice: a category's.

    None where ICD-10-CM lacks either, or the last stands before the first.
    """
    package = _package()

    if not (is_listed(first) and is_listed(last)) or first[0] != last[0]:
        return ()
    start, end = package.get_index(first), package.get_index([last, *package.get_descendants(last)][-1])
    return tuple(code for code in package.get_all_codes()[start : end + 1] if _is_billable(code))


@cache
def billable_codes(category: str) -> tuple[str, ...]:
    """All billable codes of a three-character category, in the list's order."""
    package = _package()

    return tuple(code for code in [category, *package.get_descendants(category)] if _is_billable(code))


@cache
def sibling_key(code: str) -> str:
    """The subcategory above the one that a code stands in; of a code with a seventh character, above its sixth."""
    package = _package()

    base = package.get_parent(code) if package.is_extended_subcategory(code) else code
    return package.get_parent(base)


def _is_billable(code: str) -> bool:
    return is_listed(code) and _package().is_leaf(code)
