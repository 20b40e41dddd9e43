"""`regenerate`, `show`, `explain`: candidates, and what they say."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import (
    AllCodes,
    AsOf,
    Codes,
    Json,
    Ranges,
    end_progress,
    now,
    open_workspace,
    parse_date,
    print_json,
    progress,
    select,
)
from pipeline.cli.models import (
    CONCURRENCY,
    Concurrency,
    Estimate,
    Judge,
    MaxCalls,
    MaxCost,
    Model,
    ModelOptions,
    PriceFile,
    Refresh,
    Repair,
    Replay,
    Rpm,
    Tpm,
    calls_json,
    calls_line,
    open_run,
    pending_calls,
    require_names,
)
from pipeline.cli.staleness import DryRun, Force, Stale, choose, find_states, print_plan, unchanged_line
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.data import Page
    from pipeline.model_drafter import ModelNames
    from pipeline.regenerate import Regenerated
    from pipeline.workspace import Workspace

Published = Annotated[bool, typer.Option("--published", help="The published page instead of the candidate.")]


def regenerate(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    as_of: AsOf = None,
    model: Model = None,
    judge: Judge = None,
    repair: Repair = None,
    replay: Replay = False,
    refresh: Refresh = False,
    estimate: Estimate = False,
    max_cost: MaxCost = None,
    max_calls: MaxCalls = None,
    concurrency: Concurrency = CONCURRENCY,
    rpm: Rpm = None,
    tpm: Tpm = None,
    prices: PriceFile = None,
    stale: Stale = False,
    dry_run: DryRun = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write the candidate pages of codes whose inputs changed into the state folder; nothing is published."""
    began = time.perf_counter()
    from pipeline.index.embedders import load_embedder
    from pipeline.regenerate import regenerate_pages

    workspace = open_workspace()
    on, today = parse_date(as_of), now().date()
    chosen = choose(
        codes, ranges, workspace, all_codes=all_codes, stale=stale, as_of=on, dated=as_of is not None
    )
    if estimate:
        names = require_names(model, judge, repair, what="an estimate")
        _print_estimate(chosen, names, prices, workspace=workspace, as_of=on, as_json=as_json)
        return
    run = open_run(
        ModelOptions(
            model, judge, repair, replay, refresh, max_cost, max_calls, rpm, tpm, prices, concurrency
        ),
        workspace=workspace,
    )
    states = find_states(
        chosen, workspace, as_of=on, dated=as_of is not None, drafter=run.drafter, note=not dry_run
    )
    if dry_run:
        print_plan(states, as_json=as_json)
        return
    again = force or refresh or replay
    wanted = [state.hcpcs_code for state in states if again or not state.is_current]
    kept = [state.hcpcs_code for state in states if state.hcpcs_code not in {*wanted}]
    _print_kept(
        kept, as_of=on if as_of else None, workspace=workspace, single=len(chosen) == 1, as_json=as_json
    )
    if not wanted:
        return
    done = regenerate_pages(
        wanted,
        workspace=workspace,
        embedder=load_embedder(workspace.settings.embedder),
        as_of=on,
        today=today,
        progress=progress,
        dated=as_of is not None,
        drafter=run.drafter,
    )
    written = _WrittenClaims()
    try:
        _print_results(map(written.seen, done), began=began, single=len(chosen) == 1, as_json=as_json)
    finally:  # also where the run was stopped: what was asked was paid for
        end_progress()
        if run.meter is not None:
            if as_json:
                print_json({"calls": calls_json(run.meter, written.count)})
            else:
                print(calls_line(run.meter.totals(), written.count))
                if run.judges_itself and "judge" in run.meter.totals_by("prompt"):
                    print("the model judged its own sentences; --judge names another")


class _WrittenClaims:
    """Counts the claims that a model wrote on the pages that pass."""

    def __init__(self) -> None:
        self.count = 0

    def seen(self, result: Regenerated) -> Regenerated:
        """The same result, its page counted."""
        from pipeline.page.assemble import count_written

        self.count += count_written(result.page)
        return result


def _print_kept(
    codes: list[str], *, as_of: date | None, workspace: Workspace, single: bool, as_json: bool
) -> None:
    """That nothing was done for these: with the page where there is one or JSON is asked for, else their number."""
    from pipeline.regenerate import kept_candidate

    if as_json or single:
        for code in codes:
            result = kept_candidate(code, workspace.settings, as_of=as_of)
            print(_summary(result, seconds=0)) if not as_json else print_json(_result_json(result))
    if codes and not as_json:
        print(unchanged_line(len(codes)))


def _print_results(results: Iterable[Regenerated], *, began: float, single: bool, as_json: bool) -> None:
    for result in results:
        end_progress()
        if result.set_aside:
            print(f"briefwright: {result.set_aside}", file=sys.stderr)
        if as_json:
            print_json(_result_json(result))
        elif single:
            print(_summary(result, seconds=time.perf_counter() - began))
        else:
            page = result.page
            print(
                f"{page.hcpcs_code}  {_statements(page):>3} statements, {len(page.verdicts):>3} claims supported, "
                f"{len(page.withheld)} withheld, {len(page.gaps)} gaps{_noted(page)}  {result.path}"
            )


