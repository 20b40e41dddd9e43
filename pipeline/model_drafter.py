"""The model drafter, put together: prompt, journal and client for the sections a model drafts in this release."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from pipeline.data import Fact, PagePlan, SectionSpec
from pipeline.draft.model import draft_statements
from pipeline.draft.records import Draft
from pipeline.llm import Journal, JournaledClient, ModelClient, open_client
from pipeline.prompts import load_prompt
from pipeline.run import Drafter
from pipeline.sources.applicability import applies
from pipeline.sources.notes import Note, note_document, note_passages
from pipeline.verify import locate_quote, split_claims
from pipeline.workspace import Workspace

SECTIONS = ("documentation",)


def make_model_drafter(
    spec: str, *, replay: bool, workspace: Workspace, client: ModelClient | None = None
) -> Drafter:
    """The drafter for a `--model` spec. `client` replaces the one the spec names (tests script it).

    Raises UsageError for a spec that names no model, SourceError for a broken prompt.
    """
    prompt = load_prompt(workspace.settings.prompts / "draft" / "documentation.md.j2")
    chosen = client or open_client(spec, environ=os.environ)
    model = JournaledClient(chosen, Journal(workspace.settings.journal), replay=replay)

    def draft(
        plan: PagePlan, section: SectionSpec, notes: Sequence[Note], facts: Mapping[str, Fact]
    ) -> Draft:
        profile = workspace.profile(plan.hcpcs_code)
        values = {field: fact.value for field, fact in facts.items()}
        asked = tuple(
            question
            for question in section.must_answer
            if applies(question.when, hcpcs_code=plan.hcpcs_code, tags=profile.tags, values=values)
        )
        offered = [
            (passage, note_document(note))
            for note in notes
            for passage in note_passages(note)
            if passage.section_key in (section.key, "coverage")
        ]
        return draft_statements(
            plan,
            spec=section.model_copy(update={"must_answer": asked}),
            prompt=prompt,
            evidence=offered,
            facts_text="\n".join(
                f"{field} = {fact.value} ({fact.release})" for field, fact in sorted(facts.items())
            ),
            model=model,
            locate=locate_quote,
            split=split_claims,
        )

    return Drafter(
        name=f"model:{model.model}", draft=draft, sections=SECTIONS, prompt_hashes=(prompt.sha256,)
    )
