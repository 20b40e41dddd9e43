"""The HTTP client of model calls: an answer may be only so long, and take only so long.

Imports the vendor packages: to be imported where a call is made, and no earlier.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2
import openai

from pipeline.llm.client import MAX_REPLY_BYTES


class ReplyTooLong(openai.OpenAIError):
    """The answer has more than MAX_REPLY_BYTES. Of the SDK's kind, because it hands those on without trying again."""


def open_http(timeout_s: float) -> httpx2.Client:
    """A client that reads no more than MAX_REPLY_BYTES of a chat completion, for no longer than `timeout_s`.

    httpx's own timeouts bound the wait for each piece only. Done in a hook and not in a transport, which would lose the
    proxies that the environment names. Files of batches are let through whole.
    """

    def bound(response: httpx2.Response) -> None:
        stream = response.stream
        if response.request.url.path.endswith("/chat/completions") and isinstance(
            stream, httpx2.SyncByteStream
        ):
            response.stream = _Bounded(stream, timeout_s=timeout_s, failed=response.is_error)

    return openai.DefaultHttpxClient(
        # Unpacked, a megabyte may be a gigabyte.
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [bound]},
    )


class _Bounded(httpx2.SyncByteStream):
    """A stream that ends in ReplyTooLong or ReadTimeout; quietly when it is long and tells of a failure anyway."""

    def __init__(self, stream: httpx2.SyncByteStream, *, timeout_s: float, failed: bool):
        self._stream = stream
        self._timeout_s = timeout_s
        self._failed = failed

    def __iter__(self) -> Iterator[bytes]:
        size, until = 0, time.monotonic() + self._timeout_s
        for piece in self._stream:
            size += len(piece)
            if size > MAX_REPLY_BYTES:
                if self._failed:
                    return
                raise ReplyTooLong
            if time.monotonic() > until:
                raise httpx2.ReadTimeout("the answer does not end")
            yield piece

    def close(self) -> None:
        self._stream.close()
