"""`publish`, `unpublish` and `status`: what is out, taking it back, and where the pages stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.common import (
    AllCodes,
    Codes,
    Json,
    Ranges,
    now,
    open_workspace,
    parse_date,
    print_json,
    select,
    select_candidates,
)
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.data import Page
    from pipeline.publishing import Published, Ready, Site
    from pipeline.status import PageStatus, SiteStatus
    from pipeline.workspace import Workspace

Reviewer = Annotated[str, typer.Option(help="Who answers for it.")]
Reviewers = Annotated[
    list[str] | None, typer.Option("--reviewer", help="Who answers for it; may be repeated.")
]
Dated = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="The pages for that date of service, YYYY-MM-DD."),
]
_WAIT_S = 60.0


def publish(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    reviewer: Reviewers = None,
    as_of: Dated = None,
    revision: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Roll one page back to this revision, which was published before."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for readers; needed to roll back.")] = "",
    auto_approve: Annotated[
        Literal["figures"] | None,
        typer.Option(
            help="figures: what is nothing but amounts of a newer release goes out undecided; "
            "pages with any other open change are held back."
        ),
    ] = None,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed", help="Every candidate that is not what is published; of those named, if any."
        ),
    ] = False,
    unreviewed: Annotated[
        bool, typer.Option("--unreviewed", help="Publish as starter content that nobody reviewed, so marked.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also make this folder the same site; alone: nothing else."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Publish candidates to outputs/, all or none, under a reviewer's name; index, feed and corrections follow."""
    from pipeline.published import is_up
    from pipeline.publishing import finish_publishing, publish_pages, roll_back
    from pipeline.signing import signer_of

    workspace = open_workspace()
    site = _site(workspace)
    on = parse_date(as_of) if as_of else None
    signing = partial(
        signer_of,
        workspace=workspace,
        reviewers=reviewer or (),
        auto_approve_figures=auto_approve is not None,
        unreviewed=unreviewed,
        dated=on is not None,
    )
    if changed and (on or revision):
        raise UsageError("--changed goes with neither --as-of nor --revision; name the codes")
    if not (codes or ranges or all_codes or changed):
        if to is None:
            finish_publishing(site)
            said = f"no code named; what was begun in {site.root} is finished and its files are up to date"
            if as_json:
                print_json({"finished": str(site.root)})
            else:
                print(said)
    else:
        chosen = select_candidates(codes, ranges, workspace, all_codes=all_codes, as_of=on)
        if changed:
            chosen = [code for code in chosen if not is_up(code, workspace.settings)]
        if revision is not None:
            if len(chosen) != 1 or on or unreviewed:
                raise UsageError(
                    "--revision rolls one current page back; name one code, no --as-of or --unreviewed"
                )
            page = read_revision(chosen[0], revision, workspace)
            signed = ", ".join(reviewer or ())
            done = roll_back(page, site, reviewer=signed, reason=reason, now=now())
        else:
            done = publish_pages(
                _candidates(chosen, on, workspace),
                site,
                approve=partial(_approve, workspace, on, signing),
                now=now(),
                reason=reason,
                unreviewed=unreviewed,
                hold_back=auto_approve is not None,
            )
        _print_published(done, site, unreviewed=unreviewed, as_json=as_json)
        if not (chosen or as_json):
            print("nothing to publish: every candidate is up as it is")
    if to is not None:
        written = finish_publishing(site, to=to)
        if as_json:
            print_json({"copied_to": str(to), "files_written": written})
        else:
            print(f"the site is in {to}: {written} files written, the others were up to date")


def _print_published(done: Published, site: Site, *, unreviewed: bool, as_json: bool) -> None:
    """What became of each page; as JSON, one object each."""
    from pipeline.page.text import visible

    if as_json:
        for publication in done.publications:
            print_json(publication.model_dump(mode="json"))
        for name, why in done.held.items():
            print_json({"held_back": name, "reason": why})
        for name in done.unchanged:
            print_json({"unchanged": name})
        return
    for publication in done.publications:
        how = "rolled back" if publication.kind == "rolled_back" else "published"
        by = "not reviewed" if unreviewed else f"approved by {visible(publication.reviewer)}"
        print(f"{how} {publication.hcpcs_code} to {site.root / publication.name}, {by}")
    for name, why in done.held.items():
        print(f"held back {name}: {why}")
    if done.unchanged:
        print(f"unchanged, and published before: {', '.join(done.unchanged)}")


def unpublish(
    codes: Codes = None,
    ranges: Ranges = None,
    reviewer: Reviewer = "",
    reason: Annotated[str, typer.Option(help="Why, for readers.")] = "",
    as_of: Dated = None,
    as_json: Json = False,
) -> None:
    """Take published pages down, those for dates of service included; the log and the corrections say so."""
    from pipeline.page.text import visible
    from pipeline.publishing import unpublish_pages

    workspace = open_workspace()
    done = unpublish_pages(
        select(codes, ranges, workspace),
        _site(workspace),
        reviewer=reviewer,
        reason=reason,
        now=now(),
        as_of=parse_date(as_of) if as_of else None,
    )
    for publication in done:
        if as_json:
            print_json(publication.model_dump(mode="json"))
        else:
            print(f"took down {publication.name}: {visible(publication.reason)}")


