"""The OpenAI-compatible client against a loopback endpoint that answers well, badly and not at all."""

import pytest

from pipeline.errors import ModelError, UsageError
from pipeline.llm import ModelFailure, Usage, open_client, parse_model_spec
from pipeline.llm.openai_compatible import OpenAICompatibleClient
from pipeline.llm.providers import ProviderClient
from tests.llm.cases import KEY, Colour, ask, client_for, colour_request
from tests.llm.stub_server import Answer, completion, failure

GOOD = '{"name": "red", "warm": true}'


def test_a_good_reply_comes_back_with_its_usage(serve):
    server = serve(completion(GOOD))
    reply = client_for(server).complete(colour_request())
    assert (reply.text, reply.finish_reason, reply.failure) == (GOOD, "stop", None)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (11, 7)


def test_the_static_part_goes_first_and_the_schema_is_strict(serve):
    server = serve(completion(GOOD))
    client_for(server).complete(colour_request())
    call = server.calls[0]
    assert call.path == "/v1/chat/completions"
    assert call.authorization == f"Bearer {KEY}"
    assert [message["role"] for message in call.body["messages"]] == ["system", "user"]
    assert call.body["messages"][0]["content"] == "Answer with a colour."
    assert call.body["model"] == "stub-model"
    assert call.body["temperature"] == 0
    sent = call.body["response_format"]["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"]["required"] == ["name", "warm"]
    assert sent["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (failure(401, f"Incorrect API key provided: {KEY}"), ModelFailure.UNAUTHORISED, "OPENAI_API_KEY"),
        (failure(403, "no"), ModelFailure.UNAUTHORISED, "stub-model"),
        (failure(404, "no such model"), ModelFailure.REJECTED, "has no model stub-model"),
        (failure(429, "pay", code="insufficient_quota"), ModelFailure.QUOTA, "billing"),
        (failure(429, "slow down"), ModelFailure.RATE_LIMIT, "in a minute"),
        (failure(500, "boom"), ModelFailure.SERVER, "status 500"),
        (failure(400, f"bad\nschema {KEY}"), ModelFailure.REJECTED, "bad schema [key]"),
        (Answer("<html>hello</html>"), ModelFailure.SERVER, "no chat completion"),
        (Answer('{"object": "list"}'), ModelFailure.SERVER, "no chat completion"),
    ],
)
def test_each_failure_is_one_sentence_without_the_key(serve, answer: Answer, kind: ModelFailure, words: str):
    with pytest.raises(ModelError) as caught:
        client_for(serve(answer)).complete(colour_request())
    assert caught.value.kind == kind
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert KEY not in message


def test_a_server_that_does_not_answer_times_out(serve):
    server = serve(completion(GOOD)._replace(delay_s=5))
    with pytest.raises(ModelError, match=r"within 0\.2 s") as caught:
        client_for(server, timeout_s=0.2).complete(colour_request())
    assert caught.value.kind == ModelFailure.TIMEOUT


def test_nobody_listening_is_unreachable_and_the_password_in_the_address_stays_there():
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://user:hush@127.0.0.1:9/v1"}
    client = OpenAICompatibleClient("m", environ=environ, max_retries=0)
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        client.complete(colour_request())
    assert caught.value.kind == ModelFailure.UNREACHABLE
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (completion(None, refusal="I cannot help with that."), ModelFailure.REFUSAL),
        (completion("", finish_reason="content_filter"), ModelFailure.REFUSAL),
        (completion('{"name": "re', finish_reason="length"), ModelFailure.LENGTH),
        (completion("  "), ModelFailure.EMPTY),
    ],
)
def test_an_unusable_reply_is_returned_as_such_and_ask_names_it(serve, answer: Answer, kind: ModelFailure):
    server = serve(answer)
    reply = client_for(server).complete(colour_request())
    assert reply.failure == kind
    with pytest.raises(ModelError) as caught:
        ask(client_for(server), colour_request(), Colour)
    assert caught.value.kind == kind
    assert len(server.calls) == 2


