"""`batch`: model calls handed out as files or through OpenAI's Batch API, and their replies taken back."""

from __future__ import annotations

import json
import os
import sys
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
    open_workspace,
    parse_date,
    print_json,
    select,
)
from pipeline.cli.models import Judge, Model, Repair, pending_calls, require_names
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.batch_runs import BatchFolder, Pending
    from pipeline.llm import BatchReport
    from pipeline.workspace import Workspace

batch = typer.Typer(
    help="Model calls as batches: hand out, take back, and see where pages stand.", no_args_is_help=True
)


@batch.command("export")
def export(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    as_of: AsOf = None,
    model: Model = None,
    judge: Judge = None,
    repair: Repair = None,
) -> None:
    """Print the calls that pages wait for, in OpenAI's Batch format, a line a call."""
    from pipeline.llm import batch_line

    workspace, pending = _pending(codes, ranges, all_codes, as_of, model, judge, repair)
    lines = [batch_line(request) for request in pending.requests]
    _folder(workspace).hand_out(pending.requests)
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    print(f"briefwright: {_said(pending)}", file=sys.stderr)


@batch.command("import")
def take_back(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Files of result lines.")],
    as_json: Json = False,
) -> None:
    """Put the replies of result files into the journal; `regenerate --model` goes on from there."""
    from pipeline.llm import bounded_lines

    workspace = open_workspace()
    for path in files:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror})") from error
        with stream:
            report = _import(bounded_lines(stream), workspace)
        _show(str(path), report, as_json=as_json)


@batch.command("status")
def status(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    as_of: AsOf = None,
    model: Model = None,
    judge: Judge = None,
    repair: Repair = None,
    as_json: Json = False,
) -> None:
    """Where each page stands: which section waits for which call."""
    workspace, pending = _pending(codes, ranges, all_codes, as_of, model, judge, repair)
    for page in pending.pages:
        waits = ", ".join(f"{key} for {call}" for key, call in page.waiting.items())
        if as_json:
            print_json(page.model_dump(mode="json"))
        else:
            print(f"{page.hcpcs_code}  {f'waits: {waits}' if waits else 'all replies are there'}")
    if not as_json:
        print(_said(pending))
        jobs = _folder(workspace).jobs()
        if jobs:
            print(f"submitted and not fetched: {', '.join(jobs)}; `briefwright batch poll` asks after them")


@batch.command("submit")
def submit(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    as_of: AsOf = None,
    model: Model = None,
    judge: Judge = None,
    repair: Repair = None,
    as_json: Json = False,
) -> None:
    """Send the calls that pages wait for to OpenAI's Batch API, a batch a model; it answers within a day."""
    from pipeline.llm import batch_line, open_batch_api

    workspace, pending = _pending(codes, ranges, all_codes, as_of, model, judge, repair)
    folder = _folder(workspace)
    awaited = folder.requests().keys() if folder.jobs() else set()
    requests = [request for request in pending.requests if request.key not in awaited]
    if not requests:
        print(
            "nothing to submit: "
            + ("all replies are there" if not pending.requests else "all were submitted")
        )
        return
    api = open_batch_api(os.environ)
    for name in dict.fromkeys(request.model for request in requests):
        own = [request for request in requests if request.model == name]
        folder.hand_out(own)
        state = api.submit(map(batch_line, own))
        folder.start(state.id)
        if as_json:
            print_json(state.model_dump(mode="json"))
        else:
            print(f"{state.id}: {len(own)} calls to {name}, {state.status}")


@batch.command("poll")
def poll(as_json: Json = False) -> None:
    """Ask after submitted batches, and take back the replies of those that have ended."""
    from pipeline.llm import open_batch_api

    workspace = open_workspace()
    folder = _folder(workspace)
    jobs = folder.jobs()
    if not jobs:
        print("no batch is under way")
        return
    api = open_batch_api(os.environ)
    for job in jobs:
        state = api.poll(job)
        if not state.ended:
            if as_json:
                print_json(state.model_dump(mode="json"))
            else:
                print(
                    f"{job}: {state.status}, {state.completed} of {state.total} answered, {state.failed} failed"
                )
            continue
        _show(job, _import(api.results(state), workspace), as_json=as_json)
        folder.finish(job)


def _pending(
    codes: list[str] | None,
    ranges: list[str] | None,
    all_codes: bool,
    as_of: str | None,
    model: str | None,
    judge: str | None,
    repair: str | None,
) -> tuple[Workspace, Pending]:
    names = require_names(model, judge, repair, what="a batch")
    workspace = open_workspace()
    chosen = select(codes, ranges, workspace, all_codes=all_codes)
    return workspace, pending_calls(chosen, names, workspace=workspace, as_of=parse_date(as_of))


def _folder(workspace: Workspace) -> BatchFolder:
    from pipeline.batch_runs import BatchFolder

    return BatchFolder(workspace.settings.batches)


def _import(lines: Iterable[bytes], workspace: Workspace) -> BatchReport:
    from pipeline.llm import Journal, import_batch

    folder = _folder(workspace)
    requests = folder.requests()
    report = import_batch(lines, requests, Journal(workspace.settings.journal))
    folder.settle(requests.keys() - set(report.missing))
    return report


def _said(pending: Pending) -> str:
    done = sum(not page.waiting for page in pending.pages)
    return (
        f"{len(pending.requests)} calls pending; {done} of {len(pending.pages)} pages have all their replies"
    )


def _show(name: str, report: BatchReport, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": name, **report.model_dump(mode="json")})
        return
    print(
        f"{name}: {report.stored} replies stored, {report.known} known before, {len(report.missing)} still missing"
    )
    for fault in report.faults:
        print(f"  line {fault.line}: {fault.reason}")
