"""The client for OpenAI and every endpoint that speaks its chat completions, through LangChain."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ModelError
from pipeline.llm.client import OVERSIZE, ModelFailure, ModelReply, ModelRequest, Usage
from pipeline.llm.completions import chat_body, read_completion
from pipeline.llm.endpoint import MAX_RETRIES, Endpoint


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

    @property
    def model(self) -> str:
        """The name requests and statements carry."""
        return f"openai:{self._name}"

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises ModelError of an endpoint kind, UsageError where OPENAI_BASE_URL is no address."""
        settings = self._endpoint.settings()
        import openai
        from langchain_openai import ChatOpenAI
        from langsmith import tracing_context

        from pipeline.llm.bounded_http import ReplyTooLong

        body = chat_body(request, self._name)
        chat = ChatOpenAI(
            **settings,
            model=self._name,
            temperature=body.get("temperature"),
            max_completion_tokens=request.max_tokens,
            use_responses_api=False,
        )
        began = time.perf_counter()
        try:
            with tracing_context(enabled=False):  # prompts go to the model and nowhere else
                message = chat.invoke(body["messages"], response_format=body["response_format"])
        except openai.LengthFinishReasonError as error:
            return self._reply(**_cut_off(error.completion), began=began)
        except openai.ContentFilterFinishReasonError:
            return self._reply(finish_reason="content_filter", began=began)
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


def _cut_off(completion: Any) -> dict[str, Any]:
    """What came of a reply before its bound, and what it cost."""
    try:
        reply = read_completion(completion.model_dump(warnings=False))[1]
    except ValueError:
        return {"finish_reason": "length"}
    return {"text": reply.text, "finish_reason": "length", "usage": reply.usage}


def read_usage(metadata: Any) -> Usage:
    """The usage of a LangChain message, None where it has none."""
    counts = metadata or {}
    return Usage.counted(
        input_tokens=counts.get("input_tokens"),
        cached_input_tokens=(counts.get("input_token_details") or {}).get("cache_read"),
        output_tokens=counts.get("output_tokens"),
    )