def test_a_cut_off_reply_keeps_what_came_and_what_it_cost(serve):
    reply = client_for(serve(completion('{"name": "re', finish_reason="length"))).complete(colour_request())
    assert (reply.text, reply.usage.output_tokens) == ('{"name": "re', 7)


def test_malformed_json_is_asked_again_over_the_wire(serve):
    server = serve(completion("red, I think"), completion(GOOD))
    assert ask(client_for(server), colour_request(), Colour) == Colour(name="red", warm=True)
    first, second = (call.body["messages"] for call in server.calls)
    assert first[0] == second[0]
    assert "previous reply could not be used" in second[1]["content"]


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "set OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": "   "}, "set OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": "sk one\ntwo"}, "copy it again"),
    ],
)
def test_a_missing_or_broken_key_is_said_before_anything_is_sent(environ: dict[str, str], words: str):
    with pytest.raises(ModelError, match=words) as caught:
        open_client("gpt-4o-mini", environ=environ).complete(colour_request())
    assert caught.value.kind == ModelFailure.NO_KEY
    assert "sk one" not in str(caught.value)


def test_an_address_that_is_none_is_a_usage_error():
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        open_client("m", environ={"OPENAI_BASE_URL": "localhost:8080"}).complete(colour_request())


def test_a_local_server_needs_no_key(serve):
    server = serve(completion(GOOD))
    client = open_client("llama", environ={"OPENAI_BASE_URL": server.url})
    assert client.complete(colour_request()).text == GOOD


def test_the_client_never_shows_its_key(serve):
    client = client_for(serve(completion(GOOD)))
    client.complete(colour_request())
    shown = repr(vars(client)) + "".join(
        repr(vars(value)) for value in vars(client).values() if hasattr(value, "__dict__")
    )
    assert "SecretStr" in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gpt-4o-mini", ("openai", "gpt-4o-mini")),
        ("openai:gpt-4o-mini", ("openai", "gpt-4o-mini")),
        ("openai:llama3:8b", ("openai", "llama3:8b")),
        ("anthropic:some-model", ("anthropic", "some-model")),
    ],
)
def test_a_model_spec_names_provider_and_model(text: str, expected: tuple[str, str]):
    assert parse_model_spec(text) == expected


@pytest.mark.parametrize("text", ["", "openai:", ":name", "http://host:name"])
def test_a_model_spec_without_a_model_is_refused(text: str):
    with pytest.raises(UsageError, match="openai:gpt-4o-mini"):
        parse_model_spec(text)


def test_another_provider_is_asked_through_langchain(serve, monkeypatch: pytest.MonkeyPatch):
    server = serve(completion(GOOD))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    client = ProviderClient("openai", "stub-model", timeout_s=5, max_retries=0)
    assert ask(client, colour_request(), Colour) == Colour(name="red", warm=True)
    assert server.calls[0].body["response_format"]["json_schema"]["name"] == "Colour"


def test_both_clients_tell_cached_tokens(serve, monkeypatch: pytest.MonkeyPatch):
    server = serve(completion(GOOD, cached_tokens=8))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    for client in (client_for(server), ProviderClient("openai", "stub-model", timeout_s=5, max_retries=0)):
        usage = client.complete(colour_request()).usage
        assert usage == Usage(input_tokens=11, cached_input_tokens=8, output_tokens=7)


def test_another_provider_that_fails_tells_neither_key_nor_headers(serve, monkeypatch: pytest.MonkeyPatch):
    server = serve(failure(401, f"Incorrect API key provided: {KEY}"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    with pytest.raises(ModelError, match="could not be asked") as caught:
        ProviderClient("openai", "m", timeout_s=5, max_retries=0).complete(colour_request())
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "words"), [("anthropic:x", "not installed"), ("nonesuch:x", "knows no such provider")]
)
def test_a_provider_that_is_not_there_is_named(spec: str, words: str):
    with pytest.raises(ModelError, match=words) as caught:
        open_client(spec, environ={}).complete(colour_request())
    assert caught.value.kind == ModelFailure.NO_PROVIDER
