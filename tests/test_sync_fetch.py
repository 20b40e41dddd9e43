"""Releases fetched by the product's own fetcher from a server on this machine that fails in between."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest

from pipeline.errors import UsageError
from pipeline.sources.fetch import Patience, build_client, fetch
from pipeline.sources.registry import KnownRelease, ReleaseFile
from pipeline.sources.snapshots import Fetched, Snapshot, read_snapshots, stored_path
from pipeline.sync import SyncedFile, due_releases, sync_releases
from tests.syncing import REGISTRY, TODAY, Syncing, by_status
from tests.tables_sample import fee, fee_csv, gpci_csv, ptp_txt, zipped

PUBLISHER = "https://www.cms.gov"
GPCI = gpci_csv("01112,CA,05,A CITY,1.000,1.400,0.500")
FEES = zipped({"fees.csv": fee_csv(fee("20001")), "GPCI2026.csv": GPCI, "words.bin": bytes(range(256)) * 64})
OTHER = zipped({"fees.csv": fee_csv(fee("20003")), "GPCI2026.csv": GPCI})
RVU = f"{PUBLISHER}/files/zip/rvu26d-updated-08-26-2026.zip"


class Handler(BaseHTTPRequestHandler):
    """Sends the server's files with their ETags, ranges and conditions honoured, after its scripted failures."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast(Server, self.server)
        body, etag = server.files.get(self.path, (b"", ""))
        failure = server.failures.pop(0) if server.failures else 0
        asked = self.headers.get("Range", "")
        server.seen.append(f"{self.path.rpartition('/')[2]} {failure or 200} {asked}".strip())
        if not body or failure > 1:
            self._send(failure or 404, b"")
        elif self.headers.get("If-None-Match") == etag:
            self._send(304, b"")
        elif asked and self.headers.get("If-Range") == etag:
            start = int(asked[6:-1])
            held = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self._send(206, body[start:], ETag=etag, Content_Range=held)
        else:
            self._send(200, body[: len(body) // 2] if failure else body, length=len(body), ETag=etag)

    def _send(self, status: int, body: bytes, length: int = -1, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


CUT = 1  # a failure that breaks off half way; any other is a status


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, tuple[bytes, str]] = {}
        self.failures: list[int] = []
        self.seen: list[str] = []

    def serve(self, url: str, body: bytes, etag: str) -> None:
        self.files[url.removeprefix(PUBLISHER)] = (body, f'"{etag}"')


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


class Fetching:
    """Syncs releases whose addresses lead to the server. `waits`: how long would have been waited."""

    def __init__(self, server: Server, home: Path):
        self.server = server
        self.syncing = Syncing(home)
        self.waits: list[float] = []
        self.patience = Patience()
        self.name({"RVU26D": (RVU,)})

    def name(self, releases: dict[str, tuple[str, ...]], sha256: str = "") -> None:
        """Put releases with their addresses in place of the registry's."""
        registry = dict(REGISTRY)
        for family, entry in REGISTRY.items():
            known = tuple(
                KnownRelease(name=name, files=tuple(ReleaseFile(url=url, sha256=sha256) for url in urls))
                for name, urls in releases.items()
                if name.startswith((f"{family}-", f"{family}2"))
            )
            registry[family] = entry.model_copy(update={"releases": known})
        self.syncing.registry = registry

    def __call__(self, *releases: str) -> list[SyncedFile]:
        self.server.seen.clear()
        self.waits.clear()
        return list(sync_releases(releases or ["RVU26D"], fetch_file=self._fetch, sync=self.syncing.sync()))

    def _fetch(self, file: ReleaseFile, release: str, known: Snapshot | None) -> Fetched:
        url = file.url.replace(PUBLISHER, f"http://127.0.0.1:{self.server.server_port}")
        with build_client(version="0") as client:
            status, snapshot = fetch(
                url,
                client=client,
                folder=self.syncing.home / "snapshots",
                release=release,
                now=lambda: datetime(2026, 11, 24, tzinfo=UTC),
                sleep=self.waits.append,
                jitter=lambda: 1.0,
                known=known.model_copy(update={"origin": url}) if known else None,
                pinned_sha256=file.sha256,
                patience=self.patience,
            )
        return Fetched(status, snapshot.model_copy(update={"origin": file.url}))


@pytest.fixture
def get(server: Server, tmp_path: Path) -> Fetching:
    server.serve(RVU, FEES, "one")
    return Fetching(server, tmp_path / "home")


def test_a_release_is_fetched_loaded_and_recorded_and_then_not_sent_again(get: Fetching, server: Server):
    (file,) = get()
    assert (file.name, file.release, file.status) == (RVU.rpartition("/")[2], "RVU26D", "new")
    assert by_status(file.tables) == {
        "fees.csv": "loaded",
        "GPCI2026.csv": "loaded",
        "words.bin": "passed over",
    }
    (snapshot,) = read_snapshots(get.syncing.home / "snapshots", "RVU26D")
    assert (snapshot.origin, snapshot.etag, snapshot.retrieved_on) == (RVU, '"one"', TODAY)
    server.files[RVU.removeprefix(PUBLISHER)] = (OTHER, '"one"')  # not looked at: the ETag is the same
    (again,) = get()
    assert again.status == "unchanged" and len(server.seen) == 1
    assert get.syncing.rows() == ["20001"] and len(get.syncing.shown) == 1


def test_a_server_that_fails_first_and_breaks_off_is_met_with_patience(get: Fetching, server: Server):
    server.failures = [503, CUT]
    (file,) = get()
    assert file.status == "new" and get.syncing.rows() == ["20001"]
    name = RVU.rpartition("/")[2]
    assert server.seen == [f"{name} 503", f"{name} 1", f"{name} 200 bytes={len(FEES) // 2}-"]
    assert get.waits == [1.0, 2.0]


def test_what_could_not_be_fetched_is_gone_on_with_by_the_next_run(get: Fetching, server: Server):
    get.patience = Patience(attempts=2)
    server.failures = [CUT, 502]
    (file,) = get()
    assert file.status == "refused" and "tried 2 times" in file.reason and "--offline-from" in file.reason
    assert file.name == RVU and get.syncing.tables() == []
    assert get()[0].status == "new"
    assert server.seen == [f"{RVU.rpartition('/')[2]} 200 bytes={len(FEES) // 2}-"]


def test_a_file_issued_again_replaces(get: Fetching, server: Server):
    get()
    server.serve(RVU, OTHER, "two")
    (file,) = get()
    assert file.status == "new" and by_status(file.tables)["fees.csv"] == "loaded"
    assert get.syncing.rows() == ["20003"]


def test_the_same_bytes_under_another_etag_are_not_read_and_not_sent_a_third_time(
    get: Fetching, server: Server
):
    get()
    server.serve(RVU, FEES, "two")
    assert get()[0].status == "unchanged"
    (snapshot,) = read_snapshots(get.syncing.home / "snapshots", "RVU26D")
    assert snapshot.etag == '"two"'
    server.files[RVU.removeprefix(PUBLISHER)] = (OTHER, '"two"')
    assert get()[0].status == "unchanged"


def test_another_file_than_the_pinned_one_is_refused_and_what_is_loaded_stays(get: Fetching, server: Server):
    get.name({"RVU26D": (RVU,)}, sha256=hashlib.sha256(FEES).hexdigest())
    assert get()[0].status == "new"
    server.serve(RVU, OTHER, "two")
    assert get()[0].status == "unchanged" and server.seen == []  # the pinned bytes are there
    get.name({"RVU26D": (RVU,)}, sha256="0" * 64)
    (file,) = get()
    assert file.status == "refused" and "not the file that the registry names" in file.reason
    assert get.syncing.rows() == ["20001"]


def test_files_that_cannot_be_had_leave_the_others(get: Fetching, server: Server):
    parts = [f"{PUBLISHER}/files/zip/ccipra-v323r0-f{part}.zip" for part in (1, 2, 3, 4)]
    get.name({"RVU26D": (RVU,), "PTP-2026Q4": tuple(parts)})
    for part, url in enumerate(parts, 1):
        if part != 3:
            content = zipped({f"ccipra-v323r0-f{part}.txt": ptp_txt(f"2000{part} 20009 20180101 * 1")})
            server.serve(url, content, "one")
    server.serve(RVU, b"<html>Please accept</html>", "one")
    found = {file.name.rpartition("/")[2]: file for file in get("RVU26D", "PTP-2026Q4")}
    assert [file.status for file in found.values()] == ["refused", "refused", "new", "new", "new"]
    assert "web page instead of the file" in found["rvu26d-updated-08-26-2026.zip"].reason
    assert "answers 404" in found["ccipra-v323r0-f3.zip"].reason
    assert get.syncing.tables() == [f"PTP-2026Q4 ptp {part}/4 1" for part in (1, 2, 4)]


def test_what_came_before_the_licence_was_accepted_need_not_come_again(get: Fetching, server: Server):
    get.syncing.by = None
    with pytest.raises(UsageError, match="--accept-ama-licence"):
        get()
    assert get.syncing.tables() == []
    get.syncing.by = "Kim"
    server.files[RVU.removeprefix(PUBLISHER)] = (OTHER, '"one"')  # not looked at: the ETag is the same
    assert get()[0].status == "new" and get.syncing.rows() == ["20001"]


def test_a_damaged_archive_is_fetched_again(get: Fetching, server: Server):
    server.serve(RVU, FEES[:-30], "one")
    assert "cut short or damaged" in get()[0].reason
    server.serve(RVU, FEES, "one")
    assert get()[0].status == "new"


def test_stored_bytes_that_were_altered_are_fetched_again_before_they_are_loaded(
    get: Fetching, server: Server
):
    get()
    store = get.syncing.home / "snapshots"
    (snapshot,) = read_snapshots(store, "RVU26D")
    stored_path(store, snapshot.sha256).write_bytes(FEES[:-1] + b"\1")
    assert get()[0].status == "unchanged"  # not looked at: its tables are loaded
    (get.syncing.home / "facts.sqlite").unlink()
    server.seen.clear()
    assert get()[0].status == "new" and get.syncing.rows() == ["20001"]
    assert stored_path(store, snapshot.sha256).read_bytes() == FEES
    assert len(server.seen) == 2  # whether there is a newer one, then for the bytes


def test_what_is_due_is_the_newest_release_of_each_family_that_has_started_and_an_address():
    due = due_releases(REGISTRY, TODAY)
    assert {"RVU26D", "PTP-2026Q4"} <= set(due) and "RVU26C" not in due
    assert due_releases(REGISTRY, TODAY.replace(month=9)) != due
    assert due_releases(REGISTRY, TODAY.replace(year=2025)) == []
