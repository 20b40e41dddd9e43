"""The command line: parses, calls, prints. Results go to standard output, progress to standard error."""

from __future__ import annotations

import codecs
import io
import os
import sys
from pathlib import Path

import typer

from pipeline.cli import (
    answers,
    batches,
    checking,
    documents,
    evaluating,
    pages,
    publishing,
    reviewing,
    state,
)
from pipeline.cli.common import sentence
from pipeline.errors import BriefwrightError

app = typer.Typer(
    name="briefwright",
    help="Reference pages for CPT codes in which every sentence opens down to its source.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("regenerate")(pages.regenerate)
app.command("show")(pages.show)
app.command("explain")(pages.explain)
app.command("diff")(reviewing.diff)
app.command("publish")(publishing.publish)
app.command("unpublish")(publishing.unpublish)
app.command("status")(publishing.status)
app.command("verify")(checking.verify)
app.command("index")(state.index)
app.command("doctor")(state.doctor)
app.add_typer(answers.facts, name="facts")
app.add_typer(reviewing.review, name="review")
app.add_typer(batches.batch, name="batch")
app.add_typer(documents.sources, name="sources")
app.command("eval")(evaluating.evaluate)


_STOPPED = 130


def _escape(error: UnicodeError) -> tuple[str, int]:
    """What a stream's encoding lacks, as JSON escapes: `--json` stays JSON on any terminal."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)), error.end


def main() -> None:
    """Run the command line; a known error becomes one sentence and its exit code, never a traceback."""
    codecs.register_error("briefwright.escape", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="briefwright.escape")
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where what goes wrong can still be said
    except BriefwrightError as error:
        print(f"briefwright: {sentence(error)}", file=sys.stderr)
        sys.exit(error.exit_code)
    except RecursionError:
        print(
            "briefwright: the file handed in, or one under sources/ or prompts/, is nested too deeply to be read",
            file=sys.stderr,
        )
        sys.exit(4)
    except MemoryError:
        print("briefwright: out of memory; close other programs, or hand in less at a time", file=sys.stderr)
        sys.exit(6)
    except BrokenPipeError:
        _leave_closed_pipe()
    except OSError as error:
        where = error.filename or "the output"
        print(
            f"briefwright: cannot use {where}: {error.strerror or error}; check space and permissions",
            file=sys.stderr,
        )
        _drop_output()
        sys.exit(6)
    except SystemExit as stop:
        if stop.code == _STOPPED:  # typer's own for Ctrl-C
            print("briefwright: stopped; what was written before stays", file=sys.stderr)
        if isinstance(stop.__context__, BrokenPipeError):  # met inside a command, where typer makes it 1
            _leave_closed_pipe()
        raise


def _leave_closed_pipe() -> None:
    """Whoever read our output has gone, as `head` does: end quietly, with the code of a closed pipe."""
    _drop_output()
    sys.exit(141)


def _drop_output() -> None:
    """What is still buffered goes nowhere, or the interpreter would complain of it on its way out."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)
