"""The journal: nothing is asked twice, nothing secret is written, damage is named."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.errors import ModelError, StateError, UsageError
from pipeline.llm import Journal, JournaledClient, ModelFailure, ModelReply, ModelRequest, ScriptedClient
from pipeline.llm.providers import ProviderClient
from tests.llm.cases import KEY, Colour, ask, client_for, colour_request
from tests.llm.stub_server import Answer, completion, failure

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


UNUSABLE = [
    ModelReply(text='{"na', finish_reason="length"),
    ModelReply(text="", refusal="No."),
    ModelReply(text=" "),
    ModelReply(text="", finish_reason="oversize"),
]


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_an_unusable_reply_is_paid_once_and_asked_again_by_a_refresh(tmp_path: Path, unusable: ModelReply):
    request, journal, nobody = colour_request("scripted"), Journal(tmp_path), ScriptedClient([])
    assert JournaledClient(ScriptedClient([unusable]), journal).complete(request) == unusable
    assert JournaledClient(nobody, journal, replay=True).complete(request) == unusable
    assert JournaledClient(nobody, journal).complete(request) == unusable
    better = JournaledClient(ScriptedClient([GOOD]), journal, refresh=True).complete(request)
    assert better.failure is None
    assert journal.find(request) == better


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_a_refresh_replaces_no_good_reply_by_one_of_no_use(tmp_path: Path, unusable: ModelReply):
    request, journal, heard = colour_request("scripted"), Journal(tmp_path), []
    good = JournaledClient(ScriptedClient([GOOD]), journal).complete(request)
    client = ScriptedClient([unusable])
    refreshing = JournaledClient(client, journal, refresh=True, heard=lambda _, reply: heard.append(reply))
    # Who asks twice in a run is told the same twice.
    assert refreshing.complete(request) == refreshing.complete(request) == unusable
    assert (len(client.requests), heard) == (1, [unusable])
    assert JournaledClient(ScriptedClient([]), journal).complete(request) == good


def test_a_refresh_replaces_one_of_no_use_by_another(tmp_path: Path):
    request, journal = colour_request("scripted"), Journal(tmp_path)
    for reply in UNUSABLE:
        JournaledClient(ScriptedClient([reply]), journal, refresh=True).complete(request)
        assert journal.find(request) == reply


def test_a_refresh_mends_a_damaged_entry(tmp_path: Path):
    request, journal = colour_request("scripted"), Journal(tmp_path)
    journal.path_of(request).write_text("{")
    reply = JournaledClient(ScriptedClient([GOOD]), journal, refresh=True).complete(request)
    assert journal.find(request) == reply


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


def test_a_refresh_asks_again_once_a_run_and_replaces_what_was_stored(tmp_path: Path):
    request, journal = colour_request(), Journal(tmp_path)
    JournaledClient(ScriptedClient([GOOD]), journal).complete(request)
    newer = Colour(name="blue", warm=False)
    client = ScriptedClient([newer])
    refreshing = JournaledClient(client, journal, refresh=True)
    assert refreshing.complete(request).text == refreshing.complete(request).text == newer.model_dump_json()
    assert len(client.requests) == 1
    stored = journal.find(request)
    assert stored is not None and stored.text == newer.model_dump_json()


def test_a_failed_refresh_keeps_what_was_stored(tmp_path: Path):
    request, journal = colour_request(), Journal(tmp_path)
    JournaledClient(ScriptedClient([GOOD]), journal).complete(request)
    down = ScriptedClient([ModelError("down", kind=ModelFailure.UNREACHABLE)])
    with pytest.raises(ModelError):
        JournaledClient(down, journal, refresh=True).complete(request)
    stored = journal.find(request)
    assert stored is not None and stored.text == GOOD.model_dump_json()


def test_a_replay_is_no_refresh(tmp_path: Path):
    with pytest.raises(UsageError, match="choose one"):
        JournaledClient(ScriptedClient([]), Journal(tmp_path), replay=True, refresh=True)


@pytest.mark.parametrize("refresh", [False, True])
def test_a_key_that_many_threads_want_is_asked_once(tmp_path: Path, refresh: bool):
    asked = []

    class Slow:
        def complete(self, request: ModelRequest) -> ModelReply:
            asked.append(request.key)
            threading.Event().wait(0.02)
            return ModelReply(text=GOOD.model_dump_json())

    client = JournaledClient(Slow(), Journal(tmp_path), refresh=refresh)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: client.complete(colour_request()), range(8)))
    assert len(asked) == 1
    assert {reply.text for reply in replies} == {GOOD.model_dump_json()}


def test_writers_of_the_same_key_never_leave_half_an_entry(tmp_path: Path):
    request = colour_request()
    texts = {Colour(name=letter * 20_000, warm=True).model_dump_json() for letter in "abcd"}

    def write(text: str) -> None:
        for _ in range(10):
            Journal(tmp_path).record(request, ModelReply(text=text))
            found = Journal(tmp_path).find(request)
            assert found is not None and found.text in texts

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, texts))
    assert [path.name for path in tmp_path.iterdir()] == [f"{request.key}.json"]


def test_label_and_reply_type_are_neither_stored_nor_part_of_the_key(tmp_path: Path):
    journal, one, other = (
        Journal(tmp_path),
        colour_request(label="1/a/draft"),
        colour_request(label="2/b/judge"),
    )
    journal.record(one, ModelReply(text="{}"))
    assert one.key == other.key == one.model_copy(update={"reply_type": None}).key
    before = journal.path_of(one).read_bytes()
    journal.record(other, ModelReply(text="{}"))
    assert journal.path_of(one).read_bytes() == before
    assert b"draft" not in before and b"label" not in before and b"reply_type" not in before


@pytest.mark.parametrize(
    "answer",
    [
        completion(f'{{"name": "{KEY}", "warm": true}}'),
        completion(None, refusal=f"I will not say {KEY}."),
        completion(f'{{"name": "{KEY}', finish_reason="length"),
        completion("{}", finish_reason=KEY),
        failure(401, f"Incorrect API key provided: {KEY}"),
        failure(400, f"headers: Authorization: Bearer {KEY}"),
    ],
)
@pytest.mark.parametrize("provider", [False, True])
def test_a_key_that_the_endpoint_repeats_is_not_stored(
    serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, provider: bool
):
    server = serve(answer)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    client = ProviderClient("openai", "stub-model", max_retries=0) if provider else client_for(server)
    with suppress(ModelError):
        JournaledClient(client, Journal(tmp_path)).complete(colour_request())
    assert server.calls[0].authorization == f"Bearer {KEY}"
    for path in tmp_path.iterdir():
        assert KEY.encode() not in path.read_bytes()
    if answer.status == 200 and not provider:
        assert b"[key]" in next(tmp_path.iterdir()).read_bytes()


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
