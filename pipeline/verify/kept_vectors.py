"""Vectors of sentences, kept: what was embedded is embedded again only where thousands of others came since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.verify.judge_features import EmbedFunction, Vectors

MOST_KEPT = 16_384
"""Texts; of 384 numbers of four bytes each, 25 MB."""


class KeptVectors:
    """An `EmbedFunction` that remembers what it was asked last, the texts kept longest unasked given up first."""

    def __init__(self, embed: EmbedFunction, *, most: int = MOST_KEPT) -> None:
        self._embed, self._most = embed, most
        self._kept: OrderedDict[str, Vectors] = OrderedDict()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A vector a text, in order; those not kept are embedded together, each text once."""
        import numpy as np

        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if new:
            # Copied, so that a kept row does not keep the whole matrix it came in.
            self._kept.update(zip(new, (row.copy() for row in self._embed(new)), strict=True))
        for text in texts:
            self._kept.move_to_end(text)
        found = np.stack([self._kept[text] for text in texts]) if texts else self._embed(texts)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found
