"""What a page shows, in order: statements numbered, each with its footnote. Both renderers draw from this."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from pipeline.data import (
    Authority,
    Currency,
    Gap,
    JudgeFailure,
    Page,
    Record,
    RowEvidence,
    Statement,
    Withheld,
    is_supported,
)
from pipeline.errors import PublishError
from pipeline.page.currency import carried_text
from pipeline.page.footnotes import LABEL_NAMES, ShownClaim, shown_claim
from pipeline.page.text import shortened

GAPS_HEADING = "What this page could not verify"
REFERENCES_HEADING = "References"
FROM_PUBLISHER = "From the publisher, not a verified claim"
STANDING_NOTICE = "A statement stands here only where every claim in it has evidence that supports it."
ROUNDING_NOTICE = "RVU totals are shown to two decimals; dollars are rounded half up to cents."
_TRADEMARK = "CPT is a registered trademark of the American Medical Association"
UNCLASSIFIED_NOTICE = (
    "This code is not classified here: its page holds what the tables say of it, and those rules alone that are known "
    "to apply without knowing what the service is."
)
_RESERVED = ("references", "gaps")


_MADE_FROM = {"extractive": "from notes, word for word", "tables": "from rows of tables"}


def made_by(page: Page) -> str:
    """Who drafted how many of the statements that stand on the page, and what checked them."""
    standing = tuple(statements_of(page))
    models = Counter(statement.drafter for statement in standing if statement.by_model)
    others = Counter(statement.drafter for statement in standing if not statement.by_model)
    said = [f"{models[name]} by the model {name.removeprefix('model:')}" for name in sorted(models)]
    said += [f"{number} {_MADE_FROM.get(name, name)}" for name, number in sorted(others.items())]
    no_model = "" if models else " No language model was used."
    return (
        f"Statements on this page: {', '.join(said) or 'none'}. All were checked by {page.checker}.{no_model}"
    )


def cpt_notice(page: Page) -> str:
    """What a page says of CPT: whose it is, and whether it reproduces a descriptor."""
    if page.descriptor is None:
        return f"{_TRADEMARK}; no CPT descriptors are reproduced."
    return (
        f"{_TRADEMARK}; the descriptor is the Association's, copyright, shown under the publisher's licence."
    )


class CellPart(Record):
    """A run of a cell's text; `carried`: it names an older release and says so."""

    text: str
    carried: bool = False


class Shown(Record):
    """A statement with its footnote's number, from 1 in reading order.

    `anchor` is empty when the statement stood further up already. `releases` are those of its rows, unless
    its cells or `carried` name them. In `cells`, a release that is carried over reads as such; `carried` holds the
    marks of a statement whose cells name none. `qualifiers` are the cells after the second, less a bare release.
    `derived_number` is the number of the statement it derives from, 0: none.
    """

    number: int
    anchor: str
    statement: Statement
    name: str
    cells: tuple[tuple[CellPart, ...], ...]
    releases: tuple[str, ...]
    carried: tuple[str, ...]
    qualifiers: tuple[str, ...]
    chips: tuple[str, ...]
    derived_number: int
    claims: tuple[ShownClaim, ...]


class ShownSection(Record):
    """A section in reading order; `columns` are those of the cells, the footnote's comes after them.

    A statement without cells stands above the rows that follow it.
    """

    anchor: str
    key: str
    heading: str
    intro: str
    columns: tuple[str, ...]
    statements: tuple[Shown, ...]

    def runs(self) -> list[list[Shown]]:
        """The statements of a section with columns: those without cells, then rows, and so on in turn."""
        return [list(run) for _, run in groupby(self.statements, key=lambda item: bool(item.cells))]


class Layout(Record):
    """Everything a renderer needs beside the page itself.

    `carried_count` counts values from older releases. `stamp` counts the sources consulted.
    `gaps` come with their section's heading; `withheld`
    as heading, outcome and claim id.
    """

    summary: Shown | None
    strip: tuple[Shown, ...]
    sections: tuple[ShownSection, ...]
    publishers: tuple[str, ...]
    carried_count: int
    stamp: str
    gaps: tuple[tuple[str, Gap], ...]
    withheld: tuple[tuple[str, str, str], ...]


def lay_out(page: Page) -> Layout:
    """Number the page's statements and gather their footnotes.

    Raises PublishError when a statement may not be shown: it makes no claim, a claim of it fails the gate
    of `footnotes.shown_claim`, its cells do not match its section's columns, or it derives from a
    statement that is not on the page.
    """
    in_order = list(statements_of(page))
    first: dict[str, int] = {}
    for number, statement in enumerate(in_order, 1):
        for name in (statement.id, *(claim.id for claim in statement.claims)):
            first.setdefault(name, number)
    references = {source.id: number for number, source in enumerate(page.sources, 1)}
    shown = iter([_shown(page, item, number, first, references) for number, item in enumerate(in_order, 1)])
    headings = {section.key: section.heading for section in page.sections}
    return Layout(
        summary=next(shown) if page.summary else None,
        strip=tuple(next(shown) for _ in page.fact_strip),
        sections=tuple(
            ShownSection(
                anchor=f"{section.key}-statements" if section.key in _RESERVED else section.key,
                key=section.key,
                heading=section.heading,
                intro=section.intro,
                columns=section.columns,
                statements=tuple(
                    _checked(page, next(shown), columns=section.columns) for _ in section.statements
                ),
            )
            for section in page.sections
            if section.statements
        ),
        publishers=tuple(dict.fromkeys(source.publisher for source in page.sources)),
        stamp=_stamp(page),
        carried_count=sum(
            isinstance(item, RowEvidence) and item.currency is Currency.CARRIED
            for item in page.evidence.values()
        ),
        gaps=tuple((heading_of(headings, gap.section_key), gap) for gap in page.gaps),
        withheld=tuple(line for item in page.withheld for line in _withheld(item, headings)),
    )


