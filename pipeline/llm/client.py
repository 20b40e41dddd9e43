"""What a model client takes and gives, and `ask`, which turns a reply into a record or an error."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, Field, ValidationError

from pipeline.data import Record
from pipeline.errors import ModelError
from pipeline.identity import digest
from pipeline.prompts import RenderedPrompt

_Reply = TypeVar("_Reply", bound=BaseModel)
_SHOWN_FINDINGS = 8


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

    REFUSAL = "refusal"
    LENGTH = "length"
    EMPTY = "empty"
    INVALID = "invalid"


REPLY_FAILURES = frozenset(
    (ModelFailure.REFUSAL, ModelFailure.LENGTH, ModelFailure.EMPTY, ModelFailure.INVALID)
)


class ModelRequest(Record):
    """One call. `json_schema` is what the reply must satisfy; `system` is the part shared between calls.

    `temperature` None: the model's own default. `max_tokens` bounds the reply.
    """

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


class Usage(Record):
    """Tokens as the endpoint counted them; 0 where it did not say."""

    input_tokens: int = 0
    output_tokens: int = 0


class ModelReply(Record):
    """What came back, usable or not. `refusal` is the model's own words where it declined."""

    text: str
    finish_reason: str = "stop"
    refusal: str = ""
    usage: Usage = Usage()
    latency_s: float = 0.0

    @property
    def failure(self) -> ModelFailure | None:
        """Why the reply cannot be used, whatever its JSON says; None when it can be tried."""
        if self.refusal or self.finish_reason == "content_filter":
            return ModelFailure.REFUSAL
        if self.finish_reason == "length":
            return ModelFailure.LENGTH
        return None if self.text.strip() else ModelFailure.EMPTY


@runtime_checkable
class ModelClient(Protocol):
    """Anything that answers requests. `model` is the name that requests and statements carry."""

    @property
    def model(self) -> str:
        """Provider and name, as in `openai:gpt-4o-mini`."""
        ...

    def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises ModelError when no reply could be had; an unusable reply is returned."""
        ...


def make_request(
    client: ModelClient,
    prompt: RenderedPrompt,
    schema: type[BaseModel],
    *,
    temperature: float | None = 0.0,
    max_tokens: int = 4096,
) -> ModelRequest:
    """The request that asks `client` to answer `prompt` with one `schema`."""
    return ModelRequest(
        model=client.model,
        system=prompt.system,
        user=prompt.user,
        schema_name=schema.__name__,
        json_schema=schema.model_json_schema(),
        temperature=temperature,
        max_tokens=max_tokens,
    )


def ask(client: ModelClient, request: ModelRequest, schema: type[_Reply]) -> _Reply:
    """The reply as a `schema`, asking once more with the findings when the first does not validate.

    Raises ModelError: of an endpoint kind as `complete` raised it, or of a reply kind (`REPLY_FAILURES`) with
    the raw replies kept.
    """
    first = _usable(client, request, ())
    try:
        return schema.model_validate_json(first)
    except ValidationError as error:
        findings = _describe(error)
    again = request.model_copy(
        update={"user": f"{request.user.rstrip()}\n\n{_REASK.format(findings=findings)}"}
    )
    second = _usable(client, again, (first,))
    try:
        return schema.model_validate_json(second)
    except ValidationError as error:
        raise ModelError(
            f"the model {request.model} answered twice with JSON that is not a {request.schema_name} "
            f"({_describe(error).splitlines()[0].removeprefix('- ')}); try another model",
            kind=ModelFailure.INVALID,
            replies=(first, second),
        ) from error


_REASK = """Your previous reply could not be used:
{findings}
Reply again, with one JSON object that satisfies the schema and nothing else."""

_ADVICE = {
    ModelFailure.REFUSAL: "declined to answer; try another model or prompt",
    ModelFailure.LENGTH: "was cut off at {max_tokens} tokens; allow it more, or give it fewer passages",
    ModelFailure.EMPTY: "answered nothing; ask again or try another model",
}


def _usable(client: ModelClient, request: ModelRequest, earlier: tuple[str, ...]) -> str:
    reply = client.complete(request)
    if reply.failure is None:
        return reply.text
    advice = _ADVICE[reply.failure].format(max_tokens=request.max_tokens)
    raise ModelError(
        f"the model {request.model} {advice}",
        kind=reply.failure,
        replies=(*earlier, reply.text or reply.refusal),
    )


def _describe(error: ValidationError) -> str:
    lines = [
        f"- {'.'.join(str(step) for step in finding['loc']) or 'reply'}: {finding['msg']}"
        for finding in error.errors(include_input=False, include_url=False)
    ]
    shown = lines[:_SHOWN_FINDINGS]
    if len(lines) > len(shown):
        shown.append(f"- and {len(lines) - len(shown)} more")
    return "\n".join(shown)
