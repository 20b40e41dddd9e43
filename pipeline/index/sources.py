"""What the index is told of a document: enough to know whether it changed, and how to get its passages if so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.data import Authority, Passage


@dataclass(frozen=True)
class IndexedDocument:
    """A document to index. `digest` covers all that its passages depend on; `passages` is called only where it changed."""

    id: str
    digest: str
    authority: Authority
    payer_scope: str
    valid_from: date
    valid_to: date | None
    passages: Callable[[], Sequence[Passage]]
