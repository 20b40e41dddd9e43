"""The command line: parses, calls, prints. Results go to standard output, progress to standard error."""

from __future__ import annotations

import sys

import typer

from pipeline.cli import checking, pages, state, tables
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
app.command("publish")(pages.publish)
app.command("verify")(checking.verify)
app.command("index")(state.index)
app.command("doctor")(state.doctor)
app.add_typer(tables.facts, name="facts")
app.add_typer(tables.sources, name="sources")


def main() -> None:
    """Run the command line; a known error becomes one sentence and its exit code, never a traceback."""
    try:
        app()
    except BriefwrightError as error:
        print(f"briefwright: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("briefwright: stopped; what was written before stays", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        print(
            f"briefwright: cannot use{where}: {error.strerror or error}; check space and permissions",
            file=sys.stderr,
        )
        sys.exit(6)
