"""The inputs of a page by kind, each item by the hash of what the page can see of it.

Two revisions with the same parts say the same, but for dates of verification. What a page cannot see is no part of its
inputs: other codes' rows, notes that do not apply, documents that say nothing of it. The date of service is one only
where it was asked for: of today's page, what the date decides (rows, notes, editions) is compared, so that a new day by
itself changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from pathlib import Path

from pipeline.data import Fact, InputChange, Passage
from pipeline.draft.diagnoses import draft_diagnoses
from pipeline.draft.extractive import choose_parts
from pipeline.facts.ptp_edits import is_edit
from pipeline.facts.releases import parse_release, row_evidence
from pipeline.identity import code_digest, digest
from pipeline.index.fusion import IN_RANGE, speaks_of
from pipeline.inputs import PageInputs
from pipeline.page.currency import carried_text
from pipeline.review.amendments import amendments_of
from pipeline.review.log import read_decisions
from pipeline.sources.allowance import QuoteAllowance
from pipeline.sources.codes_named import codes_named
from pipeline.sources.notes import Note
from pipeline.sources.passages import split_passages
from pipeline.verify import checker_version
from pipeline.workspace import Workspace

AMENDMENTS = "amendments"
# By kind of input, then by item: what the page can see of it, in a few characters.
Parts = Mapping[str, Mapping[str, str]]

_SHORT = 10
_OTHER_EDITS = "NCCI edits with other codes"
_PROGRAM = ("pipeline.facts", "pipeline.sources", "pipeline.draft", "pipeline.page")


class InputReader:
    """Reads the parts of pages' inputs; what many pages share is hashed once.

    `drafter` is the drafter's name, `prompts` the hashes and model names it writes by: none for the extractive one.
    `dated`: the date of service was asked for.
    """

    def __init__(
        self, workspace: Workspace, *, drafter: str, prompts: Iterable[str] = (), dated: bool = False
    ) -> None:
        self._workspace = workspace
        self._drafter = drafter
        self._prompts = tuple(prompts)
        self._dated = dated
        self._quotes: dict[tuple[str, str], str] = {}
        self._profiles: dict[str, str] = {}

    def read(self, inputs: PageInputs) -> dict[str, dict[str, str]]:
        """The parts of one page, kinds and items sorted; kinds without items are left out."""
        plan = inputs.plan
        parts: dict[str, dict[str, str]] = {
            "as_of": {"date of service": plan.as_of.isoformat()} if self._dated else {},
            "facts": self._facts(inputs),
            "notes": {note.id: note.sha256[:_SHORT] for note in inputs.notes},
            "quotes": {note.id: words for note in inputs.notes if (words := self._quote(note, inputs))},
            "order": _order(inputs) if inputs.notes else {},
            "diagnoses": self._diagnoses(inputs),
            "passages": self._passages(plan.hcpcs_code),
            "profiles": self._profiles_of(inputs),
            "registry": self._registry(inputs),
            "sections": {spec.key: _short(spec.sha256) for spec in plan.sections},
            "prompts": {f"{number}": _short(name) for number, name in enumerate(self._prompts, 1)},
            "drafter": {"name": self._drafter},
            "checker": {"version": checker_version()},
            "program": {"version": code_digest(*_PROGRAM)[:_SHORT]},
            "descriptor": {plan.hcpcs_code: _short(inputs.descriptor.model_dump_json())}
            if inputs.descriptor
            else {},
            "site": {"profile": self._site},
            # Notes that serve a section equally well stand in the order in which the search finds them. That does not
            # hang on what else is indexed: adding 300 passages to 54 pages' index moved nothing.
            "search": {"embedder": self._workspace.settings.embedder} if inputs.notes else {},
        }
        return {kind: dict(sorted(items.items())) for kind, items in sorted(parts.items()) if items}

    def _facts(self, inputs: PageInputs) -> dict[str, str]:
        """Every row the page draws from; the edits that it counts and does not list stand as one."""
        as_of = inputs.plan.as_of
        found = {}
        for key, fact in inputs.rows.items():
            evidence = row_evidence(fact, as_of)
            carried = carried_text(evidence, as_of)
            seen = [fact.model_dump_json(), carried, evidence.currency]
            found[key] = f"{fact.value} ({carried or fact.release}) #{_short(digest(seen))}"
        own = {**inputs.facts}
        others = sorted(_line(fact) for key, fact in own.items() if key not in inputs.rows and is_edit(fact))
        if others:
            found[_OTHER_EDITS] = f"{len(others)} #{_short(digest(others))}"
        return found

    def _quote(self, note: Note, inputs: PageInputs) -> str:
        """The words that the note is anchored in, and what is said of their document; empty where none is held."""
        as_of = inputs.plan.as_of
        key = (note.id, as_of.isoformat())
        if key not in self._quotes:
            quote = self._workspace.anchored.quote(note.anchor, as_of=as_of)
            held = self._workspace.anchored.holds(note.anchor.document)
            if quote is None:
                self._quotes[key] = "held" if held else ""
            else:
                document = self._workspace.documents[quote.document_id]
                said = document.model_dump_json(
                    exclude={"text", "blocks", "page_starts", "retrieved_on", "valid_to"}
                )
                self._quotes[key] = _short(digest([quote.model_dump(mode="json"), said]))
        return self._quotes[key]

    def _diagnoses(self, inputs: PageInputs) -> dict[str, str]:
        """What the user's documents tie to the code, before licences decide how much of it is shown."""
        if not self._workspace.added:
            return {}
        draft = draft_diagnoses(
            inputs.plan,
            "diagnoses",
            self._workspace.added,
            allowance=QuoteAllowance(),
            descriptors=self._descriptors_named,
        )
        if not draft.statements and not draft.open_because:
            return {}
        return {"of documents": _short(digest(draft.model_dump(mode="json")))}

    def _descriptors_named(self, text: str) -> list[str]:
        named = codes_named(text)
        return [title for held in self._workspace.descriptors for title in held.within(named)]

    def _passages(self, hcpcs_code: str) -> dict[str, str]:
        """Passages of the user's documents that a model may be offered for the code."""
        if not self._prompts:
            return {}
        about = partial(speaks_of, codes=(hcpcs_code,))
        found = sorted(passage.id for passage in self._offered if about(passage) >= IN_RANGE)
        return {"that name the code": f"{len(found)} #{_short(digest(found))}"} if found else {}

    @cached_property
    def _offered(self) -> list[Passage]:
        return [passage for document in self._workspace.added for passage in split_passages(document)]

    def _profiles_of(self, inputs: PageInputs) -> dict[str, str]:
        own = inputs.plan.hcpcs_code
        codes = sorted({own, *inputs.profile.siblings} & self._workspace.profiles.keys())
        return {code: self._profile(code) for code in codes}

    def _profile(self, code: str) -> str:
        if code not in self._profiles:
            self._profiles[code] = _short(digest(self._workspace.profiles[code].model_dump(mode="json")))
        return self._profiles[code]

    def _registry(self, inputs: PageInputs) -> dict[str, str]:
        families = {parse_release(fact.release).family for fact in inputs.rows.values()}
        return {family: entry for family, entry in self._entries.items() if family in families}

    @cached_property
    def _entries(self) -> dict[str, str]:
        registry = self._workspace.registry
        return {family: _short(digest(entry.model_dump(mode="json"))) for family, entry in registry.items()}

    @cached_property
    def _site(self) -> str:
        blocks = [block.model_dump() for block in self._workspace.site_blocks]
        return _short(digest([self._workspace.site_name, blocks]))


