"""The true claims that mutations start from: all that stands on the pages of the starter codes, with its evidence.

Pages are composed from the starter set of the repository alone, so that every clone has the same claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import NamedTuple

from pipeline.data import CodeProfile, Fact, Page, Passage, Statement, is_supported
from pipeline.evaluate.gold_claims import AS_OF
from pipeline.evaluate.mutations import TrueClaim
from pipeline.facts.rows import Rows
from pipeline.inputs import gather_inputs
from pipeline.run import build_page, claim_context
from pipeline.settings import Settings, read_settings
from pipeline.sources.notes import note_document, note_passages
from pipeline.verify import Catalogue, ClaimContext
from pipeline.workspace import Workspace

RELEASE = re.compile(r"\b(?:RVU\d\d[A-D]|(?:OPPS|ASC)-\d{4}-\d\d|(?:MUE|PTP|AOC)-\d{4}Q\d)\b")


def without_releases(text: str) -> str:
    """The text with a mark where it names a release."""
    return RELEASE.sub("…", text)


@dataclass(frozen=True)
class CodeClaims:
    """A code with what its mutations are made from and guarded by.

    `notes` are the ids of the documents of the notes that apply to it, `catalogue` all that its rows compose.
    """

    profile: CodeProfile
    rows: Rows
    context: ClaimContext
    claims: tuple[TrueClaim, ...]
    notes: frozenset[str]
    catalogue: Catalogue

    @cached_property
    def _said(self) -> frozenset[str]:
        texts = [each.claim.text for each in self.claims]
        return frozenset((*texts, *map(without_releases, texts)))

    def says(self, text: str, *, of_any_release: bool) -> bool:
        """Whether the code's page says it, or its rows do; `of_any_release`: whatever release it names."""
        asked = without_releases(text) if of_any_release else text
        return asked in self._said or self.catalogue.find(text) is not None

    def in_release(self, name: str) -> dict[str, Fact]:
        """The code's rows of a release by field; empty where it is not loaded."""
        return dict(self.context.previous(self.profile.hcpcs_code, name)) if self.context.previous else {}


class Starter:
    """The starter set without anything that was loaded or added on this machine."""

    def __init__(self) -> None:
        root = read_settings().root
        self._workspace = Workspace(Settings(root=root, home=root / "evals" / "no-such-home"))

    def codes(self) -> list[str]:
        """The classified codes, sorted."""
        return sorted(self._workspace.profiles)

    def passages(self) -> dict[str, list[Passage]]:
        """Passages by the document they are of."""
        return {note_document(note).id: list(note_passages(note)) for note in self._workspace.notes}

    @cache  # noqa: B019 - one set a run
    def of(self, hcpcs_code: str) -> CodeClaims:
        """A code's claims, from its page."""
        workspace = self._workspace
        inputs = gather_inputs(hcpcs_code, workspace=workspace, as_of=AS_OF)
        page = build_page(inputs, workspace=workspace, search=lambda *_: [], today=AS_OF)
        context = claim_context(workspace, hcpcs_code, AS_OF)
        return CodeClaims(
            profile=inputs.profile,
            rows=inputs.rows,
            context=context,
            claims=tuple(_claims(page)),
            notes=frozenset(note_document(note).id for note in inputs.notes),
            catalogue=Catalogue(context),
        )


class Origin(NamedTuple):
    """A true claim with what its mutations are made from. `kind` and `rest` are the parts of its subject."""

    claim: TrueClaim
    own: CodeClaims
    starter: Starter
    random: Random

    @property
    def text(self) -> str:
        """What it says."""
        return self.claim.claim.text

    @property
    def kind(self) -> str:
        """What its subject is about, such as "rvu"."""
        return self.claim.claim.subject.partition(":")[0]

    @property
    def rest(self) -> str:
        """Which of these, such as "work"."""
        return self.claim.claim.subject.partition(":")[2]


def _claims(page: Page) -> Iterator[TrueClaim]:
    """Supported claims, each text once."""
    seen: set[str] = set()
    for statement in _statements(page):
        for claim in statement.claims:
            if is_supported(page.verdicts[claim.id]) and claim.text not in seen:
                seen.add(claim.text)
                evidence = tuple(page.evidence[id_] for id_ in claim.evidence_ids)
                yield TrueClaim(hcpcs_code=page.hcpcs_code, claim=claim, evidence=evidence)


def _statements(page: Page) -> Iterator[Statement]:
    if page.summary:
        yield page.summary
    for section in page.sections:
        yield from section.statements
