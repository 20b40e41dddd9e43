"""The log of decisions: a file a code in the state folder, to which lines are added and from which none is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from pipeline.data import Decision
from pipeline.errors import StateError
from pipeline.json_lines import read_json_lines
from pipeline.store import exclusive_lock, write_atomically

_NEVER: Mapping[str, datetime] = MappingProxyType({})
_WAIT_S = 30.0  # two reviewers at once: the second waits for the first


def append_decisions(
    decisions: Iterable[Decision], folder: Path, *, void_until: Mapping[str, datetime] = _NEVER
) -> list[Decision]:
    """Add what is new, and give that back; what the same reviewer said of the same change last is not said again.

    `void_until`, by code: what was accepted until then counts no more, so that it is said again. A code's lines are
    added all or none. Raises StateError.
    """
    by_code: dict[str, list[Decision]] = {}
    for decision in decisions:
        by_code.setdefault(decision.hcpcs_code, []).append(decision)
    added: list[Decision] = []
    with exclusive_lock(folder / "decisions.lock", what="recording decisions", timeout_s=_WAIT_S):
        for code, offered in sorted(by_code.items()):
            held = read_decisions(folder, code)
            until = void_until.get(code)
            last = {
                (one.reviewer, one.change_id): one for one in held if until is None or one.decided_at > until
            }
            new = [
                one
                for one in offered
                if (known := last.get((one.reviewer, one.change_id))) is None or not one.says_the_same(known)
            ]
            if new:
                lines = "".join(one.model_dump_json() + "\n" for one in (*held, *new))
                write_atomically(_path(folder, code), lines)
            added += new
    return added


def read_decisions(folder: Path, hcpcs_code: str) -> list[Decision]:
    """All decisions about a code, the oldest first. Raises StateError for a damaged log: none may be lost silently."""
    return read_json_lines(
        _path(folder, hcpcs_code),
        Decision,
        called="decision",
        mend="restore the file from a backup",
        error=StateError,
    )


def _path(folder: Path, hcpcs_code: str) -> Path:
    return folder / f"{hcpcs_code}.jsonl"
