"""The journal: nothing is asked twice, nothing secret is written, damage is named."""

import json
from pathlib import Path

import pytest

from pipeline.errors import ModelError, StateError
from pipeline.llm import Journal, JournaledClient, ModelFailure, ModelReply, ScriptedClient, ask
from tests.llm.cases import KEY, Colour, client_for, colour_request
from tests.llm.stub_server import completion

GOOD = Colour(name="red", warm=True)


def test_a_reply_is_written_before_it_is_used_and_not_asked_for_again(tmp_path: Path):
    first, second = ScriptedClient(["not json", GOOD]), ScriptedClient([])
    ask(JournaledClient(first, Journal(tmp_path)), colour_request("scripted"), Colour)
    assert len(list(tmp_path.iterdir())) == 2
    again = ask(JournaledClient(second, Journal(tmp_path)), colour_request("scripted"), Colour)
    assert again == GOOD
    assert second.requests == []


def test_a_replay_gives_the_same_reply_and_leaves_every_byte(tmp_path: Path):
    request = colour_request("scripted")
    live = JournaledClient(ScriptedClient([GOOD]), Journal(tmp_path)).complete(request)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    silent = ScriptedClient([])
    replayed = JournaledClient(silent, Journal(tmp_path), replay=True).complete(request)
    assert replayed.model_dump_json() == live.model_dump_json()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert silent.requests == []


def test_a_replay_refuses_to_ask(tmp_path: Path):
    client = ScriptedClient([GOOD])
    with pytest.raises(ModelError, match="holds no reply of scripted") as caught:
        JournaledClient(client, Journal(tmp_path), replay=True).complete(colour_request("scripted"))
    assert caught.value.kind == ModelFailure.NOT_IN_JOURNAL
    assert client.requests == []


def test_another_prompt_or_model_is_another_entry(tmp_path: Path):
    client = ScriptedClient([GOOD, GOOD, GOOD])
    journaled = JournaledClient(client, Journal(tmp_path))
    journaled.complete(colour_request("a"))
    journaled.complete(colour_request("b"))
    journaled.complete(colour_request("a", user="And now?"))
    assert len(client.requests) == 3
    assert len(list(tmp_path.iterdir())) == 3


def test_an_unusable_reply_is_kept_for_a_replay_and_asked_again_otherwise(tmp_path: Path):
    request = colour_request("scripted")
    cut = ModelReply(text='{"na', finish_reason="length")
    assert JournaledClient(ScriptedClient([cut]), Journal(tmp_path)).complete(request) == cut
    assert JournaledClient(ScriptedClient([]), Journal(tmp_path), replay=True).complete(request) == cut
    better = JournaledClient(ScriptedClient([GOOD]), Journal(tmp_path)).complete(request)
    assert better.failure is None
    assert Journal(tmp_path).find(request) == better


@pytest.mark.parametrize("content", ["", "{", '{"request": {}, "reply": {}}'])
def test_a_damaged_entry_is_named(tmp_path: Path, content: str):
    journal, request = Journal(tmp_path), colour_request()
    journal.path_of(request).write_text(content)
    with pytest.raises(StateError, match=f"{request.key}.json cannot be read back; delete the file"):
        journal.find(request)


def test_an_entry_under_the_wrong_name_is_not_believed(tmp_path: Path):
    journal, request = Journal(tmp_path), colour_request()
    journal.record(request, ModelReply(text="{}"))
    other = colour_request(user="Which other colour?")
    journal.path_of(request).rename(journal.path_of(other))
    with pytest.raises(StateError):
        journal.find(other)


def test_a_reply_that_cannot_be_written_down_is_not_used(tmp_path: Path):
    (tmp_path / "journal").write_text("a file where the folder should be")
    with pytest.raises(StateError):
        JournaledClient(ScriptedClient([GOOD]), Journal(tmp_path / "journal")).complete(colour_request())


def test_the_key_and_the_address_are_never_stored(serve, tmp_path: Path):
    server = serve(completion(GOOD.model_dump_json()))
    JournaledClient(client_for(server), Journal(tmp_path)).complete(colour_request())
    assert server.calls[0].authorization == f"Bearer {KEY}"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 1
    text = files[0].read_text()
    for secret in (KEY, "Bearer", "127.0.0.1", "uthorization"):
        assert secret not in text
    assert set(json.loads(text)) == {"request", "reply"}
