"""Batches: requests as OpenAI Batch JSON Lines, and the lines that come back into the journal. No network here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from pipeline.data import Record
from pipeline.errors import UsageError
from pipeline.llm.client import MAX_REPLY_BYTES, ModelReply, ModelRequest, Usage
from pipeline.llm.completions import chat_body, read_completion
from pipeline.llm.journal import Journal
from pipeline.llm.providers import parse_model_spec

URL = "/v1/chat/completions"

# A model answers under its own name or that of a dated snapshot: gpt-4o as gpt-4o-2024-08-06, never as gpt-4o-mini.
_SNAPSHOT = re.compile(r"-\d{4}(-\d{2}-\d{2})?")


def plain_line(words: object, characters: int = 200) -> str:
    """What somebody else wrote, for a terminal: on one short line, without the characters that move its cursor."""
    shown = "".join(character if character.isprintable() else " " for character in str(words))
    return " ".join(shown.split())[:characters]


def batch_line(request: ModelRequest) -> dict[str, Any]:
    """One line of a batch, under the request's key. Raises UsageError for a model that is not at OpenAI's API."""
    name = require_batch_model(request.model)
    return {"custom_id": request.key, "method": "POST", "url": URL, "body": chat_body(request, name)}


def require_batch_model(model: str) -> str:
    """The name of a model at OpenAI's API, without the provider. Raises UsageError for any other model."""
    provider, name = parse_model_spec(model)
    if provider != "openai":
        raise UsageError(f"{model} cannot be asked in a batch: only models at OpenAI's API (openai:NAME)")
    return name


class BatchFault(Record):
    """What is wrong with a line of results. Lines count from 1; `key` is empty where the line has none that we know."""

    line: int
    key: str
    reason: str


class BatchReport(Record):
    """What became of the lines of results.

    `stored` are new in the journal, usable or not; `known` said again what the journal holds. `missing` are the keys of
    requests that still have no usable reply, in the order of the requests. `usage` is that of the stored.
    """

    stored: int
    known: int
    faults: tuple[BatchFault, ...]
    missing: tuple[str, ...]
    usage: Usage


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, each cut just behind the length that `import_batch` takes, so that none fills the memory."""
    while line := stream.readline(MAX_REPLY_BYTES + 1):
        whole = line
        while not line.endswith(b"\n") and (line := stream.readline(MAX_REPLY_BYTES)):
            pass
        yield whole


def import_batch(
    lines: Iterable[bytes], requests: Mapping[str, ModelRequest], journal: Journal
) -> BatchReport:
    """Put the replies to `requests` (by key) into the journal; no line stops the others.

    Of several replies to a request the first good one stands, also one that the journal has from before. One that is
    not good (refused, cut off, of another form) is stored where there is no other, and named. Raises StateError where
    the journal cannot be read or written.
    """
    stored = known = 0
    faults: list[BatchFault] = []
    usage = Usage()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        key, found = _read_line(line, requests)
        if isinstance(found, str):
            faults.append(BatchFault(line=number, key=key, reason=found))
            continue
        before = journal.find(requests[key])
        if before is not None and _same(before, found):
            known += 1
            continue
        failure = requests[key].failure_of(found)
        if before is not None and (failure is not None or requests[key].failure_of(before) is None):
            reason = "another reply to this request came first, which stands"
            faults.append(BatchFault(line=number, key=key, reason=reason))
            continue
        journal.record(requests[key], found)
        stored += 1
        usage += found.usage
        if failure is not None:
            faults.append(BatchFault(line=number, key=key, reason=f"the reply cannot be used: {failure}"))
    replies = {key: journal.find(request) for key, request in requests.items()}
    missing = tuple(key for key, reply in replies.items() if reply is None or reply.failure is not None)
    return BatchReport(stored=stored, known=known, faults=tuple(faults), missing=missing, usage=usage)


class _Read(NamedTuple):
    """The key of a line, where it has one, and its reply, or what is wrong with it."""

    key: str
    found: ModelReply | str


def _read_line(line: bytes, requests: Mapping[str, ModelRequest]) -> _Read:
    if len(line) > MAX_REPLY_BYTES:
        return _Read("", f"longer than {MAX_REPLY_BYTES:,} bytes")
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return _Read("", "no JSON")
    key = entry.get("custom_id") if isinstance(entry, dict) else None
    if not isinstance(key, str):
        return _Read("", "no result line: it has no custom_id")
    if key not in requests:
        return _Read("", f"answers nothing that is pending (custom_id {plain_line(key, 80)})")
    return _Read(key, _read_result(entry, requests[key]))


def _read_result(entry: dict[str, Any], request: ModelRequest) -> ModelReply | str:
    response = entry.get("response")
    if not isinstance(response, dict):
        return f"failed: {_said(entry.get('error'))}"
    body, status = response.get("body"), response.get("status_code")
    if status != 200 or entry.get("error") is not None:
        inner = body.get("error") if isinstance(body, dict) else None
        return f"failed with status {plain_line(status, 20)}: {_said(entry.get('error') or inner)}"
    try:
        model, reply = read_completion(body if isinstance(body, dict) else {})
    except ValueError:
        return "its body is no chat completion"
    name = parse_model_spec(request.model).name
    if not model.strip():
        return f"does not say which model answered; {name} was asked"
    if not model.startswith(name) or not (model == name or _SNAPSHOT.fullmatch(model[len(name) :])):
        return f"was answered by {plain_line(model, 80)} instead of {name}"
    return reply


def _said(error: object) -> str:
    """The endpoint's own words."""
    message = error.get("message") or error.get("code") if isinstance(error, dict) else error
    return plain_line(message or "no reason given")


def _same(one: ModelReply, other: ModelReply) -> bool:
    return (one.text, one.finish_reason, one.refusal) == (other.text, other.finish_reason, other.refusal)
