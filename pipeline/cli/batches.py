"""`batch`: model calls handed out as files or through OpenAI's Batch API, and their replies taken back."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import (
    AllCodes,
    AsOf,
    Codes,
    Json,
    Ranges,
    now,
    open_workspace,
    parse_date,
    print_json,
    select,
)
from pipeline.cli.models import Judge, Model, Repair, pending_calls, require_names
from pipeline.errors import ModelError, UsageError

if TYPE_CHECKING:
    from pipeline.batch_folder import BatchFolder
    from pipeline.batch_runs import Pending
    from pipeline.llm import BatchApi, BatchReport, BatchState
    from pipeline.model_drafter import ModelNames
    from pipeline.workspace import Workspace

batch = typer.Typer(
    help="Model calls as batches: hand out, take back, and see where pages stand.", no_args_is_help=True
)

Again = Annotated[
    bool,
    typer.Option(
        "--again", help="Also calls whose stored reply was of no use: refused, cut off, empty, in circles."
    ),
]
_SHOWN_ERRORS = 3


@batch.command("export")
def export(
    codes: Codes = None,
    ranges: Ranges = None,
    all_codes: AllCodes = False,
    as_of: AsOf = None,
    model: Model = None,
    judge: Judge = None,
    repair: Repair = None,
    again: Again = False,
) -> None:
    """Print the calls that pages wait for, in OpenAI's Batch format, a line a call."""
    from pipeline.llm import batch_line

    names, workspace = _names(model, judge, repair), open_workspace()
    with _alone(workspace):
        pending = _pending(
            select(codes, ranges, workspace, all_codes=all_codes), names, workspace, as_of, again
        )
        lines = [batch_line(request) for request in pending.requests]
        folder = _folder(workspace)
        folder.hand_out(pending.requests)
        _drop_stale(folder, pending)
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))
    _note(_said(pending))


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
        with stream, _alone(workspace):
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
    names, workspace = require_names(model, judge, repair, what="a batch"), open_workspace()
    pending = _pending(select(codes, ranges, workspace, all_codes=all_codes), names, workspace, as_of)
    for page in pending.pages:
        waits = ", ".join(f"{key} for {call}" for key, call in page.waiting.items())
        if as_json:
            print_json(page.model_dump(mode="json"))
        else:
            print(f"{page.hcpcs_code}  {f'waits: {waits}' if waits else 'all replies are there'}")
    if not as_json:
        print(_said(pending))
        jobs = [job.id or "one whose id got lost" for job in _folder(workspace).jobs()]
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
    again: Again = False,
    as_json: Json = False,
) -> None:
    """Send the calls that pages wait for to OpenAI's Batch API, a batch a model; it answers within a day."""
    from pipeline.batch_folder import submit_batch
    from pipeline.llm import open_batch_api

    names, workspace = _names(model, judge, repair), open_workspace()
    with _alone(workspace):
        folder = _folder(workspace)
        pending = _pending(
            select(codes, ranges, workspace, all_codes=all_codes), names, workspace, as_of, again
        )
        _drop_stale(folder, pending)
        if not pending.requests:
            (_note if as_json else print)("nothing to submit: all replies are there")
            return
        api = open_batch_api(os.environ)
        _recover(folder, api)
        under_way = folder.under_way()
        requests = [request for request in pending.requests if request.key not in under_way]
        if not requests:
            (_note if as_json else print)("nothing to submit: all were submitted")
        for name in dict.fromkeys(request.model for request in requests):
            own = [request for request in requests if request.model == name]
            state = submit_batch(own, folder, api, now=now())
            if as_json:
                print_json(state.model_dump(mode="json"))
            else:
                print(f"{state.id}: {len(own)} calls to {name}, {state.status}")


@batch.command("poll")
def poll(as_json: Json = False) -> None:
    """Ask after submitted batches, and take back the replies of those that have ended."""
    from pipeline.llm import ModelFailure, open_batch_api

    workspace = open_workspace()
    with _alone(workspace):
        folder = _folder(workspace)
        if not folder.jobs():
            (_note if as_json else print)("no batch is under way")
            return
        api = open_batch_api(os.environ)
        _recover(folder, api)
        lost: list[str] = []
        for job in (job for job in folder.jobs() if job.id):
            try:
                state = api.poll(job.id)
                lines = list(api.results(state)) if state.ended else []
            except ModelError as error:
                if error.kind is not ModelFailure.REJECTED:
                    raise
                lost.append(
                    f"{job.id} cannot be fetched ({error}); delete {folder.path_of(job)} to give it up"
                )
                continue
            if state.ended:
                _show_ended(state, _import(lines, workspace, job.keys), as_json=as_json)
                folder.finish(job)
            else:
                _show_under_way(state, as_json=as_json)
        if lost:
            raise ModelError("; ".join(lost), kind=ModelFailure.REJECTED)


