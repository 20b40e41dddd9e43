"""Fetching from a server on this machine that fails in every way a server can."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import SourceError, StateError
from pipeline.sources.fetch import Patience, build_client, fetch
from pipeline.sources.snapshots import Fetched, Snapshot, check_snapshot, stored_path
from tests.sources.fetch_server import Handler, Server

FILE = b"PK\x03\x04" + bytes(range(256)) * 1000
OTHER = b"PK\x03\x04" + bytes(range(255, -1, -1)) * 1000
NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.seen = []
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


class Getting:
    """Calls `fetch` with a client of its own and notes the waits."""

    def __init__(self, server: Server, folder: Path):
        self.server, self.folder = server, folder
        self.waits: list[float] = []

    def __call__(
        self,
        *answers: Callable[[Handler], None],
        known: Snapshot | None = None,
        pinned: str = "",
        patience: Patience | None = None,
        url: str = "",
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Fetched:
        self.server.answers = list(answers)
        self.server.seen.clear()
        self.waits.clear()
        with build_client(version="0") as client:
            fetched = fetch(
                url or self.server.url,
                client=client,
                folder=self.folder,
                release="RVU26D",
                now=lambda: NOW,
                sleep=self.waits.append,
                jitter=lambda: 1.0,
                known=known,
                pinned_sha256=pinned,
                progress=progress,
                patience=patience,
            )
        check_snapshot(self.folder, fetched.snapshot)
        return fetched

    def refused(self, says: str, *answers: Callable[[Handler], None], **options) -> str:
        with pytest.raises(SourceError, match=says) as error:
            self(*answers, **options)
        assert "\n" not in str(error.value)
        return str(error.value)

    @property
    def held(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def get(server: Server, tmp_path: Path) -> Getting:
    return Getting(server, tmp_path / "store")


def hyphened(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers given as keywords, under their real names."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def whole(body: bytes = FILE, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.reply(200, body, hyphened(headers), length=len(body))


def cut(at: int, body: bytes = FILE, etag: str = '"one"') -> Callable[[Handler], None]:
    """The full length promised, `at` bytes sent, the connection closed."""
    return lambda handler: handler.reply(200, body[:at], {"ETag": etag}, length=len(body))


def ranged(body: bytes = FILE, etag: str = '"one"', at: int | None = None) -> Callable[[Handler], None]:
    """An honest server of ranges, or one that goes on at `at` whatever was asked."""

    def answer(handler: Handler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        if not asked or handler.headers["If-Range"] != etag:
            return handler.reply(200, body, {"ETag": etag}, length=len(body))
        start = int(asked[1]) if at is None else at
        headers = {"ETag": etag, "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        return handler.reply(206, body[start:], headers, length=len(body) - start)

    return answer


def part(body: bytes, headers: Mapping[str, str]) -> Callable[[Handler], None]:
    """What is left of `body` from 100,000 on, whole size unsaid."""
    said = {**headers, "Content-Range": f"bytes 100000-{len(body) - 1}/*"}
    return lambda handler: handler.reply(206, body[100_000:], said, length=len(body) - 100_000)


def status(code: int, **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.reply(code, b"", hyphened(headers), length=0)


def drop(handler: Handler) -> None:
    handler.close_connection = True


def test_a_file_is_kept_under_its_hash(get: Getting, server: Server):
    told: list[tuple[int, int | None]] = []
    fetched = get(
        whole(ETag='"one"', Last_Modified="Wed, 26 Aug 2026 10:00:00 GMT"), progress=lambda *n: told.append(n)
    )
    assert fetched.status == "new"
    snapshot = fetched.snapshot
    assert snapshot.sha256 == hashlib.sha256(FILE).hexdigest()
    assert (snapshot.origin, snapshot.name, snapshot.size) == (server.url, "rvu26d.zip", len(FILE))
    assert (snapshot.etag, snapshot.last_modified[:4]) == ('"one"', "Wed,")
    assert snapshot.retrieved_on == NOW.date()
    assert get.held == [snapshot.sha256]
    assert told[-1] == (len(FILE), len(FILE))
    assert (server.seen[0]["user-agent"], server.seen[0]["accept-encoding"]) == ("briefwright/0", "identity")
    assert get.waits == []


def test_an_unchanged_file_is_not_sent_again(get: Getting, server: Server):
    known = get(whole(ETag='"one"', Last_Modified="Wed, 26 Aug 2026 10:00:00 GMT")).snapshot
    assert get(status(304), known=known) == Fetched("unchanged", known)
    assert server.seen[0]["if-none-match"] == '"one"'
    assert server.seen[0]["if-modified-since"] == "Wed, 26 Aug 2026 10:00:00 GMT"
    again = get(whole(ETag='"two"'), known=known)
    assert again.status == "unchanged" and again.snapshot.etag == '"two"'
    assert get(whole(OTHER, ETag='"three"'), known=known).status == "new"


def test_what_the_store_lost_or_has_from_elsewhere_is_asked_for_in_full(get: Getting, server: Server):
    known = get(whole(ETag='"one"')).snapshot
    elsewhere = known.model_copy(update={"origin": "/folder/rvu26d.zip"})
    assert get(whole(), known=elsewhere).status == "unchanged"
    assert "if-none-match" not in server.seen[0]
    stored_path(get.folder, known.sha256).unlink()
    assert get(whole(), known=known).status == "new"
    assert "if-none-match" not in server.seen[0]


def test_not_modified_without_being_asked_is_refused(get: Getting):
    get.refused("answers 304", status(304))


def test_a_broken_download_is_resumed_within_one_call(get: Getting, server: Server):
    fetched = get(cut(100_000), ranged())
    assert fetched.snapshot.sha256 == hashlib.sha256(FILE).hexdigest()
    assert (server.seen[1]["range"], server.seen[1]["if-range"]) == ("bytes=100000-", '"one"')
    assert get.held == [fetched.snapshot.sha256]
    assert get.waits == [1.0]


def test_a_broken_download_is_resumed_by_a_later_call(get: Getting, server: Server):
    says = get.refused("tried 2 times", cut(50_000), drop, patience=Patience(attempts=2))
    assert "go on where it stopped" in says and "--offline-from" in says
    assert len(get.held) == 2
    assert get(ranged()).snapshot.size == len(FILE)
    assert server.seen[0]["range"] == "bytes=50000-"
    assert get.held == [hashlib.sha256(FILE).hexdigest()]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(whole(OTHER), id="ignores Range"),
        pytest.param(ranged(OTHER, '"two"'), id="has a new file"),
    ],
)
def test_a_download_that_cannot_be_resumed_starts_over(get: Getting, second: Callable[[Handler], None]):
    assert get(cut(100_000), second).snapshot.sha256 == hashlib.sha256(OTHER).hexdigest()


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(ranged(at=99_000), id="another place"),
        pytest.param(part(OTHER, {"ETag": '"two"'}), id="mixed"),
        pytest.param(part(OTHER, {}), id="no ETag"),
        pytest.param(status(416), id="out of range"),
    ],
)
def test_a_server_that_resumes_wrongly_is_asked_for_the_whole(
    get: Getting, server: Server, second: Callable[[Handler], None]
):
    assert get(cut(100_000), second, ranged()).snapshot.sha256 == hashlib.sha256(FILE).hexdigest()
    assert "range" not in server.seen[2]


def test_a_rest_in_several_parts_is_put_together(get: Getting, server: Server):
    def half(handler: Handler) -> None:
        headers = {"ETag": '"one"', "Content-Range": f"bytes 100000-199999/{len(FILE)}"}
        handler.reply(206, FILE[100_000:200_000], headers, length=100_000)

    assert get(cut(100_000), half, ranged()).snapshot.sha256 == hashlib.sha256(FILE).hexdigest()
    assert server.seen[2]["range"] == "bytes=200000-"


@pytest.mark.parametrize("etag", ['W/"weak"', ""])
def test_without_a_strong_etag_nothing_is_resumed(get: Getting, server: Server, etag: str):
    assert get(cut(100_000, etag=etag), whole()).snapshot.sha256 == hashlib.sha256(FILE).hexdigest()
    assert "range" not in server.seen[1]


def test_a_body_in_pieces_may_not_stop_early(get: Getting):
    def torn(handler: Handler) -> None:
        headers = {"Transfer-Encoding": "chunked", "ETag": '"one"'}
        handler.reply(200, b"5\r\nPK\x03\x04a\r\n", headers, length=None)

    assert get(torn, whole()).snapshot.size == len(FILE)
    get.refused("connection broke", torn, patience=Patience(attempts=1))


def test_failures_that_pass_are_waited_out_ever_longer(get: Getting):
    answers = (drop, status(500), status(503), status(429), status(408), whole())
    assert get(*answers).status == "new"
    assert get.waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    get.refused(r"tried 6 times: the server answers 502", status(502))
    assert len(get.waits) == 5


def test_the_servers_own_wish_is_honoured_up_to_a_cap(get: Getting):
    busy = [
        status(429, Retry_After="7"),
        status(503, Retry_After="Tue, 03 Nov 2026 12:00:30 GMT"),
        status(429, Retry_After="86400"),
        status(429, Retry_After="soon"),
        status(503, Retry_After="Tue, 03 Nov 2020 12:00:00 GMT"),
    ]
    get(*busy, whole())
    assert get.waits == [7.0, 30.0, 120.0, 8.0, 16.0]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 451])
def test_a_refusal_is_not_repeated(get: Getting, server: Server, code: int):
    says = get.refused(f"answers {code}", status(code))
    assert "sources/registry.toml" in says
    assert len(server.seen) == 1 and get.waits == []


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>Licence</title>", b"\xef\xbb\xbf\r\n  <html>"])
def test_a_web_page_is_no_file(get: Getting, server: Server, page: bytes):
    get.refused("web page instead of the file", whole(page))
    assert len(server.seen) == 1 and get.held == []


def test_another_hash_than_the_pinned_keeps_nothing(get: Getting):
    pin = hashlib.sha256(OTHER).hexdigest()
    says = get.refused("not the file that the registry names", whole(ETag='"one"'), pinned=pin)
    assert pin in says and hashlib.sha256(FILE).hexdigest() in says and "registry.toml" in says
    assert get.held == []
    assert get(whole(OTHER), pinned=pin).status == "new"


def test_pinned_bytes_that_are_there_need_no_server(get: Getting, server: Server):
    pin = hashlib.sha256(FILE).hexdigest()
    known = get(whole(), pinned=pin).snapshot
    assert get(status(500), known=known, pinned=pin) == Fetched("unchanged", known)
    assert server.seen == []


def test_a_new_pin_is_not_answered_by_what_is_known(get: Getting, server: Server):
    known = get(whole(ETag='"one"')).snapshot
    assert get(whole(OTHER), known=known, pinned=hashlib.sha256(OTHER).hexdigest()).status == "new"
    assert "if-none-match" not in server.seen[0]


def test_sizes_are_limited_as_promised_and_as_sent(get: Getting):
    small = Patience(max_bytes=1000)
    get.refused("larger than", whole(), patience=small, progress=lambda *_: pytest.fail("begun"))
    get.refused("larger than", lambda h: h.reply(200, FILE, {}, length=None), patience=small)
    get.refused("is empty", whole(b""))
    assert get.held == []


def test_an_encoding_that_was_not_asked_for_is_refused(get: Getting):
    get.refused("encoding", whole(Content_Encoding="gzip"))


def test_redirects_on_this_machine_are_followed_a_few_times(get: Getting, server: Server):
    moved = status(302, Location="/files/zip/moved.zip")
    assert get(moved, status(307, Location=server.url), whole()).snapshot.origin == server.url
    assert [seen[""].rpartition("/")[2] for seen in server.seen] == ["rvu26d.zip", "moved.zip", "rvu26d.zip"]
    get.refused("sends on more than 5 times", moved)
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "target", ["http://www.cms.gov/a.zip", "http://localhost:1/a.zip", "https://localhost:1/a"]
)
def test_redirects_to_unsafe_places_are_refused(get: Getting, server: Server, target: str):
    says = get.refused("not reached by https", status(302, Location=target))
    assert target in says and len(server.seen) == 1


@pytest.mark.parametrize(
    "url", ["http://www.cms.gov/a.zip", "ftp://www.cms.gov/a.zip", "file:///etc/passwd", "a.zip"]
)
def test_only_https_is_asked(get: Getting, url: str):
    get.refused("not reached by https", whole(), url=url)


def test_addresses_that_are_none_are_refused(get: Getting):
    get.refused("no web address", whole(), url="https://www.cms.gov:port/a.zip")


def test_where_no_connection_comes_about_it_is_soon_given_up(get: Getting, server: Server):
    closed = server.url.replace(str(server.server_port), "9")  # the discard port: nobody listens
    get.refused("tried 2 times", whole(), url=closed)
    assert server.seen == []


def test_a_partial_file_beside_a_damaged_note_is_begun_again(get: Getting, server: Server):
    get.refused("tried 1 times", cut(9000), patience=Patience(attempts=1))
    next(get.folder.glob("partial-*.json")).write_text("{")
    assert get(ranged()).snapshot.size == len(FILE)
    assert "range" not in server.seen[0]


def test_a_folder_that_cannot_be_written_is_said_so(get: Getting):
    get.folder.write_text("a file, not a folder")
    with pytest.raises(StateError, match="cannot write"):
        get(whole())


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no /dev/full")
def test_a_full_disk_is_said_so(get: Getting, monkeypatch: pytest.MonkeyPatch):
    genuine = Path.open

    def full(path: Path, mode: str = "r", *rest, **options):
        return genuine(Path("/dev/full") if mode == "wb" else path, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StateError, match=r"cannot write .*No space left.*free some space"):
        get(whole())


def test_an_interrupted_download_keeps_what_came(get: Getting, server: Server):
    def stop(count: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(whole(ETag='"one"'), progress=stop)
    assert get(ranged()).snapshot.sha256 == hashlib.sha256(FILE).hexdigest()
    assert server.seen[0]["range"].startswith("bytes=")
