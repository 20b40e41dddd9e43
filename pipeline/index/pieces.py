"""What of a passage is embedded: pieces short enough for the embedder, and the headings that are searched with it."""

from __future__ import annotations

import hashlib
import re

from pipeline.data import Passage

PIECE_CHARACTERS = 600
"""With its headings about what the bundled embedder reads; a long rule has several pieces, its best one counts."""

_SENTENCE = re.compile(r"(?<=[.!?;])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9•])")


def pieces_of(passage: Passage) -> list[str]:
    """The texts a passage's vectors stand for: its headings with its sentences in groups of up to 600 characters."""
    groups: list[str] = []
    held = ""
    for sentence in _SENTENCE.split(passage.text):
        if held and len(held) + len(sentence) > PIECE_CHARACTERS:
            groups.append(held)
            held = ""
        held = f"{held} {sentence}".strip()
    return ["\n".join((*passage.heading_path, group)) for group in [*groups, held] if group]


def hash_piece(text: str) -> str:
    """The name of a piece's vector."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
