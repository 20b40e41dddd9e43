"""`diff` and `review`: what changed on a page, claim by claim, and what reviewers decide about it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import (
    AllCodes,
    Codes,
    Json,
    Ranges,
    now,
    open_workspace,
    print_json,
    select_candidates,
)
from pipeline.errors import SourceError, UsageError

if TYPE_CHECKING:
    from pipeline.data import PageReview

review = typer.Typer(
    help="Decisions of reviewers, through files: export redlines, edit the decisions, import them.",
    no_args_is_help=True,
)
Reviewer = Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Who decides.")]

HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the redline as one HTML file.")
]


def diff(
    code: Annotated[str, typer.Argument(help="HCPCS code of the page.")],
    revisions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OLD NEW]",
            help="published, candidate, a date of service, a revision's number or the beginning of its hash.",
        ),
    ] = None,
    html: HtmlFile = None,
    as_json: Json = False,
) -> None:
    """Show what changed between two revisions of a page, and why; the published one and the candidate if not named."""
    from pipeline.changes.redline import render_redline
    from pipeline.changes.redline_text import redline_text
    from pipeline.compare import CANDIDATE, PUBLISHED, compare_revisions
    from pipeline.selector import parse_code
    from pipeline.store import write_atomically

    if revisions and len(revisions) != 2:
        raise UsageError(
            "name two revisions, the old one first, or none for the published page and the candidate"
        )
    old, new = revisions or (PUBLISHED, CANDIDATE)
    workspace = open_workspace()
    found = compare_revisions(parse_code(code), workspace.settings, old=old, new=new)
    if html is not None:
        write_atomically(html, render_redline(found, site_name=workspace.site_name))
        print(f"wrote {html}", file=sys.stderr)
    if as_json:
        print_json(found.model_dump(mode="json"))
    elif html is None:
        print(redline_text(found, colour=sys.stdout.isatty()), end="")


@review.command("export")
def export(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write into.")] = Path("review"),
    reviewer: Reviewer = "",
    as_json: Json = False,
) -> None:
    """Write the redline of each changed candidate, of all where none is named, and one file of decisions to edit."""
    from pipeline.reviewing import export_review

    workspace = open_workspace()
    done = export_review(
        select_candidates(codes, ranges, workspace, all_codes=all_codes), workspace, to, reviewer=reviewer
    )
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    for path in done.redlines:
        print(path)
    if done.decisions:
        print(
            f"{done.decisions}  edit this, then: briefwright review import {done.decisions} --reviewer NAME"
        )
    if done.unchanged:
        print(f"{len(done.unchanged)} unchanged, nothing to decide: {', '.join(done.unchanged[:12])}")


@review.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The edited file of decisions.")],
    reviewer: Reviewer = "",
    as_json: Json = False,
) -> None:
    """Check the decisions against what the candidates show now, verify amended text again, and record them."""
    from pipeline.reviewing import import_review

    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{file} cannot be read ({error}); name the file that `review export` wrote"
        ) from error
    done = import_review(text, open_workspace(), name=file.name, reviewer=reviewer, now=now())
    if as_json:
        print_json(done.model_dump(mode="json"))
        return
    print(f"{len(done.recorded)} decisions recorded")
    for page in done.reviews:
        print(_standing(page))
    for sibling in done.siblings:
        print(
            f"{sibling.hcpcs_code} carries the same claim ({sibling.claim_id}) as {sibling.of_claim_id} of "
            f"{sibling.of_code}, which was corrected"
        )


@review.command("status")
def status(
    codes: Codes = None, ranges: Ranges = None, all_codes: AllCodes = False, as_json: Json = False
) -> None:
    """Say of each candidate how many of its changes are decided; of all candidates where no code is named."""
    from pipeline.reviewing import review_of

    workspace = open_workspace()
    for code in select_candidates(codes, ranges, workspace, all_codes=all_codes):
        try:
            page = review_of(code, workspace)
        except SourceError as error:  # one damaged page keeps nobody from the others
            if as_json:
                print_json({"hcpcs_code": code, "error": str(error)})
            else:
                print(f"{code}  {error}")
            continue
        if as_json:
            print_json(page.model_dump(mode="json"))
        else:
            print(_standing(page))


def _standing(page: PageReview) -> str:
    """A page's review in a line."""
    if page.state == "unchanged":
        return f"{page.hcpcs_code}  unchanged: it shows what is published"
    accepted = len(page.changes) - page.open_changes
    second = sum(bool(one.accepted_by) and one.state == "waiting" for one in page.changes)
    rejected = sum(one.state == "rejected" for one in page.changes)
    more = f", {rejected} rejected" if rejected else ""
    more += f", {second} need a second person" if second else ""
    return f"{page.hcpcs_code}  {page.state}: {accepted} of {len(page.changes)} changes accepted{more}"
