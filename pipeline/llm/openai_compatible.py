"""The client for OpenAI and every endpoint that speaks its chat completions, through LangChain."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import ModelError
from pipeline.llm.client import OVERSIZE, ModelFailure, ModelReply, ModelRequest, Usage
from pipeline.llm.completions import chat_body
from pipeline.llm.endpoint import MAX_RETRIES, Endpoint

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI


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
        self._endpoint = Endpoint(environ, timeout_s=timeout_s, max_retries=max_retries)
        self._chats: dict[tuple[float | None, int], ChatOpenAI] = {}

    @property
    def model(self) -> str:
        """The name requests and statements carry."""
        return f"openai:{self._name}"

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises ModelError of an endpoint kind, UsageError where OPENAI_BASE_URL is no address."""
        settings = self._endpoint.settings()
        import openai
        from langsmith import tracing_context

        from pipeline.llm.bounded_http import ReplyTooLong

        body = chat_body(request, self._name)
        chat = self._chat(settings, temperature=body.get("temperature"), max_tokens=request.max_tokens)
        # Beside the body rather than in it: the SDK would walk through the schema and read the reply by it, a third of
        # the work of a call.
        extra = {"response_format": body["response_format"]}
        began = time.perf_counter()
        try:
            with tracing_context(enabled=False):  # prompts go to the model and nowhere else
                message = chat.invoke(body["messages"], extra_body=extra)
        except ReplyTooLong:
            return self._reply(finish_reason=OVERSIZE, began=began)
        except openai.OpenAIError as error:
            raise self._endpoint.explain(error, what=f"model {self._name}") from error
        except Exception as error:
            raise ModelError(
                f"{self._endpoint.host} answered something that is no chat completion ({type(error).__name__}); "
                "check OPENAI_BASE_URL, which ends in /v1 for most servers",
                kind=ModelFailure.SERVER,
            ) from error
        return self._reply(
            text=str(message.text),
            finish_reason=message.response_metadata.get("finish_reason") or "stop",
            refusal=message.additional_kwargs.get("refusal") or "",
            usage=read_usage(message.usage_metadata),
            began=began,
        )

    def _chat(self, settings: Mapping[str, Any], *, temperature: float | None, max_tokens: int) -> ChatOpenAI:
        """LangChain's client for these parameters, which is kept: to make one takes a quarter of a call's work."""
        from langchain_openai import ChatOpenAI

        key = (temperature, max_tokens)
        if key not in self._chats:
            self._chats[key] = ChatOpenAI(
                **settings,
                model=self._name,
                temperature=temperature,
                max_completion_tokens=max_tokens,
                use_responses_api=False,
            )
        return self._chats[key]

    def _reply(
        self,
        *,
        text: str = "",
        finish_reason: str,
        refusal: str = "",
        usage: Usage | None = None,
        began: float,
    ) -> ModelReply:
        clean = self._endpoint.clean
        return ModelReply(
            text=clean(text),
            finish_reason=clean(str(finish_reason)),
            refusal=clean(str(refusal)),
            usage=usage or Usage(),
            latency_s=round(time.perf_counter() - began, 3),
        )


def read_usage(metadata: Any) -> Usage:
    """The usage of a LangChain message, None where it has none."""
    counts = metadata or {}
    return Usage.counted(
        input_tokens=counts.get("input_tokens"),
        cached_input_tokens=(counts.get("input_token_details") or {}).get("cache_read"),
        output_tokens=counts.get("output_tokens"),
    )