def read_revision(hcpcs_code: str, name: str, workspace: Workspace) -> Page:
    """The stored revision of a page by its number or the beginning of its hash. Raises UsageError, SourceError."""
    from pipeline.changes.revisions import find_revision, read_revision_page

    folder = workspace.settings.revisions
    return read_revision_page(folder, find_revision(folder, hcpcs_code, name))


def _candidates(codes: list[str], on: date | None, workspace: Workspace) -> Iterator[Ready]:
    """Each candidate. Raises UsageError for a code without one."""
    from pipeline.publishing import Ready
    from pipeline.regenerate import candidate_folder, read_candidate

    for code in codes:
        folder = candidate_folder(code, workspace.settings, as_of=on)
        page = read_candidate(folder)
        if page is None:
            dated = f" --as-of {on}" if on else ""
            raise UsageError(
                f"there is no candidate of {code}; run `briefwright regenerate {code}{dated}` first"
            )
        yield Ready(page, dated=on is not None)


def _approve(workspace: Workspace, on: date | None, sign: Callable[[Page], str], page: Page) -> str:
    """Who signs for the page, where the files that were reviewed are what its ledger says."""
    from pipeline.regenerate import candidate_folder, read_rendered_candidate

    folder = candidate_folder(page.hcpcs_code, workspace.settings, as_of=on)
    read_rendered_candidate(page, folder, site_name=workspace.site_name)
    return sign(page)


def _site(workspace: Workspace) -> Site:
    from pipeline.publishing import Site

    settings = workspace.settings
    return Site(
        root=settings.outputs,
        name=workspace.site_name,
        wait_s=_WAIT_S,
    )


def status(
    prices: Annotated[Path | None, typer.Option(metavar="FILE", help="Prices over our own table.")] = None,
    as_json: Json = False,
) -> None:
    """Where the pages stand: published, waiting, out of date by which source, due for review; the cost so far."""
    from pipeline.llm.prices import load_prices, show_cost
    from pipeline.status import site_status, spent_so_far

    workspace = open_workspace()
    settings = workspace.settings
    today = now().date()
    found = site_status(
        settings.outputs,
        settings.candidates,
        loaded=workspace.facts.releases_of,
        stands=workspace.facts.stands,
        today=today,
        review_every_days=workspace.review_every_days,
    )
    spent = spent_so_far(settings.journal, load_prices(prices))
    if as_json:
        for page in found.pages:
            print_json(page.model_dump(mode="json"))
        print_json(
            {
                "counts": found.counts(),
                "interrupted": found.interrupted,
                "spent": spent.model_dump(mode="json"),
            }
        )
        return
    _print_status(found, today)
    if spent.replies:
        more = f"; {spent.unpriced} more have no known price" if spent.unpriced else ""
        print(
            f"cost so far: {show_cost(spent.known_cost)} at list prices for the {spent.replies:,} model replies kept"
            f" ({spent.input_tokens:,} tokens in, {spent.output_tokens:,} out){more}"
        )
    else:
        print("cost so far: nothing; no model was asked")


_MEANING = {
    "published": "published, with no other candidate",
    "changed": "published; the candidate differs",
    "candidate": "candidate only",
    "damaged": "published, but the files in outputs/ are not those that went out",
    "stale": "published, and a newer release of a source is loaded",
    "superseded": "published, and a newer release of a source is due",
    "gone": "published, though the tables in force do not know the code any more",
    "unreviewed": "published, not reviewed",
}
_LISTED = 12


def _print_status(found: SiteStatus, today: date) -> None:
    if not found.pages:
        print("no pages yet; `briefwright regenerate --all` writes the starter set")
    counts = found.counts()
    for key, meaning in _MEANING.items():
        if counts[key]:
            print(f"{counts[key]:>6}  {meaning}: {_codes(found, key)}")
    by_source: dict[tuple[str, str], int] = {}
    for page in found.pages:
        for pair in page.stale_by:
            by_source[pair] = by_source.get(pair, 0) + 1
    for (was, newer), number in sorted(by_source.items()):
        print(
            f"        stale by {newer}, which is loaded; {number} page{'' if number == 1 else 's'} of {was}"
        )
    if counts["gone"]:
        print("        `briefwright unpublish CODE --reviewer … --reason …` takes such a page down")
    if any(page.stale_by and page.state == "published" for page in found.pages):
        print("        `briefwright regenerate --stale` writes their candidates")
    if counts["changed"]:
        print(
            "        `briefwright diff CODE` shows what a candidate changes, "
            "`briefwright review export CODES` hands it out for decisions"
        )
    overdue = [page for page in found.pages if page.review_due and page.review_due <= today]
    if overdue:
        print(f"{len(overdue):>6}  due for review: {_named(overdue)}")
    if (first := found.next_review) and first.review_due and first.review_due > today:
        print(f"next review due: {first.hcpcs_code} on {first.review_due}")
    if found.interrupted:
        print("a publication was interrupted; `briefwright publish` finishes it")


def _codes(found: SiteStatus, key: str) -> str:
    flags = {"stale": "stale_by", **{name: name for name in ("superseded", "gone", "unreviewed")}}
    return _named([p for p in found.pages if (getattr(p, flags[key]) if key in flags else p.state == key)])


def _named(pages: list[PageStatus]) -> str:
    names = [f"{page.hcpcs_code} ({page.as_of})" if page.as_of else page.hcpcs_code for page in pages]
    return ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
