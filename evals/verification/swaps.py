"""Words put in place of others, as `swaps.toml` and `rewordings.toml` list them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Swap(NamedTuple):
    """A pattern and what may stand in place of a match; nothing: the match is left out."""

    pattern: re.Pattern[str]
    replacements: tuple[str, ...]


@cache
def load_swaps(name: str) -> dict[str, tuple[Swap, ...]]:
    """The swaps of a file beside this one, by type."""
    listed = tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
    return {
        type_: tuple(Swap(re.compile(find, re.IGNORECASE), tuple(put) or ("",)) for find, *put in swaps)
        for type_, swaps in listed.items()
    }


def swapped(text: str, swaps: tuple[Swap, ...]) -> Iterator[str]:
    """The text with one match of one swap replaced, in each way there is."""
    for swap in swaps:
        for match in swap.pattern.finditer(text):
            for replacement in swap.replacements:
                yield replaced(text, match, match.expand(replacement))


def replaced(text: str, match: re.Match[str], put: str) -> str:
    """The text with `put` in place of the match, a capital where a sentence begins and only there."""
    was, before = match.group(), text[: match.start()]
    if not before or before.endswith(". "):
        put = put.lower() if was[1:].islower() else put
        put = put if was[:1].islower() else put[:1].upper() + put[1:]
    left = f"{before}{put}{text[match.end() :]}".strip()
    return left[:1].upper() + left[1:] if text[:1].isupper() else left
