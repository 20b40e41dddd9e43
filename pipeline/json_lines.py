"""JSON Lines of one kind of record: logs that only grow, and the cases of evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import BriefwrightError, SourceError

R = TypeVar("R", bound=Record)


def read_json_lines(
    path: Path, record: type[R], *, called: str, mend: str, error: type[BriefwrightError] = SourceError
) -> list[R]:
    """A record a line, in order; none where there is no file.

    Raises `error`, SourceError if not given, naming the line that is not what it is `called`, and how to `mend` that.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise error(f"{path} cannot be read ({fault.strerror}); make it readable") from fault
    found: list[R] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(record.model_validate_json(line))
        except ValidationError as fault:
            said = fault.errors()[0]["msg"]
            raise error(f"{path}, line {number}, is no {called} ({said}); {mend}") from fault
    return found
