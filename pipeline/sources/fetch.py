"""One file from the web into the store of snapshots: conditional, resumed, repeated with patience, hashed, pinned.

The body goes to a partial file named after the URL's hash; only a complete file with the right hash is moved to its
place. A partial file is resumed when the server still has the same bytes (a strong ETag says so), else begun again.
Callers hold a lock: two processes must not write one partial file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import SourceError
from pipeline.sources.registry import file_name
from pipeline.sources.snapshots import (
    MAX_BYTES,
    Fetched,
    Snapshot,
    is_stored,
    looks_like_web_page,
    stored_path,
)
from pipeline.store import cannot_write, write_atomically

if TYPE_CHECKING:
    from httpx2 import Client, Request, Response
    from tenacity import RetryCallState

Progress = Callable[[int, int | None], None]
"""Told the bytes held so far and the whole size, None where the server does not say."""

_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PASSING_STATUS = frozenset((408, 425, 429))
_CONNECT_TIMEOUT_S = 15.0
_READ_TIMEOUT_S = 60.0
_BY_HAND = "download it in a browser and run briefwright sources sync --offline-from FOLDER"


@dataclass(frozen=True)
class Patience:
    """How often and how long to try. Waits double from `first_wait_s`; a server may ask for longer, up to the cap.

    Where no connection comes about, `unreachable_attempts` are enough.
    """

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    unreachable_attempts: int = 2
    redirects: int = 5
    max_bytes: int = MAX_BYTES


def build_client(*, version: str) -> Client:
    """A client that says who asks, waits with limits, and leaves redirects to `fetch`. Close it after use."""
    from httpx2 import Client, Timeout  # 70 ms that only a sync needs

    return Client(
        headers={"User-Agent": f"briefwright/{version}"},
        timeout=Timeout(_READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
        follow_redirects=False,
    )


def fetch(
    url: str,
    *,
    client: Client,
    folder: Path,
    release: str,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
    known: Snapshot | None = None,
    pinned_sha256: str = "",
    progress: Progress | None = None,
    patience: Patience | None = None,
    web_page: bool = False,
    by_hand: str = _BY_HAND,
) -> Fetched:
    """Bring the file at `url` into `folder`; the result is to be recorded by the caller.

    `known` is what the store holds for it: a server that has nothing newer is not asked for the bytes, and none at all
    where those bytes are the pinned ones. `web_page`: one is welcome; else it stands in a file's place and is refused.
    `by_hand` tells what to do instead. `now` gives UTC; `jitter` gives 0 to 1 and spreads the waits.

    Raises SourceError when the address is not https, the server refuses or keeps failing (what came is kept to be
    resumed), sends a web page, an empty or an oversized file, or one without the pinned hash; StateError when the
    folder cannot be written.
    """
    from tenacity import Retrying, retry_if_exception_type  # 30 ms

    patience = patience or Patience()
    if known and not is_stored(folder, known):
        known = None
    if known and pinned_sha256 == known.sha256:
        return Fetched("unchanged", known)
    older = known if known and known.origin == url and not pinned_sha256 else None
    download = _Download(
        url, client, _Partial(folder, url), older, progress, patience, now, web_page, by_hand
    )
    retrying = Retrying(
        stop=lambda state: state.attempt_number >= _attempts(state, patience),
        wait=lambda state: _wait_s(state, patience, jitter),
        retry=retry_if_exception_type(_PassingError),
        sleep=sleep,
        reraise=True,
    )
    try:
        received = retrying(download.attempt)
    except _PassingError as error:
        tried = retrying.statistics["attempt_number"]
        raise SourceError(
            f"{url} could not be fetched, tried {tried} times: {error}; run the command again later to go "
            f"on where it stopped, or {by_hand}"
        ) from error
    if received is None:
        assert older  # noqa: S101 - `attempt` accepts "not modified" only where it asked
        return Fetched("unchanged", older)
    if pinned_sha256 and received.sha256 != pinned_sha256:
        download.partial.drop()
        raise SourceError(
            f"{url} is not the file that the registry names: expected SHA-256 {pinned_sha256}, found "
            f"{received.sha256}; nothing of it was kept; look on the publisher's page whether it was issued again, "
            "and if so change sha256 in sources/registry.toml"
        )
    snapshot = Snapshot(
        origin=url,
        name=file_name(url),
        release=release,
        sha256=received.sha256,
        size=received.size,
        retrieved_on=now().date(),
        etag=received.etag,
        last_modified=received.last_modified,
    )
    download.partial.become(stored_path(folder, received.sha256))
    same = known is not None and (known.sha256, known.release) == (snapshot.sha256, release)
    return Fetched("unchanged" if same else "new", snapshot)


class _PassingError(Exception):
    """An attempt failed in a way that another may not. `retry_after_s` is what the server asked for."""

    def __init__(self, message: str, retry_after_s: float | None = None):
        super().__init__(message)
        self.retry_after_s = retry_after_s


class _UnreachableError(_PassingError):
    """No connection came about: most likely there is no network, and waiting long helps nobody."""


class _Received(NamedTuple):
    sha256: str
    size: int
    etag: str
    last_modified: str


class _Resumable(NamedTuple):
    size: int
    etag: str


class _Partial:
    """The bytes that came so far, and beside them the ETag under which they came."""

    def __init__(self, folder: Path, url: str):
        self.path = folder / f"partial-{hashlib.sha256(url.encode()).hexdigest()[:32]}"
        self._note = self.path.with_suffix(".json")

    def resumable(self) -> _Resumable | None:
        try:
            size, etag = self.path.stat().st_size, json.loads(self._note.read_bytes())["etag"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return _Resumable(size, etag) if size and isinstance(etag, str) and etag.startswith('"') else None

    def begin(self, etag: str) -> None:
        """Start from nothing; the note comes before the bytes, so that bytes never stand beside another's ETag."""
        self.drop()
        write_atomically(self._note, json.dumps({"etag": etag}))

    def drop(self) -> None:
        with self.writing():
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)

    def become(self, target: Path) -> None:
        with self.writing():
            self.path.replace(target)
            self._note.unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self.path, error.strerror or str(error)) from error


