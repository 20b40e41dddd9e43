"""The wire form of a chat completion, for live calls and batches: the body of a request, and what an answer says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from pipeline.llm.client import ModelReply, ModelRequest, Usage

# Reasoning models take no temperature, and the o-series calls the system message otherwise. LangChain, which live calls
# go through, knows most of this too; a batch is sent without it.
_O_SERIES = re.compile(r"o\d")
_REASONS = re.compile(r"o\d|gpt-5(?!.*chat)")


def chat_body(request: ModelRequest, name: str) -> dict[str, Any]:
    """What `POST /chat/completions` takes. `name` is the model's at the endpoint, without its provider.

    The static part comes first: endpoints cache a prompt by its beginning.
    """
    body: dict[str, Any] = {
        "model": name,
        "messages": [
            {"role": "developer" if _O_SERIES.match(name) else "system", "content": request.system},
            {"role": "user", "content": request.user},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": request.schema_name, "schema": request.json_schema, "strict": True},
        },
        "max_completion_tokens": request.max_tokens,
    }
    if request.temperature is not None and not _REASONS.match(name):
        body["temperature"] = request.temperature
    return body


class _Cached(BaseModel):
    cached_tokens: object = None


class _Usage(BaseModel):
    prompt_tokens: object = None  # looked at by Usage.counted: an odd count is no reason to lose a reply
    completion_tokens: object = None
    prompt_tokens_details: _Cached | None = None


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Completion(BaseModel):
    """The answer of the endpoint, as far as it is looked at."""

    model: str | None = None
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def read_completion(body: Mapping[str, Any]) -> tuple[str, ModelReply]:
    """The model that answered, under its name at the endpoint (empty: it does not say), and its reply.

    Raises ValidationError.
    """
    completion = Completion.model_validate(body)
    choice, usage = completion.choices[0], completion.usage or _Usage()
    return completion.model or "", ModelReply(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason or "stop",
        refusal=choice.message.refusal or "",
        usage=Usage.counted(
            input_tokens=usage.prompt_tokens,
            cached_input_tokens=(usage.prompt_tokens_details or _Cached()).cached_tokens,
            output_tokens=usage.completion_tokens,
        ),
    )
