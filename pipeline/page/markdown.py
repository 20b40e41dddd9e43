"""A page as Markdown with footnotes: for repositories, diffs and readers without a browser.

All text is escaped, so that nothing from a source can become markup, a link or a footnote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.data import Page, SourceUse
from pipeline.page import layout
from pipeline.page.currency import current_until
from pipeline.page.footnotes import ShownClaim, ShownEvidence
from pipeline.page.layout import CellPart, Shown, ShownSection, lay_out
from pipeline.page.text import long_date, one_line, visible, web_link
from pipeline.selector import code_system

_MARKUP = re.compile(r"[\\`*_\[\]<>&|~$^{}]|(?<=[a-z])://|(?<=www)\.|(?<=mailto):|@", re.IGNORECASE)
_BLOCK_START = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))|^(?=[#+=:-])")


def render_markdown(page: Page, *, shown: layout.Layout | None = None, note: str = "") -> str:
    """The whole file, ending in one line break. Same page, same text. `shown` is the page as laid out, if at hand.

    `note` is said below its title, such as that nobody reviewed it.

    Raises PublishError when a statement may not be shown (see `layout.lay_out`).
    """
    shown = shown or lay_out(page)
    title, *rest = _head(page, shown)
    blocks = [title, *([f"**{escape(note)}.**"] if note else ()), *rest]
    for section in shown.sections:
        blocks += [f"## {escape(section.heading)}", *_section(section)]
    blocks += [*_missing(shown), *_references(page.sources)]
    for block in page.site_blocks:
        link = web_link(block.link_url)
        blocks += [
            f"## {escape(block.heading)}",
            f"*{layout.FROM_PUBLISHER}.*",
            escape(block.text) + (f" [{escape(block.link_text or link)}](<{link}>)" if link else ""),
        ]
    blocks += [
        "## How this page was made",
        f"{escape(layout.made_by(page))} {layout.STANDING_NOTICE}",
        layout.ROUNDING_NOTICE,
        escape(layout.cpt_notice(page)),
        f"Input fingerprint {escape(page.fingerprint)}",
        *(_footnote(item, page.hcpcs_code) for item in _in_order(shown)),
    ]
    return "\n\n".join(blocks) + "\n"


@lru_cache(maxsize=4_096)  # footnotes say many things again
def escape(text: str) -> str:
    """`text` on one line, shown by any Markdown reader as the very characters it holds."""
    line = _MARKUP.sub(lambda found: "\\" + found[0], visible(one_line(text)))
    return _BLOCK_START.sub(lambda found: (found[1] or "") + "\\", line, count=1)


def _code(text: str) -> str:
    """A code span; text that could end one, since no escape works inside it, stays plain."""
    return f"`{text}`" if re.fullmatch(r"[\w. -]+", text, re.ASCII) else escape(text)


def _in_order(shown: layout.Layout) -> Iterator[Shown]:
    if shown.summary:
        yield shown.summary
    yield from shown.strip
    for section in shown.sections:
        yield from section.statements


def _head(page: Page, shown: layout.Layout) -> Iterator[str]:
    yield f"# {code_system(page.hcpcs_code)} {page.hcpcs_code}"
    if held := page.descriptor:
        where = f"CPT descriptor, © American Medical Association; from {held.source}, {held.licence}"
        yield f"“{escape(held.text)}” ({escape(where)})"
    if page.category:
        yield f"{escape(page.category)} / {escape(page.region)}"
    yield _sentence(shown.summary) if shown.summary else layout.UNCLASSIFIED_NOTICE
    carried = f" · {shown.carried_count} carried over from an older release" if shown.carried_count else ""
    yield f"**[Verified {long_date(page.verified_on)} · {shown.stamp}](#references)**{carried}"
    until = current_until(page)
    superseded = f" Superseded after {long_date(until)}, when newer tables are due." if until else ""
    yield f"For dates of service on {long_date(page.as_of)}.{superseded}"
    if shown.publishers:
        yield "Drawn from " + "; ".join(map(escape, shown.publishers)) + "."
    if shown.strip:
        yield "\n".join(f"- {_strip(item)}" for item in shown.strip)


def _strip(item: Shown) -> str:
    cells = list(map(escape, (*item.statement.cells[:2], *item.qualifiers)))
    if not cells:
        return _sentence(item)
    value = "".join(f": {cell}" for cell in cells[1:2])
    rest = f" ({'; '.join(cells[2:])})" if cells[2:] else ""
    return f"**{cells[0]}**{value}{rest}{_marks(item)}"


def _sentence(item: Shown) -> str:
    origin = f" (from the requirement at footnote {item.derived_number})" if item.derived_number else ""
    return escape(item.statement.text) + origin + _marks(item)


def _marks(item: Shown) -> str:
    codes = "".join(f" **{escape(code)}**" for code in item.chips)
    carried = "".join(f" *({escape(text)})*" for text in item.carried)
    return f"{codes}{carried}[^{item.number}]"


def _section(section: ShownSection) -> Iterator[str]:
    if section.intro:
        yield escape(section.intro)
    if section.columns:
        for run in section.runs():
            if run[0].cells:
                yield _table(section.columns, run)
            else:
                yield "\n\n".join(map(_sentence, run))
    elif section.key == "faqs":
        for item in section.statements:
            yield f"### {escape(item.statement.question)}"
            yield _sentence(item)
    else:
        box = "[ ] " if section.key == "checklist" else ""
        yield "\n".join(f"- {box}{_sentence(item)}" for item in section.statements)


def _table(columns: Sequence[str], rows: Sequence[Shown]) -> str:
    lines = [_row([*map(escape, columns), "Source"]), _row(["---"] * (len(columns) + 1))]
    for item in rows:
        releases = escape(", ".join(item.releases))
        lines.append(_row([*map(_cell, item.cells), f"{releases}{_marks(item)}"]))
    return "\n".join(lines)


def _cell(parts: Sequence[CellPart]) -> str:
    # Escaping trims blanks, which between a mark and its neighbours are wanted.
    words = " ".join(f"*{escape(part.text)}*" if part.carried else escape(part.text) for part in parts)
    return words.replace("* ;", "*;").replace("* ,", "*,")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _missing(shown: layout.Layout) -> Iterator[str]:
    yield f"## {layout.GAPS_HEADING}"
    if not shown.gaps and not shown.withheld:
        yield "Every question that this page is expected to answer is answered above."
    if shown.gaps:
        yield "\n".join(
            f"- **{escape(gap.question)}** {escape(heading)}: {escape(gap.reason)}"
            for heading, gap in shown.gaps
        )
    if shown.withheld:
        yield "Drafted, but withheld; what did not hold is not repeated here:"
        yield "\n".join(
            f"- **{escape(heading)}** {escape(outcome)} ({_code(claim_id)})"
            for heading, outcome, claim_id in shown.withheld
        )


def _references(sources: Sequence[SourceUse]) -> Iterator[str]:
    yield f"## {layout.REFERENCES_HEADING}"
    lines = []
    for number, source in enumerate(sources, 1):
        parts = [f"{escape(source.publisher)}. *{escape(source.title)}*, {escape(source.edition)}."]
        if source.currency == "carried":
            newer = f", {escape(source.in_force_release)} is in force" if source.in_force_release else ""
            parts.append(f"*Carried over{newer}.*")
        if source.locators:
            parts.append("; ".join(map(escape, source.locators)) + ".")
        if not source.present:
            parts.append("The document was not at hand: what rests on it rests on Briefwright notes.")
        if link := web_link(source.url):
            parts.append(f"<{link}>")
        if source.licence:
            parts.append(f"Licence: {escape(source.licence)}")
        lines.append(f"{number}. " + " ".join(parts))
    yield "\n".join(lines)


def _footnote(item: Shown, hcpcs_code: str) -> str:
    lines = [line for claim in item.claims for line in _claim(claim, hcpcs_code)]
    return f"[^{item.number}]: " + "\n\n    ".join(lines)


def _claim(claim: ShownClaim, hcpcs_code: str) -> Iterator[str]:
    yield f"**{escape(claim.verdict)}** · {escape(claim.payer_scope)} · checked by {escape(claim.checker)}"
    if claim.text:
        yield f"Claim: {escape(claim.text)}"
    if claim.derivation:
        yield f"Worked out: {escape(claim.derivation)}"
    for evidence in claim.evidence:
        yield from _evidence(evidence)
    if claim.reason:
        passed = f" Passed: {escape(', '.join(claim.checks))}." if claim.checks else ""
        yield f"Why it stands: {escape(claim.reason)}{passed}"
    yield f"{_code(claim.id)} · {_code(f'briefwright explain {hcpcs_code} {claim.id}')}"


def _evidence(evidence: ShownEvidence) -> Iterator[str]:
    if evidence.seen:
        yield f"Same evidence as above: {escape(evidence.heading)}."
        return
    carried = f" *({escape(evidence.carried)})*" if evidence.carried else ""
    reference = f" (reference {evidence.reference})" if evidence.reference else ""
    note = f". {evidence.note}" if evidence.note else ""
    yield f"{escape(evidence.heading)}{reference}{carried}{note}"
    if evidence.quote:
        yield f"> {escape(evidence.quote)}"
    details = "; ".join(f"{name}: {escape(value)}" for name, value in evidence.details)
    yield details + (f"; <{evidence.link}>" if evidence.link else "")
