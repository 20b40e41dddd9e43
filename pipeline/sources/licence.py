"""Acceptance of the AMA's licence for CPT, which CMS's files carry codes and descriptions of.

The notice shown is the copyright lines found in the files and one sentence of ours. An acceptance holds for notices of
its own and earlier years: CPT is edited and copyrighted anew each year, so a notice that names a later one is shown
again; a change of wording alone is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import StateError
from pipeline.store import write_atomically

AMA_PAGE = "https://www.ama-assn.org/practice-management/cpt/ama-cpt-licensing-overview"
_OURS = (
    "By accepting you confirm that you or your organisation may use CPT codes and descriptions under the American "
    "Medical Association's terms; Briefwright then reads the descriptions, keeps them apart, and writes them into no "
    f"page unless you name the licence for that. Read the terms first: {AMA_PAGE}"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_FILE = "licence.json"


class Acceptance(Record):
    """Who accepted which notice, on which day."""

    by: str
    on: date
    notice: str


def licence_notice(lines: Iterable[str]) -> str:
    """What to show: the copyright lines, each once and in their order, then what is accepted and where to read it."""
    cleaned = (" ".join(line.split()) for line in lines)
    return "\n".join((*dict.fromkeys(line for line in cleaned if line), _OURS))


def licence_accepted(folder: Path) -> Acceptance | None:
    """The acceptance recorded in the folder. Raises StateError where its record cannot be read."""
    path = folder / _FILE
    try:
        return Acceptance.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StateError(
            f"{path} cannot be read as an acceptance of the AMA's licence; delete it and accept again with "
            "briefwright sources sync --accept-ama-licence"
        ) from error


def must_accept(acceptance: Acceptance | None, notice: str) -> bool:
    """Whether the notice is still to be shown and accepted: nothing was, or only one of an earlier year."""
    return acceptance is None or _latest_year(notice) > _latest_year(acceptance.notice)


def accept_licence(folder: Path, *, by: str, on: date, notice: str) -> Acceptance:
    """Record the acceptance, in place of an earlier one. Raises StateError where the folder cannot be written."""
    acceptance = Acceptance(by=by, on=on, notice=notice)
    write_atomically(folder / _FILE, acceptance.model_dump_json(indent=1) + "\n")
    return acceptance


def _latest_year(notice: str) -> int:
    return max((int(year) for year in _YEAR.findall(notice)), default=0)
