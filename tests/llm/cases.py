"""The schema, request, key and client that the model client tests share."""

from pipeline.data import Record
from pipeline.llm import ModelRequest, make_request
from pipeline.llm.openai_compatible import OpenAICompatibleClient
from pipeline.llm.scripted import ScriptedClient
from pipeline.prompts import RenderedPrompt
from tests.llm.stub_server import StubServer

KEY = "sk-test-do-not-tell-4711"


class Colour(Record):
    """The schema the tests ask for."""

    name: str
    warm: bool


def client_for(server: StubServer, *, timeout_s: float = 5.0, max_retries: int = 0) -> OpenAICompatibleClient:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}
    return OpenAICompatibleClient("stub-model", environ=environ, timeout_s=timeout_s, max_retries=max_retries)


def colour_request(model: str = "openai:stub-model", user: str = "Which colour?") -> ModelRequest:
    prompt = RenderedPrompt("Answer with a colour.", user)
    return make_request(ScriptedClient([], model=model), prompt, Colour)
