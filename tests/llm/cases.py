"""The schema, request, key and client that the model client tests share."""

from typing import TypeVar

from pydantic import BaseModel

from pipeline.data import Record
from pipeline.llm import ModelClient, ModelRequest, asking, make_request, run_steps
from pipeline.llm.openai_compatible import OpenAICompatibleClient
from pipeline.prompts import RenderedPrompt
from tests.llm.stub_server import StubServer

_Reply = TypeVar("_Reply", bound=BaseModel)
KEY = "sk-test-do-not-tell-4711"


class Colour(Record):
    """The schema the tests ask for."""

    name: str
    warm: bool


def client_for(server: StubServer, *, timeout_s: float = 5.0, max_retries: int = 0) -> OpenAICompatibleClient:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}
    return OpenAICompatibleClient("stub-model", environ=environ, timeout_s=timeout_s, max_retries=max_retries)


def colour_request(
    model: str = "openai:stub-model", user: str = "Which colour?", *, label: str = ""
) -> ModelRequest:
    prompt = RenderedPrompt("Answer with a colour.", user)
    return make_request(model, prompt, Colour, label=label)


def ask(client: ModelClient, request: ModelRequest, schema: type[_Reply]) -> _Reply:
    """One request, asked for until it is answered or has failed."""
    return run_steps(asking(request, schema), client)