def _stamp(page: Page) -> str:
    """Sources consulted; those known only through our notes are counted apart, our own tables not at all."""
    outside = [source for source in page.sources if source.authority is not Authority.OWN]
    consulted = sum(source.present for source in outside)
    text = f"{consulted} source{'' if consulted == 1 else 's'}"
    noted = len(outside) - consulted
    return text + (f", {noted} more through our notes" if noted else "")


def statements_of(page: Page) -> Iterator[Statement]:
    """Every statement that stands on the page, in reading order: summary, fact strip, sections."""
    if page.summary:
        yield page.summary
    yield from page.fact_strip
    for section in page.sections:
        yield from section.statements


def _shown(
    page: Page, statement: Statement, number: int, first: Mapping[str, int], references: Mapping[str, int]
) -> Shown:
    if not statement.claims:
        raise PublishError(
            f"page {page.hcpcs_code}: statement {statement.id} makes no claim that could be checked"
        )
    if statement.derived_from and statement.derived_from not in first:
        raise PublishError(
            f"page {page.hcpcs_code}: statement {statement.id} derives from {statement.derived_from}, "
            "which does not stand on the page"
        )
    claims: list[ShownClaim] = []
    for claim in statement.claims:
        seen = frozenset(item.id for earlier in claims for item in earlier.evidence)
        anchored = first[claim.id] == number
        claims.append(
            shown_claim(page, statement, claim, anchored=anchored, references=references, seen=seen)
        )
    names = sorted({item.id for claim in claims for item in claim.evidence})
    rows = [item for name in names if isinstance(item := page.evidence[name], RowEvidence)]
    releases = {row.fact.release for row in rows if row.level == "table"}
    earlier = {row.fact.release for row in rows if row.currency is Currency.EARLIER}
    aged = {
        row.fact.release: text
        for row in rows
        if row.fact.release not in earlier and (text := carried_text(row, page.as_of))
    }
    in_strip = statement.section_key == "strip"
    cells = tuple(_cell(cell, aged) for cell in statement.cells)
    in_cells = set() if in_strip else {part.text for cell in cells for part in cell if part.carried}
    marked = _named(rows, aged, statement) - in_cells
    named = (*statement.cells, *(release for release, text in aged.items() if text in marked))
    carried = _merged(marked)
    return Shown(
        number=number,
        anchor=statement.id if first[statement.id] == number else "",
        statement=statement,
        name=f"Source {number} for: {shortened(statement.question or statement.text, 60)}",
        cells=cells,
        releases=tuple(sorted(name for name in releases if name not in " ".join(named))),
        carried=carried,
        qualifiers=tuple(cell for cell in statement.cells[2:] if cell not in aged),
        chips=tuple(code if code[:1].isalpha() else f"CARC {code}" for code in statement.adjustment_codes),
        derived_number=first.get(statement.derived_from, 0),
        claims=tuple(claims),
    )


def _cell(cell: str, aged: Mapping[str, str]) -> tuple[CellPart, ...]:
    """The cell in runs, each older release replaced by the words that mark it."""
    if not aged:
        return (CellPart(text=cell),)
    runs = re.split("(" + "|".join(map(re.escape, sorted(aged))) + ")", cell)
    return tuple(CellPart(text=aged.get(run, run), carried=run in aged) for run in runs if run)


def _named(rows: Sequence[RowEvidence], aged: Mapping[str, str], statement: Statement) -> set[str]:
    """The marks of the older releases that the statement names, or a value of which it states or reckons with."""
    words = " ".join((statement.text, *statement.cells, *(claim.derivation for claim in statement.claims)))
    named = {text for release, text in aged.items() if release in words}
    stated = {
        aged[row.fact.release] for row in rows if row.fact.release in aged and _states(words, row.fact.value)
    }
    return named | stated


def _states(words: str, value: str) -> bool:
    """Whether the value stands there by itself, not as a part of another."""
    if value not in words:
        return False
    return re.search(rf"(?<![\w.]){re.escape(value)}(?![\w.]\w)", words) is not None


def _merged(carried: set[str]) -> tuple[str, ...]:
    """One text for all releases that are not confirmed for the same year or release."""
    releases: dict[str, list[str]] = {}
    for text in sorted(carried):
        release, _, rest = text.partition(", not ")
        releases.setdefault(rest, []).append(release)
    return tuple(f"{' and '.join(names)}, not {rest}" for rest, names in releases.items())


def _checked(page: Page, shown: Shown, *, columns: tuple[str, ...]) -> Shown:
    if columns and shown.statement.cells and len(shown.statement.cells) != len(columns):
        raise PublishError(
            f"page {page.hcpcs_code}: statement {shown.statement.id} has {len(shown.statement.cells)} cells "
            f"for the {len(columns)} columns of section {shown.statement.section_key}"
        )
    return shown


def heading_of(headings: Mapping[str, str], key: str) -> str:
    """The heading of a section, made of its key where the page has none for it."""
    return headings.get(key) or key.replace("_", " ").capitalize()


def _withheld(item: Withheld, headings: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Why a statement was held back. Its own words stay off the page, since they did not hold."""
    heading = heading_of(headings, item.statement.section_key)
    if all(map(is_supported, item.verdicts)):
        yield heading, "the statement it derives from did not stand", item.statement.claims[0].id
    for verdict in item.verdicts:
        if isinstance(verdict, JudgeFailure):
            yield heading, f"no verdict was obtained: {verdict.failure}", verdict.claim_id
        elif not is_supported(verdict):
            yield heading, f"{LABEL_NAMES[verdict.label]}: {verdict.reason}", verdict.claim_id
