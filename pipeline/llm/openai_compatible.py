"""The client for OpenAI and every endpoint that speaks its chat completions, through LangChain.

The key comes from OPENAI_API_KEY and the address from OPENAI_BASE_URL; neither reaches a message, a request
record or the journal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import SecretStr

from pipeline.errors import ModelError, UsageError
from pipeline.llm.client import ModelFailure, ModelReply, ModelRequest, Usage

if TYPE_CHECKING:
    import openai

DEFAULT_BASE_URL = "https://api.openai.com/v1"
MAX_RETRIES = 2
"""Repeats of a call that met a lost connection, a timeout, 429 or 5xx; the SDK backs off between them."""

_DETAIL_CHARACTERS = 200


class OpenAICompatibleClient:
    """Asks one model at one endpoint. Nothing is imported, checked or sent before the first call."""

    def __init__(
        self,
        name: str,
        *,
        environ: Mapping[str, str],
        timeout_s: float = 120.0,
        max_retries: int = MAX_RETRIES,
    ):
        self._name = name
        self._key = SecretStr(environ.get("OPENAI_API_KEY", "").strip())
        self._base_url = environ.get("OPENAI_BASE_URL", "").strip()
        self._timeout_s = timeout_s
        self._max_retries = min(max_retries, MAX_RETRIES)

    @property
    def model(self) -> str:
        """The name requests and statements carry."""
        return f"openai:{self._name}"

    @property
    def _host(self) -> str:
        # Never the whole address: it may hold a password or a token.
        return urlsplit(self._base_url or DEFAULT_BASE_URL).hostname or "the endpoint"

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises ModelError of an endpoint kind, UsageError where OPENAI_BASE_URL is no address."""
        key = self._usable_key()
        self._check_address()
        import openai
        from langchain_core.messages import HumanMessage, SystemMessage
        from langchain_openai import ChatOpenAI
        from langsmith import tracing_context

        chat = ChatOpenAI(
            model=self._name,
            api_key=key,
            base_url=self._base_url or DEFAULT_BASE_URL,
            timeout=self._timeout_s,
            max_retries=self._max_retries,
            temperature=request.temperature,
            max_completion_tokens=request.max_tokens,
            use_responses_api=False,
        )
        schema = {"name": request.schema_name, "schema": request.json_schema, "strict": True}
        began = time.perf_counter()
        try:
            with tracing_context(enabled=False):  # prompts go to the model and nowhere else
                message = chat.invoke(
                    [SystemMessage(request.system), HumanMessage(request.user)],
                    response_format={"type": "json_schema", "json_schema": schema},
                )
        except openai.LengthFinishReasonError as error:
            return _unfinished(error.completion, "length", began)
        except openai.ContentFilterFinishReasonError:
            return ModelReply(text="", finish_reason="content_filter", latency_s=_since(began))
        except openai.OpenAIError as error:
            self._explain(error)
        except Exception as error:
            raise ModelError(
                f"{self._host} answered something that is no chat completion ({type(error).__name__}); "
                "check OPENAI_BASE_URL, which ends in /v1 for most servers",
                kind=ModelFailure.SERVER,
            ) from error
        usage = message.usage_metadata
        return ModelReply(
            text=str(message.text),
            finish_reason=message.response_metadata.get("finish_reason") or "stop",
            refusal=message.additional_kwargs.get("refusal") or "",
            usage=Usage(input_tokens=usage["input_tokens"], output_tokens=usage["output_tokens"])
            if usage
            else Usage(),
            latency_s=_since(began),
        )

    def _usable_key(self) -> SecretStr:
        key = self._key.get_secret_value()
        if not key and not self._base_url:
            raise ModelError(
                f"no key for {self.model}: set OPENAI_API_KEY, or OPENAI_BASE_URL to a server that needs none",
                kind=ModelFailure.NO_KEY,
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError(
                "OPENAI_API_KEY holds characters that no key has; copy it again", kind=ModelFailure.NO_KEY
            )
        return SecretStr(key or "none")

    def _check_address(self) -> None:
        if not self._base_url:
            return
        parts = urlsplit(self._base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("OPENAI_BASE_URL is no address; write it as http://localhost:8080/v1")

    def _explain(self, error: openai.OpenAIError) -> NoReturn:
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
            kind, text = ModelFailure.UNAUTHORISED, f"does not let this key use {self._name}"
        elif status == 404:
            kind, text = (
                ModelFailure.REJECTED,
                f"has no model {self._name}; check its name and OPENAI_BASE_URL",
            )
        elif status == 429 and code == "insufficient_quota":
            kind, text = ModelFailure.QUOTA, "has no quota left for this key; check plan and billing"
        elif status == 429:
            kind, text = ModelFailure.RATE_LIMIT, "takes no more requests for now; try again in a minute"
        elif status >= 500:
            kind, text = ModelFailure.SERVER, f"failed with status {status}; try again later"
        else:
            kind, text = ModelFailure.REJECTED, f"rejected the request: {self._detail(error)}"
        raise ModelError(f"{self._host} {text}", kind=kind) from error

    def _detail(self, error: openai.OpenAIError) -> str:
        """The endpoint's own words on one short line, without the key."""
        body: Any = getattr(error, "body", None)
        words = body.get("message") if isinstance(body, dict) else None
        text = " ".join(str(words or type(error).__name__).split())
        key = self._key.get_secret_value()
        return (text.replace(key, "[key]") if key else text)[:_DETAIL_CHARACTERS]


def _unfinished(completion: Any, finish_reason: str, began: float) -> ModelReply:
    usage = completion.usage
    return ModelReply(
        text=completion.choices[0].message.content or "",
        finish_reason=finish_reason,
        usage=Usage(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens)
        if usage
        else Usage(),
        latency_s=_since(began),
    )


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
