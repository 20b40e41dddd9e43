"""Everything loaded that pages are made from: facts, profiles, notes, documents, specs, the passage index."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.data import (
    Anchor,
    Authority,
    CodeProfile,
    Evidence,
    Fact,
    Passage,
    QuoteEvidence,
    Risk,
    RowEvidence,
    SectionSpec,
    SiteBlock,
    SourceDocument,
    SourceUse,
)
from pipeline.errors import SourceError
from pipeline.facts.database import FactDatabase
from pipeline.facts.descriptors import DescriptorSource, read_descriptors
from pipeline.facts.lookup import FactStore
from pipeline.facts.profiles import load_profiles, unclassified
from pipeline.facts.releases import parse_release
from pipeline.facts.table import read_facts
from pipeline.identity import code_digest, digest
from pipeline.index import IndexedDocument
from pipeline.settings import Settings
from pipeline.sources.anchored import AnchoredWords
from pipeline.sources.applicability import applies
from pipeline.sources.descriptors import DescriptorRuns
from pipeline.sources.documents import load_documents
from pipeline.sources.notes import Note, load_notes, note_document, note_passages
from pipeline.sources.passages import split_passages
from pipeline.sources.registry import RegistryEntry, UserSource, load_registry, load_user_sources

if TYPE_CHECKING:
    from pipeline.verify.corpus import Corpus

OWN = "Briefwright"


class Workspace:
    """What a run works on, each part read on first use and then kept. Reads only."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._reach: dict[date, dict[str, int]] = {}
        self._sources: dict[date, str] = {}

    @cached_property
    def facts(self) -> FactStore:
        """The fact store: the starter table, and the whole tables that were loaded."""
        return FactStore(read_facts(self.settings.starter / "facts.csv"), FactDatabase(self.settings.facts))

    @cached_property
    def profiles(self) -> dict[str, CodeProfile]:
        """Our classification, by code."""
        return load_profiles(self.settings.starter / "codes.toml")

    @cached_property
    def descriptors(self) -> list[DescriptorSource]:
        """The sources of CPT descriptors, licensed ones first."""
        return read_descriptors(self.settings.descriptors)

    @cached_property
    def descriptor_runs(self) -> DescriptorRuns:
        """Runs of words of all these descriptors."""
        return DescriptorRuns(text for source in self.descriptors for text in source.texts.values())

    @cached_property
    def notes(self) -> list[Note]:
        """All guidance notes, sorted by id."""
        return load_notes(self.settings.starter / "notes")

    @cached_property
    def added(self) -> list[SourceDocument]:
        """The documents the user added."""
        return load_documents(self.settings.documents)

    @cached_property
    def anchored(self) -> AnchoredWords:
        """The words that notes are anchored in, where a document of the user has them."""
        return AnchoredWords(self.added)

    @cached_property
    def _anchors(self) -> dict[str, Anchor]:
        """Where each note's rule stands in the document it restates, by the note's document id."""
        return {note_document(note).id: note.anchor for note in self.notes}

    @cached_property
    def documents(self) -> dict[str, SourceDocument]:
        """Notes and added documents by document id."""
        return {d.id: d for d in [*(note_document(note) for note in self.notes), *self.added]}

    def sources_on(self, as_of: date) -> str:
        """A name for all notes and documents as they are described, and for which of them are in force on the date."""
        if as_of not in self._sources:  # each page asks
            in_force = tuple(document.in_force(as_of) for document in self.documents.values())
            self._sources[as_of] = digest([self._described, in_force])
        return self._sources[as_of]

    @cached_property
    def _described(self) -> str:
        kept_out = {"text", "blocks", "page_starts", "retrieved_on"}
        return digest([document.model_dump_json(exclude=kept_out) for document in self.documents.values()])

    @cached_property
    def corpus(self) -> Corpus:
        """The sentences of notes and added documents, for what speaks against a claim; read when first looked into."""
        # Half the start-up time of a command that verifies nothing.
        from pipeline.verify.corpus import Corpus, sentences_of_document, sentences_of_passages

        noted = (each for note in self.notes for each in sentences_of_passages(note_passages(note)))
        added = (each for document in self.added for each in sentences_of_document(document))
        return Corpus(chain(noted, added))

    @cached_property
    def registry(self) -> dict[str, RegistryEntry]:
        """Sources of tables, by release family."""
        return load_registry(self.settings.root / "sources" / "registry.toml")

    @cached_property
    def user_sources(self) -> dict[str, UserSource]:
        """The publishers whose documents the user brings, by key."""
        return load_user_sources(self.settings.root / "sources" / "registry.toml")

    @cached_property
    def sections(self) -> tuple[SectionSpec, ...]:
        """Section specs in page order."""
        from pipeline.prompts import load_sections

        return load_sections(self.settings.prompts / "sections")

    @cached_property
    def _site(self) -> dict[str, object]:
        path = self.settings.root / "sources" / "site.toml"
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError(f"{path}: cannot be read as a site profile ({error})") from error

    @property
    def site_name(self) -> str:
        """The publisher's name from `sources/site.toml`, shown at the head of a page."""
        return str(self._site.get("name") or OWN)

    @cached_property
    def site_blocks(self) -> tuple[SiteBlock, ...]:
        """The publisher's own blocks from `sources/site.toml`. Raises SourceError for one that is malformed."""
        blocks = self._site.get("block", [])
        try:
            return (
                tuple(SiteBlock.model_validate(block) for block in blocks) if isinstance(blocks, list) else ()
            )
        except ValueError as error:
            path = self.settings.root / "sources" / "site.toml"
            raise SourceError(
                f"{path}: a [[block]] needs heading and text, and no other field ({error})"
            ) from error

    @cached_property
    def second_person(self) -> frozenset[Risk]:
        """The risks of a change that two persons have to accept, from `[review]` of `sources/site.toml`.

        Raises SourceError for one that is none.
        """
        review = self._site.get("review", {})
        named = review.get("second_person", []) if isinstance(review, dict) else None
        try:
            return frozenset(map(Risk, named)) if isinstance(named, list) else frozenset(Risk)
        except ValueError as error:
            path = self.settings.root / "sources" / "site.toml"
            known = ", ".join(risk.value for risk in Risk)
            raise SourceError(f"{path}: second_person of [review] is a list of {known} ({error})") from error

    @property
    def review_every_days(self) -> int:
        """Days after which a published page is due for review, from `sources/site.toml`; 0: the site sets no term."""
        days = self._site.get("review_every_days", 0)
        if not isinstance(days, int) or isinstance(days, bool) or days < 0:
            path = self.settings.root / "sources" / "site.toml"
            raise SourceError(
                f"{path}: review_every_days is a whole number of days, 0 for none; not {days!r}"
            )
        return days

    def indexed(self) -> list[IndexedDocument]:
        """What there is to index: notes, then added documents. Their passages are made when they are asked for."""
        splitter = code_digest("pipeline.sources")
        notes = [
            _indexed(note_document(note), digest([note.sha256, splitter]), partial(note_passages, note))
            for note in self.notes
        ]
        added = [
            _indexed(
                one,
                digest([one.model_dump_json(exclude={"valid_to"}), splitter]),
                partial(split_passages, one),
            )
            for one in self.added
        ]
        return [*notes, *added]

    def profile(self, hcpcs_code: str) -> CodeProfile:
        """The profile of a code; one without words or attributes where it is not classified."""
        return self.profiles.get(hcpcs_code) or unclassified(hcpcs_code)

    def codes(self) -> set[str]:
        """The codes that a page can be written of: those classified, and those that the loaded fee schedule pays."""
        return self.profiles.keys() | set(self.facts.payable())

    def notes_for(self, hcpcs_code: str, facts: Mapping[str, Fact], as_of: date) -> list[Note]:
        """The notes in force on the date whose every condition holds for the code."""
        profile = self.profile(hcpcs_code)
        values = {field: fact.value for field, fact in facts.items()}
        return [
            note
            for note in self.notes
            if note.valid_from <= as_of
            and (note.valid_to is None or as_of <= note.valid_to)
            and applies(note.applies_to, hcpcs_code=hcpcs_code, tags=profile.tags, values=values)
        ]

    def reach(self, as_of: date) -> dict[str, int]:
        """How many of the classified codes each note applies to on the date, by note id."""
        if as_of not in self._reach:
            reached = Counter(
                note.id
                for code in self.profiles
                for note in self.notes_for(code, self.facts.facts_on(code, as_of), as_of)
            )
            self._reach[as_of] = {note.id: reached[note.id] for note in self.notes}
        return self._reach[as_of]

    def describe(self, evidence: Evidence) -> SourceUse:
        """The source of a piece of evidence, as the references list shows it."""
        if isinstance(evidence, QuoteEvidence):
            return self._describe_document(self.documents[evidence.document_id])
        return self._describe_row(evidence)

    def _describe_document(self, document: SourceDocument) -> SourceUse:
        is_note = document.id.startswith("note:")
        anchor = self._anchors.get(document.id)
        return SourceUse(
            id=f"{document.title}, {document.edition}",
            publisher=document.publisher,
            title=document.title,
            edition=document.edition,
            url=document.url,
            locators=(document.locator,) if document.locator else (),
            authority=document.authority,
            licence=document.licence,
            present=not is_note or (anchor is not None and self.anchored.holds(anchor.document)),
        )

    def _describe_row(self, row: RowEvidence) -> SourceUse:
        if row.level == "classification":
            return SourceUse(
                id=row.fact.release,
                publisher=OWN,
                title="Starter classification of codes, in our own words",
                edition="codes.toml",
                authority=Authority.OWN,
                licence="MIT",
            )
        release = parse_release(row.fact.release)
        entry = self.registry[release.family]
        return SourceUse(
            id=release.name,
            publisher=entry.publisher,
            title=entry.title,
            edition=release.edition,
            url=entry.url,
            authority=entry.authority,
            licence=entry.licence,
            currency=row.currency,
            in_force_release=row.in_force_release,
        )


def _indexed(
    document: SourceDocument, content: str, passages: Callable[[], Sequence[Passage]]
) -> IndexedDocument:
    return IndexedDocument(
        id=document.id,
        digest=content,
        authority=document.authority,
        payer_scope=document.payer_scope,
        valid_from=document.valid_from,
        valid_to=document.valid_to,
        passages=passages,
    )
