"""What the commands share: options, the clock, progress and JSON output."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.workspace import Workspace

Codes = Annotated[
    list[str] | None, typer.Argument(metavar="[CODES]...", help="HCPCS codes, such as 20970 29881.")
]
Ranges = Annotated[
    list[str] | None,
    typer.Option("--range", metavar="FIRST-LAST", help="All loaded codes in a range; may be repeated."),
]
AllCodes = Annotated[bool, typer.Option("--all", help="Every code of the starter set.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Date of service, YYYY-MM-DD; today if not given."),
]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]

_LONGEST_MESSAGE = 700
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def now() -> datetime:
    """The clock: SOURCE_DATE_EPOCH where set, so that runs can be repeated byte for byte, else the system's."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH={epoch!r} is not a number of seconds since 1970") from None


def parse_date(text: str | None) -> date:
    """A date option, today where it is not given. Raises UsageError."""
    if text is None:
        return now().date()
    try:
        if _DATE.fullmatch(text):  # fromisoformat also takes 20251103 and 2025-W45-1
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(f"{text!r} is not a date; expected YYYY-MM-DD such as 2025-11-03")


def open_workspace() -> Workspace:
    """The workspace of the settings in the environment. Raises UsageError."""
    from pipeline.settings import read_settings
    from pipeline.workspace import Workspace

    try:
        settings = read_settings()
        str(settings.home).encode()  # Chroma and JSON take no other paths
    except (RuntimeError, UnicodeEncodeError) as error:  # a `~` that no home folder answers; bytes not UTF-8
        named = os.environ.get("BRIEFWRIGHT_HOME", "")
        raise UsageError(f"BRIEFWRIGHT_HOME={named!r} names no folder; give a full path in UTF-8") from error
    return Workspace(settings)


def select(
    codes: list[str] | None, ranges: list[str] | None, workspace: Workspace, *, all_codes: bool = False
) -> list[str]:
    """The code selector, the same on every command. `all_codes`: those of the starter set."""
    from pipeline.selector import select_codes

    return select_codes(
        codes or [],
        ranges or [],
        known=workspace.codes() if ranges else (),
        also=workspace.profiles if all_codes else (),
    )


def select_candidates(
    codes: list[str] | None,
    ranges: list[str] | None,
    workspace: Workspace,
    *,
    all_codes: bool = False,
    as_of: date | None = None,
) -> list[str]:
    """The codes whose candidates are meant: all there are where none is named, of ranges and --all those that have one.

    `as_of`: the candidates for that date of service. Raises UsageError where there is none.
    """
    from pipeline.selector import parse_code
    from pipeline.stale import codes_with_candidates

    held = codes_with_candidates(workspace.settings, as_of=as_of)
    chosen = held
    if codes or ranges or all_codes:
        named = {parse_code(code) for code in codes or ()}
        found = select(codes, ranges, workspace, all_codes=all_codes)
        chosen = [code for code in found if code in named or code in held]
    if not chosen:
        raise UsageError("there is no candidate among these; `briefwright regenerate CODES` writes them")
    return chosen


def progress(message: str) -> None:
    """One line of progress on standard error; overwrites itself on a terminal, silent when redirected."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{message}", end="", file=sys.stderr, flush=True)


def end_progress() -> None:
    """Clear the progress line."""
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def sentence(error: Exception) -> str:
    """The message as one line of printable characters, shortened where it repeats a huge value."""
    text = "".join(character if character.isprintable() else " " for character in str(error))
    if len(text) <= _LONGEST_MESSAGE:
        return text
    return f"{text[: _LONGEST_MESSAGE // 2]} … {text[-_LONGEST_MESSAGE // 2 :]}"


def print_json(value: object) -> None:
    """One JSON object on one line."""
    print(json.dumps(value, ensure_ascii=False, default=str))
