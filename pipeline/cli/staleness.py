"""Which pages `regenerate` makes anew: its options, and what it says of pages that need nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import print_json, select
from pipeline.errors import NoFactsError, UsageError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.data import PageState
    from pipeline.run import Drafter
    from pipeline.workspace import Workspace

Stale = Annotated[
    bool,
    typer.Option("--stale", help="Pages whose inputs changed; without codes, of all that have a candidate."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List what would be made anew, and why; write nothing.")
]
Force = Annotated[bool, typer.Option("--force", help="Make pages anew although nothing changed.")]

_SHOWN = 4
_WORDS = {
    "new": "there is no candidate yet",
    "unknown": "the candidate is of no stored revision (edited, or written by another version)",
    "unfinished": "a model failed to deliver a part of it",
}


def choose(
    codes: list[str] | None,
    ranges: list[str] | None,
    workspace: Workspace,
    *,
    all_codes: bool,
    stale: bool,
    as_of: date,
    dated: bool = False,
) -> list[str]:
    """The codes asked for. Raises NoFactsError before any work is done for one that no table holds.

    With `stale` and none named, those that have a candidate (`dated`: for that date) and still stand in the tables.
    """
    if not stale or codes or ranges or all_codes:
        chosen = select(codes, ranges, workspace, all_codes=all_codes)
        for code in chosen:
            workspace.facts.require(code, as_of)
        return chosen
    from pipeline.stale import codes_with_candidates

    held = codes_with_candidates(workspace.settings, as_of=as_of if dated else None)
    if not held:
        raise UsageError("there is no candidate yet; name codes, such as `briefwright regenerate 20970`")
    return [code for code in held if _is_in_tables(code, workspace, as_of)]


def _is_in_tables(code: str, workspace: Workspace, as_of: date) -> bool:
    try:
        workspace.facts.require(code, as_of)
    except NoFactsError as error:
        typer.echo(f"briefwright: {code} is left out: {error}", err=True)
        return False
    return True


def find_states(
    codes: list[str], workspace: Workspace, *, as_of: date, dated: bool, drafter: Drafter, note: bool
) -> list[PageState]:
    """The state of each page, in the order of the codes; `note` as of `page_states`."""
    from pipeline.stale import page_states

    return list(page_states(codes, workspace=workspace, as_of=as_of, dated=dated, drafter=drafter, note=note))


def print_plan(states: Iterable[PageState], *, as_json: bool) -> None:
    """What a run would do, a page a line, then how many would stay as they are."""
    states = list(states)
    for state in states:
        if as_json:
            print_json(state.model_dump(mode="json"))
        elif not state.is_current:
            print(f"{state.hcpcs_code}  {why(state)}")
    if not as_json:
        print(_count(states, "would be made anew"))


def unchanged_line(pages: int) -> str:
    """That pages need nothing."""
    named, them = ("1 page", "it") if pages == 1 else (f"{pages:,} pages", "them")
    return f"{named} unchanged: no input differs, nothing was done (--force makes {them} anew)"


def why(state: PageState) -> str:
    """Why a page is made anew, its gravest changes named: other values before newer releases of the same."""
    if state.state != "stale":
        return _WORDS.get(state.state, state.state)
    from pipeline.changes.reasons import by_gravity

    said = [change.as_text() for change in sorted(state.changes, key=by_gravity)[:_SHOWN]]
    more = len(state.changes) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more else "")


def _count(states: list[PageState], what: str) -> str:
    current = sum(state.is_current for state in states)
    return f"{len(states) - current:,} of {len(states):,} pages {what}; {current:,} unchanged"
