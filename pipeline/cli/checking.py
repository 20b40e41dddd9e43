"""`verify`: any text, ours or not, claim by claim against the sources."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import AsOf, Json, end_progress, open_workspace, parse_date, print_json, progress
from pipeline.cli.judges import JudgeOptions, JudgeRun, judge_calls_line, open_judges
from pipeline.cli.models import MaxCalls, Replay
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from pipeline.check_text import CheckedClaim
    from pipeline.data import Page

SOME_REFUTED = 10  # exit code: the run succeeded, and at least one claim is refuted

_MARKS = {
    "supported": "✓ supported",
    "refuted": "✗ refuted",
    "not_enough_info": "? not enough info",
    None: "! failed",
}


def verify(
    file: Annotated[
        Path, typer.Argument(help="Text, Markdown, HTML, JSON Lines with `id` and `claim`, or a page.json.")
    ],
    code: Annotated[
        str | None, typer.Option("--code", help="The code the text is about, where it names none.")
    ] = None,
    as_of: AsOf = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report with the text marked up.")
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option(
            "--judge",
            metavar="NAME",
            help="Ask about what the checks leave open: local, or a model; given twice: both have to agree.",
        ),
    ] = None,
    replay: Replay = False,
    max_calls: MaxCalls = None,
    as_json: Json = False,
) -> None:
    """Check a text claim by claim against the tables, notes and documents; exit 10 when one is refuted.

    A page's own page.json is checked from the evidence recorded in it: a claim whose record is contradicted is refuted.
    """
    from pipeline.check_ledger import check_ledger, held_by, other_checkers, read_ledger_file
    from pipeline.check_text import check_file, suggest_code
    from pipeline.index.embedders import load_embedder
    from pipeline.selector import parse_code

    workspace = open_workspace()
    counts: Counter[str | None] = Counter()
    kept: list[CheckedClaim] = []
    about = None if code is None else parse_code(code)
    on = parse_date(as_of)
    page = read_ledger_file(file)
    if page is not None:
        _refuse_options(page, code=about, as_of=as_of, judge=judge)
    asked = _judges(judge, replay=replay, max_calls=max_calls)
    if page is not None:
        on = page.as_of
        results = check_ledger(page, held=held_by(workspace))
    else:
        if about is None and (code_meant := suggest_code(file)):
            print(
                f"briefwright: most claims name no code, and the title names {code_meant}: give --code {code_meant}",
                file=sys.stderr,
            )
        results = check_file(
            file,
            hcpcs_code=about,
            workspace=workspace,
            embedder=load_embedder(workspace.settings.embedder),
            as_of=on,
            progress=progress,
            judge=asked.judge if asked else None,
        )
    for result in results:
        end_progress()
        counts[result.label] += 1
        if html is not None:
            kept.append(result)
        if as_json:
            print_json(result.model_dump(mode="json"))
        else:
            print(_text(result))
    if not counts:
        raise UsageError(f"no claim found in {file}; name a text that says something, or a page's page.json")
    if html is not None:
        _write_report(html, kept, title=file.name, on=on)
    if asked and asked.meter:
        print(judge_calls_line(asked.meter), file=sys.stderr)
    if not as_json:
        print(", ".join(f"{counts[label]} {label or 'failed'}" for label in _MARKS))
    if page is not None:
        for name, number in other_checkers(page).items():
            print(_of_another_checker(name, number), file=sys.stderr)
    if counts["refuted"]:
        raise typer.Exit(SOME_REFUTED)


def _judges(names: list[str] | None, *, replay: bool, max_calls: int | None) -> JudgeRun | None:
    if not names:
        if replay or max_calls is not None:
            raise UsageError("--replay and --max-calls are about the calls of a judge; name it with --judge")
        return None
    return open_judges(JudgeOptions(tuple(names), replay, max_calls))


def _of_another_checker(name: str, number: int) -> str:
    verdicts = "1 verdict is" if number == 1 else f"{number:,} verdicts are"
    return f"{verdicts} of another checker ({name}): compared in part only; regenerate the page for the rest"


def _refuse_options(page: Page, *, code: str | None, as_of: str | None, judge: list[str] | None) -> None:
    """A ledger says itself which code it is about, on which day, and what its judge said."""
    if judge:
        raise UsageError(
            "a ledger is checked from what its judge said, and no judge is asked; leave --judge out"
        )
    if code not in (None, page.hcpcs_code):
        raise UsageError(f"the ledger is of {page.hcpcs_code}, not of {code}; leave --code out")
    if as_of not in (None, page.as_of.isoformat()):
        raise UsageError(f"the ledger is of {page.as_of}, not of {as_of}; leave --as-of out")


def _write_report(path: Path, claims: list[CheckedClaim], *, title: str, on: date) -> None:
    from pipeline.check_report import render_check_report
    from pipeline.store import write_atomically
    from pipeline.verify import checker_version

    report = render_check_report(claims, title=title, as_of=on, checker=checker_version())
    write_atomically(path, report)


def _text(result: CheckedClaim) -> str:
    lines = [f"{_MARKS[result.label]:<18} {result.claim}", f"{'':<18} {result.reason or result.failure}"]
    lines += [f"{'':<18} {check.reason}" for check in result.checks if check.check == "entailment"]
    lines += [f"{'':<18}   {evidence}" for evidence in result.sources()]
    return "\n".join(lines) + "\n"