def _print_estimate(
    codes: list[str],
    names: ModelNames,
    prices: Path | None,
    *,
    workspace: Workspace,
    as_of: date,
    as_json: bool,
) -> None:
    from pipeline.llm import estimate_run, load_prices, show_cost

    pending = pending_calls(codes, names, workspace=workspace, as_of=as_of)
    found = estimate_run(pending.requests, load_prices(prices))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print(
        f"{found.calls} calls next: about {found.input_tokens:,} tokens in, at most {found.max_output_tokens:,} out; "
        f"cost {show_cost(found.at_least)} to {show_cost(found.at_most)}"
    )
    print("Each reply may be followed by a judging call, and by up to two of mending and judging again.")


def _noted(page: Page) -> str:
    return f", {len(page.failures)} notes on the drafting" if page.failures else ""


def _statements(page: Page) -> int:
    return sum(len(section.statements) for section in page.sections)


def _result_json(result: Regenerated) -> dict[str, object]:
    from pipeline.page.assemble import carried_releases, count_claims

    page = result.page
    return {
        "hcpcs_code": page.hcpcs_code,
        "path": str(result.path),
        "claims": count_claims(page),
        "gaps": [gap.model_dump() for gap in page.gaps],
        "withheld": len(page.withheld),
        "failures": list(page.failures),
        "releases": _releases(page),
        "carried": dict(carried_releases(page)),
        "fingerprint": page.fingerprint,
        "unchanged": result.unchanged,
        "seconds": result.seconds,
    }


def _releases(page: Page) -> list[str]:
    return sorted({e.fact.release for e in page.evidence.values() if e.kind == "row" and e.level == "table"})


def _summary(result: Regenerated, *, seconds: float) -> str:
    """The one-screen summary of a page."""
    from pipeline.data import is_supported
    from pipeline.page.assemble import carried_releases, count_claims

    page = result.page
    where = f"{page.category}, {page.region}" if page.category else "not classified"
    lines = [
        f"{page.hcpcs_code}  {where}; dates of service on {page.as_of}; drafter: {page.drafter}",
        "",
        f"  {'section':<34}{'statements':>11}{'claims supported':>18}{'withheld':>10}",
    ]
    for section in page.sections:
        claims = sum(len(statement.claims) for statement in section.statements)
        held = sum(w.statement.section_key == section.key for w in page.withheld)
        lines.append(f"  {section.heading:<34}{len(section.statements):>11}{claims:>18}{held:>10}")
    counted = count_claims(page)
    lines += ["", "  claims: " + ", ".join(f"{number} {label}" for label, number in counted.items())]
    lines += ["  sources:"]
    for source in page.sources:
        carried = f"  carried; {source.in_force_release} not loaded" if source.currency == "carried" else ""
        absent = "" if source.present else "  (through Briefwright notes; document not added)"
        lines.append(f"    {source.publisher}: {source.title}, {source.edition}{carried}{absent}")
    lines.append(f"  gaps: {len(page.gaps) or 'none'}")
    lines += [f"    {gap.section_key}: {gap.question} ({gap.reason})" for gap in page.gaps]
    for held in page.withheld:
        against = (v for v in held.verdicts if not is_supported(v))
        reasons = dict.fromkeys(getattr(v, "reason", getattr(v, "failure", "")) for v in against)
        lines.append(f"  withheld: {held.statement.text[:90]} ({'; '.join(reasons)[:120]})")
    lines += [f"  noted: {failure}" for failure in page.failures]
    carried = carried_releases(page)
    if carried:
        lines.append(
            f"  stale: {len(carried)} releases older than the date of service; see the badges on the page"
        )
    lines += [
        "",
        f"  page: {result.path}",
        f"  open: {_opener()} {shlex.quote(str(result.path))}",
        f"  took: {seconds:.1f} s",
    ]
    return "\n".join(lines)


def _opener() -> str:
    return "open" if sys.platform == "darwin" else "xdg-open"


def _require_page(code: str, *, published: bool, as_of: str | None = None, workspace: Workspace) -> Page:
    from pipeline.published import read_published
    from pipeline.regenerate import candidate_folder, read_candidate

    settings = workspace.settings
    on = parse_date(as_of) if as_of else None
    page = (
        read_published(code, settings)
        if published
        else read_candidate(candidate_folder(code, settings, as_of=on))
    )
    if page is None:
        kind, command = ("published page", "publish") if published else ("candidate", "regenerate")
        dated = f" --as-of {on}" if on else ""
        raise UsageError(f"there is no {kind} of {code}; run `briefwright {command} {code}{dated}` first")
    return page


def show(
    codes: Codes = None,
    ranges: Ranges = None,
    published: Published = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Print pages as Markdown, or their claim ledgers as JSON."""
    from pipeline.page.ledger import dump_ledger
    from pipeline.page.markdown import render_markdown

    workspace = open_workspace()
    for code in select(codes, ranges, workspace):
        page = _require_page(code, published=published, as_of=as_of, workspace=workspace)
        print(dump_ledger(page) if as_json else render_markdown(page), end="")


def explain(
    code: Annotated[str, typer.Argument(help="HCPCS code of the page.")],
    claim: Annotated[str, typer.Argument(help="Claim id, or the beginning of one.")],
    published: Published = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show a claim, its evidence in its surroundings, and each check with its outcome."""
    from pipeline.explain import explain_claim
    from pipeline.selector import parse_code

    workspace = open_workspace()
    page = _require_page(parse_code(code), published=published, as_of=as_of, workspace=workspace)
    explanation = explain_claim(page, claim, documents=workspace.documents)
    if as_json:
        print_json(explanation.model_dump(mode="json"))
    else:
        print(explanation.as_text())