def _alone(workspace: Workspace) -> AbstractContextManager[None]:
    """Two processes that submit at once would pay for the same calls."""
    from pipeline.store import exclusive_lock

    return exclusive_lock(
        workspace.settings.home / "batches.lock", what="handing out calls or taking back replies"
    )


def _names(model: str | None, judge: str | None, repair: str | None) -> ModelNames:
    """The names of the models. Where none of them is at OpenAI's API that is said before pages are begun."""
    from pipeline.llm import parse_model_spec, require_batch_model

    names = require_names(model, judge, repair, what="a batch")
    if not any(parse_model_spec(name).provider == "openai" for name in filter(None, names)):
        require_batch_model(names.draft)
    return names


def _pending(
    codes: list[str], names: ModelNames, workspace: Workspace, as_of: str | None, again: bool = False
) -> Pending:
    return pending_calls(codes, names, workspace=workspace, as_of=parse_date(as_of), again=again)


def _recover(folder: BatchFolder, api: BatchApi) -> None:
    from pipeline.batch_folder import ON_ITS_WAY, recover_jobs

    for job, state, forgotten in recover_jobs(folder, api, now=now()):
        calls = f"{len(job.keys)} calls to {job.model}"
        if state is not None:
            _note(f"the batch of {calls} whose id got lost is {state.id}")
        elif forgotten:
            _note(f"a batch of {calls} was begun and never came to be; they can be submitted again")
        elif job.host != api.host:
            _note(f"a batch of {calls} was begun at {job.host}; set OPENAI_BASE_URL to it and poll")
        else:
            until = (job.begun + ON_ITS_WAY).strftime("%H:%M")
            _note(f"a batch of {calls} was begun and may still be on its way; poll again after {until} UTC")


def _drop_stale(folder: BatchFolder, pending: Pending) -> None:
    dropped = folder.drop_stale(pending)
    if dropped:
        _note(f"{dropped} calls handed out before are waited for no more; their replies are not taken back")


def _note(words: str) -> None:
    print(f"briefwright: {words}", file=sys.stderr)


def _folder(workspace: Workspace) -> BatchFolder:
    from pipeline.batch_folder import BatchFolder

    return BatchFolder(workspace.settings.batches)


def _import(lines: Iterable[bytes], workspace: Workspace, keys: Iterable[str] | None = None) -> BatchReport:
    """The replies to these calls, or to all that were handed out, into the journal."""
    from pipeline.llm import Journal, import_batch

    folder = _folder(workspace)
    requests = folder.requests()
    if keys is not None:
        requests = {key: requests[key] for key in keys if key in requests}
    report = import_batch(lines, requests, Journal(workspace.settings.journal))
    folder.settle(requests.keys() - set(report.missing))
    return report


def _said(pending: Pending) -> str:
    done = sum(not page.waiting for page in pending.pages)
    return (
        f"{len(pending.requests)} calls pending; {done} of {len(pending.pages)} pages have all their replies"
    )


def _show_under_way(state: BatchState, *, as_json: bool) -> None:
    if as_json:
        print_json(state.model_dump(mode="json"))
        return
    print(f"{state.id}: {state.status}, {state.completed} of {state.total} answered, {state.failed} failed")


def _show_ended(state: BatchState, report: BatchReport, *, as_json: bool) -> None:
    if as_json:
        _show(state.id, report, as_json=True, status=state.status, errors=state.errors)
        return
    if state.status != "completed":
        shown = list(state.errors[:_SHOWN_ERRORS])
        if len(state.errors) > len(shown):
            shown.append(f"and {len(state.errors) - len(shown)} more")
        why = f": {'; '.join(shown)}" if shown else ""
        print(f"{state.id}: {state.status}{why}; what has no reply can be submitted again")
    _show(state.id, report, as_json=False)


def _show(name: str, report: BatchReport, *, as_json: bool, **more: object) -> None:
    if as_json:
        print_json({"file": name, **more, **report.model_dump(mode="json")})
        return
    print(
        f"{name}: {report.stored} replies stored, {report.known} known before, {len(report.missing)} still missing"
    )
    for fault in report.faults:
        print(f"  line {fault.line}: {fault.reason}")