def amended_parts(parts: Parts, hcpcs_code: str, reviews: Path) -> dict[str, Mapping[str, str]]:
    """The parts of a page with what its reviewers amended by now, by claim; that is laid over whatever is drafted."""
    others = {kind: items for kind, items in parts.items() if kind != AMENDMENTS}
    amended: dict[str, str] = {}
    for one in amendments_of(read_decisions(reviews, hcpcs_code)):
        amended[one.claim_id] = _short(digest([amended.get(one.claim_id, ""), one]))
    return others | ({AMENDMENTS: dict(sorted(amended.items()))} if amended else {})


def _order(inputs: PageInputs) -> dict[str, str]:
    """By section, which parts of notes it shows, and in which order as far as their reach decides it."""
    found = {}
    for spec in inputs.plan.sections:
        if spec.fed_by == "notes":
            offers = choose_parts(spec, inputs.notes, reach=inputs.reach, rank={})
            found |= {spec.key: _short(digest([offer.passage_id for offer in offers]))} if offers else {}
    return found


def _line(fact: Fact) -> str:
    return f"{fact.key}={fact.value}"


def _short(hexadecimal: str) -> str:
    """The beginning of a hash, or the hash of anything else."""
    is_hash = len(hexadecimal) == 64 and not set(hexadecimal) - set("0123456789abcdef")
    return (hexadecimal if is_hash else digest(hexadecimal))[:_SHORT]


def changed_parts(old: Parts, new: Parts) -> list[InputChange]:
    """Every item that differs, by kind and item. Of rows, `detail` says the values and releases."""
    changes = []
    for kind in sorted({*old, *new}):
        before, after = old.get(kind, {}), new.get(kind, {})
        for item in sorted({*before, *after}):
            first, second = before.get(item), after.get(item)
            if first == second:
                continue
            how = "added" if first is None else "removed" if second is None else "changed"
            shown = [value.partition(" #")[0] if value else "none" for value in (first, second)]
            detail = " → ".join(shown) if kind == "facts" and shown[0] != shown[1] else ""
            changes.append(InputChange(part=kind, item=item, how=how, detail=detail))
    return changes