class _Download(NamedTuple):
    """One file being fetched, over as many attempts as it takes."""

    url: str
    client: Client
    partial: _Partial
    known: Snapshot | None
    progress: Progress | None
    patience: Patience
    now: Callable[[], datetime]
    web_page: bool
    by_hand: str

    def attempt(self) -> _Received | None:
        """The whole file, resumed where possible; None where the server has nothing newer than `known`."""
        held = self.partial.resumable()
        with self._answer(held) as response:
            status = response.status_code
            if status == 304 and self.known:
                self.partial.drop()
                return None
            if status == 416 and held:
                self.partial.drop()
                raise _PassingError("the server cannot go on where it stopped")
            if status in _PASSING_STATUS or status >= 500:
                raise _PassingError(
                    f"the server answers {status} {response.reason_phrase}", self._retry_after_s(response)
                )
            if status not in (200, 206):
                raise SourceError(
                    f"{self.url} answers {status} {response.reason_phrase}; look for it on the publisher's page, "
                    f"then {self._correct}, or {self.by_hand}"
                )
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise SourceError(f"{self.url} comes in an encoding that was not asked for; {self.by_hand}")
            if status == 200:
                return self._receive(response, start=0)
            if not held or not self._continues(response, held):
                self.partial.drop()
                raise _PassingError("the server went on with another file or at another place")
            return self._receive(response, start=held.size)

    @contextmanager
    def _answer(self, held: _Resumable | None) -> Iterator[Response]:
        from httpx2 import ConnectError, HTTPError, InvalidURL

        headers = {"Accept-Encoding": "identity"}  # lengths, ranges and hashes are of the file's own bytes
        if held:
            headers |= {"Range": f"bytes={held.size}-", "If-Range": held.etag}
        if self.known and self.known.etag:
            headers["If-None-Match"] = self.known.etag
        if self.known and self.known.last_modified:
            headers["If-Modified-Since"] = self.known.last_modified
        try:
            request: Request | None = self.client.build_request("GET", self.url, headers=headers)
        except InvalidURL as error:
            raise SourceError(f"{self.url} is no web address ({error}); {self._correct}") from error
        for _ in range(self.patience.redirects + 1):
            if request is None:
                raise _PassingError("the server sends on without saying where")
            self._require_safe(request)
            try:
                response = self.client.send(request, stream=True)
            except (HTTPError, OSError) as error:
                kind = _UnreachableError if isinstance(error, ConnectError) else _PassingError
                raise kind(str(error) or type(error).__name__) from error
            try:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                request = response.next_request
            finally:
                response.close()
        raise SourceError(f"{self.url} sends on more than {self.patience.redirects} times; {self.by_hand}")

    @property
    def _correct(self) -> str:
        return "correct the address" + ("" if self.web_page else " in sources/registry.toml")

    def _require_safe(self, request: Request) -> None:
        target = request.url
        if target.scheme == "https" and target.host not in _LOOPBACK:
            return
        if target.host in _LOOPBACK and self.client.build_request("GET", self.url).url.host == target.host:
            return
        via = "" if str(target) == self.url else f" sends on to {target}, which"
        raise SourceError(f"{self.url}{via} is not reached by https, so it is refused; {self.by_hand}")

    def _continues(self, response: Response, held: _Resumable) -> bool:
        asked = f"bytes {held.size}-"
        return response.headers.get("ETag") == held.etag and response.headers.get(
            "Content-Range", ""
        ).startswith(asked)

    def _receive(self, response: Response, *, start: int) -> _Received:
        headers = response.headers
        total = _whole_size(response, start)
        if total is not None and total > self.patience.max_bytes:
            raise self._oversized()
        digest = hashlib.sha256()
        if start:
            with self.partial.writing(), self.partial.path.open("rb") as stream:
                while block := stream.read(2**20):
                    digest.update(block)
        else:
            self.partial.begin(headers.get("ETag", ""))
        count, head = start, b""
        with self.partial.writing(), self.partial.path.open("ab" if start else "wb") as out:
            for block in _blocks(response):
                if not start and not self.web_page and len(head) < 64:
                    head = (head + block)[:64]
                    if looks_like_web_page(head):
                        self.partial.drop()
                        raise SourceError(
                            f"{self.url} answers with a web page instead of the file, perhaps to have its licence "
                            f"accepted there first; {self.by_hand}"
                        )
                count += len(block)
                if count > self.patience.max_bytes:
                    raise self._oversized()
                out.write(block)
                digest.update(block)
                if self.progress:
                    self.progress(count, total)
        if total is not None and count != total:
            if count > total:
                self.partial.drop()
            raise _PassingError(f"only {count:,} of {total:,} bytes came")
        if not count:
            self.partial.drop()
            raise SourceError(f"{self.url} is empty; {self.by_hand}")
        return _Received(digest.hexdigest(), count, headers.get("ETag", ""), headers.get("Last-Modified", ""))

    def _oversized(self) -> SourceError:
        self.partial.drop()
        most = self.patience.max_bytes / 2**20
        return SourceError(
            f"{self.url} is larger than {most:,.1f} MiB, more than any official file; it was not kept"
        )

    def _retry_after_s(self, response: Response) -> float | None:
        asked = response.headers.get("Retry-After", "").strip()
        if asked.isdecimal():
            return float(asked)
        try:
            until = parsedate_to_datetime(asked)
        except (ValueError, TypeError):
            return None
        return max((until.astimezone(UTC) - self.now()).total_seconds(), 0.0)


def _blocks(response: Response) -> Iterator[bytes]:
    from httpx2 import HTTPError

    try:
        yield from response.iter_raw()
    except (HTTPError, OSError) as error:
        raise _PassingError(f"the connection broke ({error or type(error).__name__})") from error


def _whole_size(response: Response, start: int) -> int | None:
    if start:
        text = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _attempts(state: RetryCallState, patience: Patience) -> int:
    error = state.outcome.exception() if state.outcome else None
    return patience.unreachable_attempts if isinstance(error, _UnreachableError) else patience.attempts


def _wait_s(state: RetryCallState, patience: Patience, jitter: Callable[[], float]) -> float:
    doubled = patience.first_wait_s * 2 ** (state.attempt_number - 1)
    wait = doubled * (0.5 + 0.5 * jitter())
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _PassingError) and error.retry_after_s is not None:
        wait = max(wait, error.retry_after_s)
    return min(wait, patience.longest_wait_s)
