"""What the index is told of a document: enough to know whether it changed, and how to get its passages if so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pipeline.data import Authority, Passage


class Terms(NamedTuple):
    """What `Filters` ask of a document, as the table writes it."""

    authority: str
    payer_scope: str
    valid_from: str
    valid_to: str | None


@dataclass(frozen=True)
class IndexedDocument:
    """A document to index. `digest` covers all that its passages depend on; `passages` is called only where it changed.

    A passage's id belongs to one document.
    """

    id: str
    digest: str
    authority: Authority
    payer_scope: str
    valid_from: date
    valid_to: date | None
    passages: Callable[[], Sequence[Passage]]

    @property
    def terms(self) -> Terms:
        """Authority, payers and validity: a change of them alone asks for no passages."""
        return Terms(
            self.authority.value,
            self.payer_scope,
            self.valid_from.isoformat(),
            self.valid_to.isoformat() if self.valid_to else None,
        )
