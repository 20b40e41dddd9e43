"""What a model client takes and gives, and `ask`, which turns a reply into a record or an error."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated, Protocol, runtime_checkable

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from pipeline.data import Record
from pipeline.identity import digest
from pipeline.llm.looping import repeats_itself
from pipeline.prompts import RenderedPrompt

MAX_REPLY_BYTES = 1_000_000
"""A longer reply is neither read to its end nor kept: 4096 tokens are some 20 kB."""

OVERSIZE = "oversize"
"""The `finish_reason` of a reply that was dropped for its length; its text is empty."""


class ModelFailure(StrEnum):
    """Why there is no usable reply; the `kind` of a ModelError.

    The first group is about the endpoint, and the next call would fail as well; the second about one reply.
    """

    NO_KEY = "no_key"
    UNAUTHORISED = "unauthorised"
    QUOTA = "quota"
    RATE_LIMIT = "rate_limit"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    SERVER = "server"
    REJECTED = "rejected"
    NO_PROVIDER = "no_provider"
    NOT_IN_JOURNAL = "not_in_journal"
    PENDING = "pending"
    BUDGET = "budget"

    REFUSAL = "refusal"
    LENGTH = "length"
    EMPTY = "empty"
    LOOPING = "looping"
    OVERSIZE = "oversize"
    INVALID = "invalid"


REPLY_FAILURES = frozenset(
    (
        ModelFailure.REFUSAL,
        ModelFailure.LENGTH,
        ModelFailure.EMPTY,
        ModelFailure.LOOPING,
        ModelFailure.OVERSIZE,
        ModelFailure.INVALID,
    )
)

NEVER_BILLED = frozenset(
    (
        ModelFailure.NO_KEY,
        ModelFailure.UNAUTHORISED,
        ModelFailure.QUOTA,
        ModelFailure.RATE_LIMIT,
        ModelFailure.REJECTED,
        ModelFailure.NO_PROVIDER,
        ModelFailure.NOT_IN_JOURNAL,
        ModelFailure.PENDING,
        ModelFailure.BUDGET,
    )
)
"""Kinds of ModelError after which no model has worked. After the others (a timeout, a lost connection, an answer that
is none) it may have, and what that cost is unknown."""

NEVER_ASKED = frozenset((ModelFailure.NO_KEY, ModelFailure.NO_PROVIDER))
"""Kinds of ModelError before which nothing was sent: no call was made."""


class ModelRequest(Record):
    """One call. `json_schema` is what the reply must satisfy; `system` is the part shared between calls.

    `temperature` None: the model's own default. `max_tokens` bounds the reply.

    Two fields are no part of the key and are never stored, because they shape no reply: `label` says what the call is
    counted under (`20970/documentation/draft`), so that the same prompt asked for two places is paid once; `reply_type`
    is the record that `json_schema` describes, None where only the schema is known.
    """

    label: str = Field(default="", exclude=True)
    reply_type: type[BaseModel] | None = Field(default=None, exclude=True, repr=False)
    model: str
    system: str
    user: str
    schema_name: str
    json_schema: dict[str, object]
    temperature: float | None = 0.0
    max_tokens: int = Field(default=4096, gt=0)

    @property
    def key(self) -> str:
        """SHA-256 of everything that shapes the reply: model, parameters, prompt, schema."""
        return digest(self.model_dump(mode="json"))

    def failure_of(self, reply: ModelReply) -> ModelFailure | None:
        """Why `reply` does not answer this request, its schema included; None where it does."""
        if reply.failure is None and self.reply_type is not None:
            try:
                self.reply_type.model_validate_json(reply.text)
            except ValidationError:
                return ModelFailure.INVALID
        return reply.failure


_MOST_TOKENS = 100_000_000
"""A count above is none: it is some hundred times what any model takes."""


class Usage(Record):
    """Tokens as the endpoint counted them; all 0 where it did not say, or said what cannot be.

    `cached_input_tokens` is the part of `input_tokens` that came from the endpoint's prompt cache.
    """

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0

    @classmethod
    def counted(cls, *, input_tokens: object, cached_input_tokens: object, output_tokens: object) -> Usage:
        """What an endpoint says it counted, which may be missing, absurd or not add up.

        Half a count would look like a low cost: without sound numbers for input and output nothing is known.
        """
        read, written, cached = map(_count, (input_tokens, output_tokens, cached_input_tokens))
        if read is None or written is None:
            return cls()
        return cls(input_tokens=read, cached_input_tokens=min(read, cached or 0), output_tokens=written)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


def _count(number: object) -> int | None:
    """A number of tokens, None for what is none."""
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return number if 0 <= number <= _MOST_TOKENS else None


def _storable(text: str) -> str:
    """JSON may hold half a surrogate pair, which no file does."""
    return text.encode("utf-8", "replace").decode("utf-8")


_Text = Annotated[str, AfterValidator(_storable)]


class ModelReply(Record):
    """What came back, usable or not. `refusal` is the model's own words where it declined."""

    text: _Text
    finish_reason: _Text = "stop"
    refusal: _Text = ""
    usage: Usage = Usage()
    latency_s: float = 0.0

    @property
    def failure(self) -> ModelFailure | None:
        """Why the reply cannot be used, whatever its JSON says; None when it can be tried."""
        if self.finish_reason == OVERSIZE or len(self.text) > MAX_REPLY_BYTES:
            return ModelFailure.OVERSIZE
        if self.refusal or self.finish_reason == "content_filter":
            return ModelFailure.REFUSAL
        if self.finish_reason == "length":
            return ModelFailure.LENGTH
        if not self.text.strip():
            return ModelFailure.EMPTY
        return ModelFailure.LOOPING if repeats_itself(self.text) else None


@runtime_checkable
class ModelClient(Protocol):
    """Anything that answers requests."""

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises ModelError when no reply could be had; an unusable reply is returned."""
        ...


@cache
def _schema_of(schema: type[BaseModel]) -> dict[str, object]:
    return schema.model_json_schema()


def make_request(
    model: str,
    prompt: RenderedPrompt,
    schema: type[BaseModel],
    *,
    label: str = "",
    temperature: float | None = 0.0,
    max_tokens: int = 4096,
) -> ModelRequest:
    """The request that asks `model` (`openai:gpt-4o-mini`) to answer `prompt` with one `schema`.

    `label` is written PAGE/SECTION/PROMPT.
    """
    return ModelRequest(
        label=label,
        reply_type=schema,
        model=model,
        system=prompt.system,
        user=prompt.user,
        schema_name=schema.__name__,
        json_schema=_schema_of(schema),
        temperature=temperature,
        max_tokens=max_tokens,
    )
