"""How claims, statements, evidence and page inputs are named: specified here, once.

- Claim id: `c_` + 12 hex digits of SHA-256 over [hcpcs_code, section_key, subject]. The subject says what the
  claim is about, never what it says: `fact:fac_total_rvu` for a table value, `note:NAME#coverage/0` for the
  first sentence of a note's part, `text:` + normalised words for a claim that a model wrote. So a new figure
  under the same row, or a reworded note, keeps its claim id. A claim of the revision before that is matched with a
  new one (`page.matching`: moved, or in other words) hands its id on; a claim whose own id is then taken gets one over
  its subject and a number.
- Statement id: `s_` + the same over [hcpcs_code, section_key, first claim's subject].
- Evidence id: `e_` + the same over what is shown: document, passage and offsets, or release, row and value.
- What a judgement is about: `j_` + the same over the statement's question, text and the evidence ids of its claims, so
  that it holds for no other words and no other evidence.
- Input fingerprint: SHA-256 over canonical JSON of the inputs that decide what a page says, named by kind: the code and
  its date of service, the parts of `input_parts` (rows, notes, quotes, profiles, specs, prompts, drafter, checker, the
  code that composes and renders), what retrieval ranked and what a model wrote. Two inputs stay outside, because they
  only decide dates of verification and ids that are carried over: the clock and the previous revision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.data import Statement

_SHORT = 12
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(value: object) -> str:
    """SHA-256 hex of canonical JSON: sorted keys, no blanks, UTF-8; half a surrogate pair counts as its escape."""
    return hashlib.sha256(_CANONICAL.encode(value).encode("utf-8", "backslashreplace")).hexdigest()


def claim_id(hcpcs_code: str, section_key: str, subject: str) -> str:
    """Id of a claim, stable while it is about the same thing in the same section of the same page."""
    return "c_" + digest([hcpcs_code, section_key, subject])[:_SHORT]


def statement_id(hcpcs_code: str, section_key: str, subject: str) -> str:
    """Id of the statement whose first claim has this subject."""
    return "s_" + digest([hcpcs_code, section_key, subject])[:_SHORT]


def evidence_id(*parts: str | int) -> str:
    """Id of a piece of evidence, from what identifies the shown span or row."""
    return "e_" + digest(list(parts))[:_SHORT]


def judged_id(statement: Statement) -> str:
    """Id of what a judge is shown of a statement: its question, its words, its evidence."""
    cited = [claim.evidence_ids for claim in statement.claims]
    return "j_" + digest([statement.question, statement.text, cited])[:_SHORT]


def text_subject(text: str) -> str:
    """Subject of a claim that has no table row or note behind its wording: its words, lower-cased."""
    return "text:" + " ".join(text.lower().split())


@cache
def code_digest(*packages: str) -> str:
    """SHA-256 over the files of packages (modules, tables, templates), line ends aside: a change of what they do."""
    content = hashlib.sha256()
    for package in packages:
        root = resources.files(package)
        found = {f"{package}/{name}": entry for name, entry in _files(root)}
        for name in sorted(found):
            content.update(name.encode() + b"\0" + found[name].read_bytes().replace(b"\r\n", b"\n"))
    return content.hexdigest()


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".toml", ".j2", ".css")):
            yield prefix + entry.name, entry


def fingerprint(inputs: Mapping[str, str | Sequence[str] | Mapping[str, str]]) -> str:
    """Fingerprint of a page's inputs, each named by kind (facts, passages, prompts, model, checker, …)."""
    return digest(dict(inputs))
