"""`--model`: from a name to a client. Providers other than OpenAI come through `init_chat_model`."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import SecretStr

from pipeline.errors import ModelError, UsageError
from pipeline.llm.client import (
    MAX_REPLY_BYTES,
    OVERSIZE,
    ModelFailure,
    ModelReply,
    ModelRequest,
)
from pipeline.llm.endpoint import MAX_RETRIES, without_key
from pipeline.llm.openai_compatible import OpenAICompatibleClient, read_usage

# How other providers call what OpenAI calls `length` and `content_filter`.
_FINISH_REASONS = {"max_tokens": "length", "refusal": "content_filter", "safety": "content_filter"}


class ModelSpec(NamedTuple):
    """Which model of which provider."""

    provider: str
    name: str

    @property
    def model(self) -> str:
        """The name that requests, statements and prices carry."""
        return f"{self.provider}:{self.name}"


def parse_model_spec(text: str) -> ModelSpec:
    """`PROVIDER:NAME`, or `NAME` at OpenAI. A name with a colon needs its provider written out.

    Raises UsageError.
    """
    provider, colon, name = text.strip().partition(":")
    if not colon:
        provider, name = "openai", provider
    if not name or name.startswith("//") or not provider.isidentifier():
        raise UsageError(
            f"{text!r} names no model; write it as openai:gpt-4o-mini, or NAME for one at OpenAI"
        )
    return ModelSpec(provider, name)


def open_client(
    text: str, *, environ: Mapping[str, str], timeout_s: float = 120.0, max_retries: int = MAX_RETRIES
) -> OpenAICompatibleClient | ProviderClient:
    """The client for a model spec. Cheap: keys are looked at and vendor packages imported at the first call.

    `environ` gives OPENAI_API_KEY and OPENAI_BASE_URL; other providers read their own variables.
    """
    provider, name = parse_model_spec(text)
    if provider == "openai":
        return OpenAICompatibleClient(name, environ=environ, timeout_s=timeout_s, max_retries=max_retries)
    return ProviderClient(provider, name, timeout_s=timeout_s, max_retries=max_retries)


class ProviderClient:
    """Asks a model of any provider that LangChain knows and whose package is installed."""

    def __init__(self, provider: str, name: str, *, timeout_s: float = 120.0, max_retries: int = MAX_RETRIES):
        self._provider = provider
        self._name = name
        self._timeout_s = timeout_s
        self._max_retries = min(max_retries, MAX_RETRIES)

    @property
    def model(self) -> str:
        """The name requests and statements carry."""
        return f"{self._provider}:{self._name}"

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises ModelError."""
        from langchain_core.messages import HumanMessage, SystemMessage
        from langsmith import tracing_context

        chat = self._open_chat(request)
        schema = {"title": request.schema_name, **request.json_schema}
        began = time.perf_counter()
        try:
            with tracing_context(enabled=False):  # prompts go to the model and nowhere else
                answer: Any = chat.with_structured_output(schema, include_raw=True).invoke(
                    [SystemMessage(request.system), HumanMessage(request.user)]
                )
        # Each provider has its own exceptions; their texts may hold headers, so only the kind is told.
        except Exception as error:
            raise ModelError(
                f"{self.model} could not be asked ({type(error).__name__}); check its key, quota and network",
                kind=ModelFailure.SERVER,
            ) from error
        raw, parsed = answer["raw"], answer["parsed"]
        reason = (
            raw.response_metadata.get("finish_reason") or raw.response_metadata.get("stop_reason") or "stop"
        )
        text = json.dumps(parsed, ensure_ascii=False) if isinstance(parsed, dict) else str(raw.text)
        too_long = len(text) > MAX_REPLY_BYTES
        reason = OVERSIZE if too_long else _FINISH_REASONS.get(str(reason).lower(), str(reason))
        return ModelReply(
            text="" if too_long else _clean(text, chat),
            finish_reason=_clean(reason, chat),
            refusal=_clean(raw.additional_kwargs.get("refusal") or "", chat),
            usage=read_usage(raw.usage_metadata),
            latency_s=round(time.perf_counter() - began, 3),
        )

    def _open_chat(self, request: ModelRequest) -> Any:
        from langchain.chat_models import init_chat_model

        settings: dict[str, Any] = {
            "max_tokens": request.max_tokens,
            "timeout": self._timeout_s,
            "max_retries": self._max_retries,
        }
        if request.temperature is not None:
            settings["temperature"] = request.temperature
        try:
            return init_chat_model(self._name, model_provider=self._provider, **settings)
        except ImportError as error:
            raise ModelError(
                f"the package for provider {self._provider!r} is not installed: {str(error).splitlines()[0]}",
                kind=ModelFailure.NO_PROVIDER,
            ) from error
        except ValueError as error:
            raise ModelError(
                f"{self.model} cannot be set up: LangChain knows no such provider, or its key is missing; "
                "a name with a colon at an OpenAI-compatible server is written openai:NAME",
                kind=ModelFailure.NO_PROVIDER,
            ) from error


def _clean(text: str, chat: Any) -> str:
    """What a model said, without the keys its client holds, should it repeat one."""
    for value in vars(chat).values():
        if isinstance(value, SecretStr):
            text = without_key(text, value.get_secret_value())
    return text
