"""The code that a text is about by its own title: for a hint, never for a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.verify.blocks import read_markdown
from pipeline.verify.claims import InputClaim, codes_named, read_text

_LONGEST_TITLE = 120  # characters; a longer first line is a paragraph


def untold_code(path: Path, claims: Sequence[InputClaim]) -> str:
    """The one code that the title of a file names, where half of its claims or more name none; else "".

    The title of HTML is `title` and `h1`, of Markdown its headings of the first level, of text its first line; JSON
    Lines have none. `claims` are those that `read_claims` gives, which refuses what cannot be read.
    """
    named = {code for title in _titles(path) for code in codes_named(title)}
    if len(named) != 1:
        return ""
    silent = sum(not codes_named(claim.text) for claim in claims)
    return named.pop() if silent and 2 * silent >= len(claims) else ""


def _titles(path: Path) -> list[str]:
    suffix = path.suffix.lower()
    text = read_text(path)
    if suffix in (".jsonl", ".ndjson"):
        return []
    if suffix in (".html", ".htm", ".xhtml"):
        from selectolax.parser import HTMLParser

        return [" ".join(node.text().split()) for node in HTMLParser(text).css("title, h1")]
    if suffix in (".md", ".markdown"):
        return [block.text for block in read_markdown(text) if block.kind == "title"]
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return [first] if len(first) <= _LONGEST_TITLE else []
