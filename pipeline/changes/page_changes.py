"""What a page shows beside its claims, compared: gaps, headings, sources, the publisher's own blocks."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.data import Page, PageChange, SourceUse


def compare_pages(old: Page | None, new: Page) -> Iterator[PageChange]:
    """Each difference; its `id` is yet to be given. Dates of verification are none."""
    before, after = (dict(_shown(old)) if old else {}), dict(_shown(new))
    for what in dict.fromkeys((*after, *before)):
        if before.get(what, "") != after.get(what, ""):
            yield PageChange(id="", what=what, old=before.get(what, ""), new=after.get(what, ""))


def _shown(page: Page) -> Iterator[tuple[str, str]]:
    yield "date of service", page.as_of.isoformat()
    yield "classification", ", ".join(filter(None, (page.category, page.region)))
    if page.descriptor:
        yield "descriptor", f"{page.descriptor.text} ({page.descriptor.source}, {page.descriptor.licence})"
    for section in page.sections:
        columns = f" [{' | '.join(section.columns)}]" if section.columns else ""
        yield f"heading of {section.key}", f"{section.heading}{columns} {section.intro}".strip()
    for gap in page.gaps:
        yield f"gap {gap.section_key}/{gap.key}", f"{gap.question} ({gap.reason})"
    for source in page.sources:
        yield f"source {source.id}", _source(source)
    for number, block in enumerate(page.site_blocks, 1):
        link = f" {block.link_text} {block.link_url}".rstrip()
        yield f"publisher's block {number}", f"{block.heading}: {block.text}{link}"
    for number, failure in enumerate(page.failures, 1):
        yield f"note on the drafting {number}", failure
    yield "drafter", page.drafter
    yield "checker", page.checker


def _source(source: SourceUse) -> str:
    said = [source.publisher, source.title, source.edition, source.url, *source.locators]
    if source.currency:
        said.append(source.currency.value.replace("_", " "))
    return ", ".join(filter(None, said)) + ("" if source.present else " (through Briefwright notes)")
