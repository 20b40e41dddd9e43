"""`ask`: a reply becomes a record, one more question, or an error that keeps the replies."""

import subprocess
import sys

import pytest

import pipeline.llm
from pipeline.errors import ModelError
from pipeline.llm import ModelClient, ModelFailure, ModelReply, ScriptedClient
from pipeline.llm.openai_compatible import OpenAICompatibleClient
from pipeline.llm.providers import ProviderClient
from tests.llm.cases import Colour, ask, colour_request

GOOD = Colour(name="red", warm=True)


def test_a_valid_reply_is_asked_for_once():
    client = ScriptedClient([GOOD])
    assert ask(client, colour_request(), Colour) == GOOD
    assert len(client.requests) == 1


@pytest.mark.parametrize("bad", ["not json", '{"name": "red"}', '{"name": "red", "warm": true, "x": 1}'])
def test_an_invalid_reply_is_asked_for_once_more_with_the_findings(bad: str):
    client = ScriptedClient([bad, GOOD])
    assert ask(client, colour_request(), Colour) == GOOD
    first, second = client.requests
    assert second.system == first.system
    assert second.user.startswith(first.user)
    assert "could not be used" in second.user
    assert second.key != first.key


def test_the_findings_name_the_field():
    client = ScriptedClient(['{"name": "red"}', GOOD])
    ask(client, colour_request(), Colour)
    assert "- warm: Field required" in client.requests[1].user


def test_twice_invalid_is_an_error_that_keeps_both_replies():
    client = ScriptedClient(['{"name": "red"}', '{"warm": true}', GOOD])
    with pytest.raises(ModelError, match="twice") as caught:
        ask(client, colour_request(), Colour)
    assert caught.value.kind == ModelFailure.INVALID
    assert caught.value.replies == ('{"name": "red"}', '{"warm": true}')
    assert "\n" not in str(caught.value)
    assert len(client.requests) == 2


def test_a_second_reply_that_is_cut_off_keeps_the_first():
    client = ScriptedClient(["nonsense", ModelReply(text='{"na', finish_reason="length")])
    with pytest.raises(ModelError, match="4096 tokens") as caught:
        ask(client, colour_request(), Colour)
    assert caught.value.kind == ModelFailure.LENGTH
    assert caught.value.replies == ("nonsense", '{"na')


def test_a_refusal_is_no_reply_even_when_it_is_valid_json():
    reply = ModelReply(text=GOOD.model_dump_json(), refusal="No.")
    with pytest.raises(ModelError) as caught:
        ask(ScriptedClient([reply]), colour_request(), Colour)
    assert caught.value.kind == ModelFailure.REFUSAL


def test_an_endpoint_failure_passes_through():
    error = ModelError("down", kind=ModelFailure.UNREACHABLE)
    with pytest.raises(ModelError) as caught:
        ask(ScriptedClient([error]), colour_request(), Colour)
    assert caught.value is error


def test_a_script_that_runs_out_says_so():
    with pytest.raises(ModelError, match="0 replies"):
        ScriptedClient([]).complete(colour_request())


@pytest.mark.parametrize("field", ["model", "system", "user", "schema_name", "temperature", "max_tokens"])
def test_the_key_of_a_request_depends_on_all_that_shapes_the_reply(field: str):
    request = colour_request()
    other = {"temperature": None, "max_tokens": 7}.get(field, "other")
    assert request.model_copy(update={field: other}).key != request.key
    assert request.model_copy(update={"json_schema": {}}).key != request.key


def test_every_client_satisfies_the_protocol():
    clients = (
        ScriptedClient([]),
        OpenAICompatibleClient("m", environ={}),
        ProviderClient("anthropic", "m"),
    )
    for client in clients:
        assert isinstance(client, ModelClient)


def test_the_front_door_lists_what_it_exports():
    assert all(hasattr(pipeline.llm, name) for name in pipeline.llm.__all__)


def test_importing_the_package_imports_no_vendor():
    code = (
        "import sys, pipeline.llm, pipeline.draft.model\n"
        "pipeline.llm.open_client('openai:gpt-4o-mini', environ={})\n"
        "heavy = {'langchain', 'langchain_core', 'langchain_openai', 'openai', 'httpx', 'httpx2'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
