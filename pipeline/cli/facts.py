"""`facts`: what the loaded tables say of a code, of a release, and of the change between two releases."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import AsOf, Codes, Json, Ranges, open_workspace, parse_date, print_json, select
from pipeline.selector import parse_range

if TYPE_CHECKING:
    from datetime import date

    from pipeline.data import Fact
    from pipeline.facts.differences import ReleaseDifference, RowChange
    from pipeline.workspace import Workspace

facts = typer.Typer(help="Facts from published tables.", no_args_is_help=True)
CodeRange = Annotated[
    str | None,
    typer.Option("--codes", metavar="FIRST-LAST", help="Only codes in this range, such as 20000-29999."),
]
_MANY_PAIRS = 12


def parse_release_option(text: str) -> str:
    """A release's name, upper-cased. Raises UsageError."""
    from pipeline.errors import UsageError
    from pipeline.facts.releases import parse_release

    try:
        return parse_release(text.strip().upper()).name
    except ValueError:
        raise UsageError(
            f"{text!r} is no release; expected one like RVU26D, OPPS-2026-07 or PTP-2026Q3"
        ) from None


def _code_span(text: str | None) -> tuple[str, str]:
    return parse_range(text) if text else ("", "\x7f")


@facts.command("show")
def show_facts(
    codes: Codes = None,
    ranges: Ranges = None,
    as_of: AsOf = None,
    release: Annotated[str | None, typer.Option(help="One release alone, such as RVU25D.")] = None,
    modifier: Annotated[str, typer.Option(help="The row of a modifier (26, TC, 53), with --release.")] = "",
    as_json: Json = False,
) -> None:
    """Facts of codes on a date of service, or in one release."""
    from pipeline.errors import NoFactsError, UsageError

    if modifier and not release:
        raise UsageError("--modifier shows one row of a release; name it with --release, such as RVU25D")
    if release and as_of:
        raise UsageError("--as-of and --release exclude each other; a release is shown as it was published")
    release = parse_release_option(release) if release else None
    modifier = modifier.strip().upper()
    workspace, on = open_workspace(), parse_date(as_of)
    for code in select(codes, ranges, workspace):
        if release is None:
            rows = workspace.facts.require(code, on)
        else:
            rows = workspace.facts.of_release(code, release, modifier=modifier)
            if not rows:
                raise NoFactsError(_not_in_release(code, modifier, release, workspace.facts.releases()))
        if as_json:
            shown: dict[str, object] = {"as_of": on} if release is None else {"release": release}
            shown |= {"facts": [_fact_json(fact) for fact in rows.values()]}
            print_json({"hcpcs_code": code, **_described(code, workspace), **shown})
        else:
            print(
                f"{code} on {on}"
                if release is None
                else f"{code}{f'-{modifier}' if modifier else ''} in {release}"
            )
            for source, text in _described(code, workspace).values():
                print(f"  {text} (CPT descriptor, © American Medical Association, from {source})")
            _print_facts(code, rows, on if release is None else None)


def _described(code: str, workspace: Workspace) -> dict[str, tuple[str, str]]:
    """The stored descriptor of a code with its source, for the eyes of whoever accepted its licence."""
    held = next((held for held in workspace.descriptors if code in held.texts), None)
    return {"descriptor": (held.source, held.texts[code])} if held else {}


def _not_in_release(code: str, modifier: str, release: str, loaded: list[str]) -> str:
    if release not in loaded:
        return f"{release} is not loaded; loaded are {', '.join(loaded)}"
    return f"{release} has no row for {code}{f' with modifier {modifier}' if modifier else ''}"


def _print_facts(code: str, rows: dict[str, Fact], on: date | None) -> None:
    from pipeline.facts.releases import name_on

    pairs = [field for field in rows if rows[field].partner]
    hidden = set(pairs if len(pairs) > _MANY_PAIRS else ())
    width = max((len(field) for field in rows.keys() - hidden), default=0)
    for field, fact in sorted(rows.items()):
        if field in hidden:
            continue
        release = name_on(fact.release, on) if on is not None else fact.release
        value = f"{fact.value} {fact.unit}".strip()
        print(f"  {field:<{width}}  {value:<28}  {release}")
    if hidden:
        print(f"  and {len(hidden)} pairs with other codes: `briefwright facts edits {code}`, or --json")


