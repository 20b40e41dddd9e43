"""Where OpenAI's API is spoken: key and address from the environment, an HTTP client with bounds, and errors in words.

The key comes from OPENAI_API_KEY and the address from OPENAI_BASE_URL; neither reaches a message, a request record or
the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from pipeline.errors import ModelError, UsageError
from pipeline.llm.client import ModelFailure

if TYPE_CHECKING:
    import httpx2
    import openai

DEFAULT_BASE_URL = "https://api.openai.com/v1"
MAX_RETRIES = 5
"""Repeats of a call that met a lost connection, a timeout, 429 or 5xx. The SDK waits between them: as long as
`Retry-After` says, or 0.5 s, doubled each time up to 8 s and shortened by up to a quarter at random: 15 s in all, which
outlasts a crowded moment. Where `Retry-After` says more than two minutes it gives up at once."""

_DETAIL_CHARACTERS = 200


_SHORTEST_KEY = 16


def without_key(text: str, key: str) -> str:
    """The text with the key left out. What is shorter than keys are, such as "local", is a word that it may hold."""
    return text.replace(key, "[key]") if len(key) >= _SHORTEST_KEY else text


class Endpoint:
    """One address and key. Nothing is imported, checked or sent before `settings` is asked for.

    Each try may take `timeout_s` until the answer begins and as long again until it ends, so that a call ends after
    (1 + retries) × 2 × `timeout_s` and the waits in between, whatever the server does.
    """

    def __init__(
        self, environ: Mapping[str, str], *, timeout_s: float = 120.0, max_retries: int = MAX_RETRIES
    ):
        self._key = SecretStr(environ.get("OPENAI_API_KEY", "").strip())
        self._base_url = environ.get("OPENAI_BASE_URL", "").strip()
        self._timeout_s = timeout_s
        self._max_retries = min(max_retries, MAX_RETRIES)
        self._lock = threading.Lock()
        self._http: httpx2.Client | None = None

    @property
    def host(self) -> str:
        """Its name for messages; never the whole address, which may hold a password or a token."""
        url = self._base_url or DEFAULT_BASE_URL
        return (_is_address(url) and urlsplit(url).hostname) or "the endpoint"

    def settings(self) -> dict[str, Any]:
        """What the SDK's and LangChain's clients take to reach it.

        Raises ModelError where there is no usable key, UsageError where OPENAI_BASE_URL is no address.
        """
        key = self._key.get_secret_value()
        if not key and not self._base_url:
            raise ModelError(
                "no key for OpenAI: set OPENAI_API_KEY, or OPENAI_BASE_URL to a server that needs none",
                kind=ModelFailure.NO_KEY,
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError(
                "OPENAI_API_KEY holds characters that no key has; copy it again", kind=ModelFailure.NO_KEY
            )
        if not _is_address(self._base_url or DEFAULT_BASE_URL):
            raise UsageError("OPENAI_BASE_URL is no address; write it as http://localhost:8080/v1")
        from pipeline.llm.bounded_http import open_http

        with self._lock:
            self._http = self._http or open_http(self._timeout_s)
        return {
            "api_key": key or "none",
            "base_url": self._base_url or DEFAULT_BASE_URL,
            "timeout": self._timeout_s,
            "max_retries": self._max_retries,
            "http_client": self._http,
        }

    def clean(self, text: str) -> str:
        """What the endpoint said, without the key should it repeat it."""
        return without_key(text, self._key.get_secret_value())

    def explain(self, error: openai.OpenAIError, *, what: str) -> ModelError:
        """The error in one sentence, without the key. `what` was asked for: a model's name, or `batches`."""
        import openai

        status = error.status_code if isinstance(error, openai.APIStatusError) else 0
        code = getattr(error, "code", None)
        if isinstance(error, openai.APITimeoutError):
            kind, text = ModelFailure.TIMEOUT, f"did not answer within {self._timeout_s:g} s; try again later"
        elif isinstance(error, openai.APIConnectionError):
            kind, text = ModelFailure.UNREACHABLE, "cannot be reached; check the network and OPENAI_BASE_URL"
        elif status == 401:
            kind, text = ModelFailure.UNAUTHORISED, "refused the key; check OPENAI_API_KEY"
        elif status == 403:
            kind, text = ModelFailure.UNAUTHORISED, f"does not let this key use {what}"
        elif status == 404:
            kind, text = ModelFailure.REJECTED, f"has no {what}; check its name and OPENAI_BASE_URL"
        elif status == 429 and code == "insufficient_quota":
            kind, text = ModelFailure.QUOTA, "has no quota left for this key; check plan and billing"
        elif status == 429:
            kind, text = ModelFailure.RATE_LIMIT, "takes no more requests for now; try again in a minute"
        elif status >= 500:
            kind, text = ModelFailure.SERVER, f"failed with status {status}; try again later"
        else:
            kind, text = ModelFailure.REJECTED, f"rejected the request: {self._detail(error)}"
        return ModelError(f"{self.host} {text}", kind=kind)

    def _detail(self, error: openai.OpenAIError) -> str:
        """The endpoint's own words on one short line."""
        body: Any = getattr(error, "body", None)
        words = body.get("message") if isinstance(body, dict) else None
        return self.clean(" ".join(str(words or type(error).__name__).split()))[:_DETAIL_CHARACTERS]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and known_port and url.isprintable()
