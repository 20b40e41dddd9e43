"""What an installation has to compare a ledger with: rows, documents, notes, our classification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

from pipeline.data import CodeProfile, Evidence, Fact, SourceDocument, SourceUse
from pipeline.verify import Corpus
from pipeline.workspace import Workspace


class HeldRow(NamedTuple):
    """The row of the recorded one's release, code and field that is loaded, None where there is none.

    `settled`: it would be loaded if the published table had it, so that its absence says something.
    """

    fact: Fact | None
    settled: bool


NOT_LOADED = HeldRow(None, settled=False)


class Held(NamedTuple):
    """What the installation has: documents by id, profiles by code, a row as it is loaded on a date of service.

    `describe`: the source of a piece of evidence whose document is among the documents. `adjustments`: the adjustment
    codes of notes, by document id. `corpus`: the sentences that may speak against a claim.
    """

    documents: Mapping[str, SourceDocument]
    profiles: Mapping[str, CodeProfile]
    row: Callable[[Fact, date], HeldRow]
    describe: Callable[[Evidence], SourceUse]
    adjustments: Mapping[str, tuple[str, ...]]
    corpus: Corpus | None = None

    def alone(self) -> Held:
        """Without rows and documents: what a ledger says by itself."""
        return self._replace(documents={}, row=lambda fact, on: NOT_LOADED, adjustments={}, corpus=None)


def held_by(workspace: Workspace) -> Held:
    """What a workspace has at hand."""
    facts = workspace.facts

    @cache
    def of_release(code: str, release: str, modifier: str, on: date) -> Mapping[str, Fact]:
        return facts.of_release(code, release, modifier=modifier, on=on)

    def row(fact: Fact, on: date) -> HeldRow:
        # As pages of that day draw it; a release is asked for as a whole only where a newer one has taken its place.
        stored = facts.facts_on(fact.hcpcs_code, on, modifier=fact.modifier).get(fact.field)
        if stored is None or stored.release != fact.release:
            stored = of_release(fact.hcpcs_code, fact.release, fact.modifier, on).get(fact.field)
        return HeldRow(stored, settled=stored is not None or facts.would_hold(fact))

    return Held(
        documents=workspace.documents,
        profiles=workspace.profiles,
        row=row,
        describe=workspace.describe,
        adjustments={f"note:{note.id}": note.adjustment_codes for note in workspace.notes},
        corpus=workspace.corpus,
    )