def _fact_json(fact: Fact) -> dict[str, object]:
    return fact.model_dump(mode="json", exclude={"hcpcs_code"})


@facts.command("list")
def list_codes(
    everything: Annotated[
        bool, typer.Option("--all", help="Every code of the loaded fee schedule, with its status.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Codes with facts and a profile: category and region."""
    from pipeline.errors import NoFactsError

    workspace = open_workspace()
    if everything:
        if not workspace.facts.scheduled:
            raise NoFactsError("no fee schedule is loaded; `briefwright sources sync` loads the one in force")
        for code, status in sorted(workspace.facts.scheduled.items()):
            print_json({"hcpcs_code": code, "status_code": status}) if as_json else print(f"{code}  {status}")
        return
    for code, profile in sorted(workspace.profiles.items()):
        if as_json:
            print_json({"hcpcs_code": code, "category": profile.category, "region": profile.region})
        else:
            print(f"{code}  {profile.category:<26} {profile.region}")


@facts.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A loaded release, such as RVU24A.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="A later one, such as RVU24C.")],
    codes: CodeRange = None,
    as_json: Json = False,
) -> None:
    """What changed between two releases, with dollars."""
    from pipeline.facts.differences import diff_releases

    before, after = parse_release_option(before), parse_release_option(after)
    first, last = _code_span(codes)
    found = diff_releases(open_workspace().facts.database, before, after, first=first, last=last)
    if as_json:
        print_json(found.model_dump(mode="json", exclude={"changes"}) | _counted(found))
        for change in found.changes:
            print_json(change.model_dump(mode="json"))
        return
    _print_summary(found, codes)
    for change in found.changes:
        _print_change(change)


def _counted(found: ReleaseDifference) -> dict[str, int]:
    kinds = [change.kind for change in found.changes]
    return {kind: kinds.count(kind) for kind in ("changed", "added", "removed")}


def _print_summary(found: ReleaseDifference, codes: str | None) -> None:
    counted = _counted(found)
    print(
        f"{found.before} → {found.after}{f', codes {codes}' if codes else ''}: {found.rows:,} rows compared, "
        f"{counted['changed']:,} changed, {counted['added']:,} added, {counted['removed']:,} removed"
    )
    for change in found.national:
        print(
            f"  for all rows: {change.field} {change.before or 'none'} → {change.after or 'none'} {change.unit}"
        )
    if found.new_columns:
        print(f"  new columns: {', '.join(found.new_columns)}")
    if found.lost_columns:
        print(f"  columns no longer filled: {', '.join(found.lost_columns)}")


def _print_change(change: RowChange) -> None:
    name = "-".join(part for part in (change.key, change.modifier) if part)
    if change.partner:
        name += f" with {change.partner}"
    money = [
        f"{place} {_dollars(sums[0])} → {_dollars(sums[1])}"
        for place, sums in (("facility", change.facility), ("non-facility", change.nonfacility))
        if sums[0] != sums[1]
    ]
    paid = f"  ({'; '.join(money)})" if money else ""
    if change.kind == "changed":
        values = [f"{f.field} {f.before or 'none'} → {f.after or 'none'}" for f in change.fields]
        print(f"{name}  {', '.join(values)}{paid}")
    else:
        print(f"{name}  {change.kind}{paid}")


def _dollars(amount: Decimal | None) -> str:
    from pipeline.facts.payment import dollars

    return "none" if amount is None else dollars(amount)


@facts.command("export")
def export(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="A loaded release, such as RVU25D.")],
    codes: CodeRange = None,
    as_json: Json = False,
) -> None:
    """A release as tidy CSV, one row a fact, or as JSON lines."""
    from pipeline.facts.export import export_facts
    from pipeline.facts.table import COLUMNS

    first, last = _code_span(codes)
    database = open_workspace().facts.database
    found = export_facts(database, parse_release_option(release), first=first, last=last)
    if as_json:
        for fact in found:
            print_json(fact.model_dump(mode="json"))
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    first_fact = next(iter(found), None)  # a release that is not loaded says so before anything is written
    writer.writerow(COLUMNS)
    for fact in () if first_fact is None else chain((first_fact,), found):
        writer.writerow([getattr(fact, column) for column in COLUMNS])
