"""The files inside a downloaded file, as streams: nothing is unpacked to disk under a name it brings along.

A plain file is its own single member. A zip gives its files, and those of zips inside it, one level down; a workbook
is a zip too, but one member. A `.gz` gives its content. Sizes are checked twice, as declared and as read, because a
header can lie; whatever is unsound raises SourceError in one sentence.
"""

from __future__ import annotations

import gzip
import io
import re
import stat
import struct
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from pipeline.errors import SourceError
from pipeline.store import cannot_write

if TYPE_CHECKING:
    from typing_extensions import Buffer

_BLOCK = 256 * 1024
_MEBIBYTE = 2**20
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_WORKBOOK = "[Content_Types].xml"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_LOCAL_HEADER = 30
# What zipfile, gzip and zlib raise for bytes that are no sound archive. BadGzipFile is an OSError, and so is what a
# header that points outside the file leads to; `_reason` keeps the system's own words for a disk that fails.
_UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Member(NamedTuple):
    """A file inside the file. `open` gives a fresh stream of its bytes at each call; `size` is in bytes.

    The stream raises SourceError where the bytes turn out damaged, or other than declared.
    """

    name: str
    open: Callable[[], BinaryIO]
    size: int


@dataclass(frozen=True)
class Limits:
    """What an official file stays far below: a PTP part unpacks to some 100 MB, a fee schedule zip to 30 MB.

    `ratio` is unpacked over packed size, asked only of members above `ratio_from` bytes. `depth`: zips within zips.
    """

    members: int = 2000
    member_bytes: int = 1024 * _MEBIBYTE
    total_bytes: int = 4096 * _MEBIBYTE
    ratio: int = 250
    ratio_from: int = 16 * _MEBIBYTE
    depth: int = 1


def open_members(path: Path, *, name: str = "", limits: Limits | None = None) -> Iterator[Member]:
    """The files in `path`, which was published as `name` (the file's own name where empty).

    A member of a zip inside the zip is named `INNER.zip/MEMBER`. The whole table of contents is checked before the
    first member is given, that of an inner zip when its turn comes. Raises SourceError, while iterating, for an unsafe
    name, a link, an encrypted, overlapping, duplicate or damaged member, or anything beyond `limits`.
    """
    name = name or path.name
    allowed = limits or Limits()
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
        size = path.stat().st_size
    except OSError as error:
        raise SourceError(
            f"{name} cannot be read ({error.strerror}); check the file and its permissions"
        ) from error
    if magic in _ZIP:
        yield from _Zip(path.open("rb"), name=name, budget=_Budget(name, allowed)).members()
    elif magic.startswith(_GZIP):
        yield _gunzipped(path, name=name, packed=size, limits=allowed)
    elif name.lower().endswith((".zip", ".xlsx", ".gz")):
        raise SourceError(f"{name} is not what its name says: it is no archive at all; download it again")
    else:
        yield Member(name, lambda: path.open("rb"), size)


class _Budget:
    """What is left of the limits for one downloaded file, inner zips included."""

    def __init__(self, name: str, limits: Limits):
        self.name, self.limits = name, limits
        self._members = self._bytes = 0

    def declare(self, infos: list[zipfile.ZipInfo]) -> None:
        """Count the declared contents of an archive, before any of it is read."""
        self._members += len(infos)
        if self._members > self.limits.members:
            raise SourceError(
                f"{self.name} holds more than {self.limits.members:,} files, so it is no official table"
            )
        for info in infos:
            self._bytes += info.file_size
            _check_size(f"{self.name}: {info.filename}", info.file_size, info.compress_size, self.limits)
        if self._bytes > self.limits.total_bytes:
            raise SourceError(
                f"{self.name} unpacks to {_mib(self._bytes)} in all, more than {_mib(self.limits.total_bytes)}, "
                "so it is refused as a zip bomb"
            )


def _check_size(what: str, size: int, packed: int, limits: Limits) -> None:
    """Raise SourceError where `size` unpacked bytes out of `packed` ones are more than a member may be."""
    if size > limits.member_bytes:
        raise SourceError(
            f"{what} unpacks to {_mib(size)}, more than {_mib(limits.member_bytes)}, so it is refused"
        )
    if size > limits.ratio_from and size > limits.ratio * max(packed, 1):
        raise SourceError(
            f"{what} unpacks to more than {limits.ratio} times its packed size, so it is refused as a zip bomb"
        )


class _Zip:
    """An open zip; lives as long as a member of it may be opened, and closes its file after that."""

    def __init__(self, stream: BinaryIO, *, name: str, budget: _Budget, depth: int = 0):
        self._name, self._budget, self._depth = name, budget, depth
        self._what = f"{budget.name}: {name}" if depth else name
        weakref.finalize(self, stream.close)
        self._stream = stream
        self._workbook_checked = False
        try:
            self._archive = zipfile.ZipFile(cast(BinaryIO, _Directory(stream, budget.limits)))
        except SourceError as error:
            raise SourceError(f"{self._what}: {error}") from error
        except _UNSOUND as error:
            raise SourceError(
                f"{self._what} is cut short or damaged ({_reason(error)}); delete it and download it again"
            ) from error
        self._infos = self._checked(self._archive.infolist())

    @property
    def is_workbook(self) -> bool:
        return any(info.filename == _WORKBOOK for info in self._infos)

    def members(self) -> Iterator[Member]:
        if self.is_workbook:
            stream = self._stream
            yield Member(self._name, lambda: self._whole(stream), _length(stream))
            return
        if not self._infos:
            raise SourceError(f"{self._what} is an empty archive; download it again")
        for info in self._infos:
            yield from self._member(info)

    def _member(self, info: zipfile.ZipInfo) -> Iterator[Member]:
        with self._open(info) as stream:
            if stream.read(4) not in _ZIP:
                yield Member(self._shown(info), lambda: self._open(info), info.file_size)
                return
        inner = _Zip(self._spooled(info), name=self._shown(info), budget=self._budget, depth=self._depth + 1)
        if not inner.is_workbook and inner._depth > self._budget.limits.depth:
            raise SourceError(
                f"{inner._what} is a zip too deep inside other zips; unpack the outer one by hand"
            )
        yield from inner.members()

    def _shown(self, info: zipfile.ZipInfo) -> str:
        return f"{self._name}/{info.filename}" if self._depth else info.filename

    def _open(self, info: zipfile.ZipInfo) -> BinaryIO:
        what = f"{self._budget.name}: {self._shown(info)}"
        try:
            packed = self._archive.open(info)
        except _UNSOUND as error:
            raise _damaged(what, error) from error
        return _guarded(
            packed, what=what, size=info.file_size, packed=info.compress_size, limits=self._budget.limits
        )

    def _spooled(self, info: zipfile.ZipInfo) -> BinaryIO:
        """The member in a nameless temporary file, because a zip is read by jumping about in it."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - the zip read from it closes it
        try:
            with self._open(info) as stream:
                while block := stream.read(_BLOCK):
                    spool.write(block)
            spool.flush()
        except OSError as error:
            spool.close()
            folder = Path(tempfile.gettempdir())
            raise cannot_write(folder / info.filename, error.strerror or str(error)) from error
        except BaseException:
            spool.close()
            raise
        return cast(BinaryIO, spool)

    def _whole(self, stream: BinaryIO) -> BinaryIO:
        """The workbook's own bytes, once each part of it has unpacked within the limits: its reader will not check."""
        if not self._workbook_checked:
            for info in self._infos:
                with self._open(info) as part:
                    while part.read(_BLOCK):
                        pass
            self._workbook_checked = True
        return cast(BinaryIO, io.BufferedReader(_Window(stream, self), _BLOCK))

    def _checked(self, infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        seen: set[str] = set()
        for info in infos:
            what = f"{self._what}: member {info.orig_filename!r}"
            if not info.orig_filename or _UNSAFE.search(info.orig_filename):
                raise SourceError(f"{what} has a name that could leave its folder, so the archive is refused")
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise SourceError(f"{what} is a link or device, not a file, so the archive is refused")
            if info.flag_bits & _ENCRYPTED:
                raise SourceError(f"{what} is encrypted; decrypt the archive and sync it with --offline-from")
            if info.compress_type not in _METHODS:
                raise SourceError(
                    f"{what} is packed by method {info.compress_type}, which is not read here; unpack it by hand "
                    "and sync the folder with --offline-from"
                )
            if info.orig_filename in seen:
                raise SourceError(f"{what} is there twice, so the archive is refused")
            seen.add(info.orig_filename)
        self._refuse_overlaps(infos)
        files = [info for info in infos if not info.is_dir()]
        self._budget.declare(infos)
        return files

    def _refuse_overlaps(self, infos: list[zipfile.ZipInfo]) -> None:
        spans = [
            (info.header_offset, info.header_offset + _LOCAL_HEADER + info.compress_size) for info in infos
        ]
        spans.append((self._archive.start_dir, self._archive.start_dir))
        spans.sort()
        if any(end > start for (_, end), (start, _) in pairwise(spans)):
            raise SourceError(f"{self._what}: its members overlap, so the archive is refused as a zip bomb")


class _Directory:
    """A zip's stream for `zipfile`, which would otherwise read a table of contents of any size into memory."""

    def __init__(self, stream: BinaryIO, limits: Limits):
        self._stream = stream
        self._most = max(_MEBIBYTE, 512 * limits.members)
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            size = self._most  # zipfile asks for "the rest" only at the end of the file
        elif size > self._most:
            raise SourceError(
                "its table of contents is larger than that of any official file, so it is refused"
            )
        return self._stream.read(size)


class _Guarded(io.RawIOBase):
    """A packed stream, counted while it is read."""

    def __init__(self, source: BinaryIO, *, what: str, size: int | None, packed: int, limits: Limits):
        self._source, self._what, self._size, self._packed, self._limits = source, what, size, packed, limits
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        target = memoryview(buffer)
        try:
            block = self._source.read(len(target))
        except _UNSOUND as error:
            raise _damaged(self._what, error) from error
        self.count += len(block)
        _check_size(self._what, self.count, self._packed, self._limits)
        if not block and self._size is not None and self.count != self._size:
            raise SourceError(
                f"{self._what} says it has {self._size:,} bytes but holds {self.count:,}; "
                "delete the file and download it again"
            )
        target[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


class _Window(io.RawIOBase):
    """A reader of a whole stream with a position of its own; `owner` keeps the stream open meanwhile."""

    def __init__(self, stream: BinaryIO, owner: object):
        self._stream, self._owner, self._at = stream, owner, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: _length(self._stream)}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        target = memoryview(buffer)
        self._stream.seek(self._at)
        block = self._stream.read(len(target))
        target[: len(block)] = block
        self._at += len(block)
        return len(block)


def _gunzipped(path: Path, *, name: str, packed: int, limits: Limits) -> Member:
    def opened() -> BinaryIO:
        return _guarded(gzip.GzipFile(path), what=name, size=None, packed=packed, limits=limits)

    size = 0
    with opened() as stream:  # a gzip states its size only modulo 4 GiB
        while block := stream.read(_BLOCK):
            size += len(block)
    return Member(name[:-3] if name.lower().endswith(".gz") else name, opened, size)


def _guarded(source: object, *, what: str, size: int | None, packed: int, limits: Limits) -> BinaryIO:
    raw = _Guarded(cast(BinaryIO, source), what=what, size=size, packed=packed, limits=limits)
    return cast(BinaryIO, io.BufferedReader(raw, _BLOCK))


def _length(stream: BinaryIO) -> int:
    return stream.seek(0, io.SEEK_END)


def _damaged(what: str, error: Exception) -> SourceError:
    return SourceError(f"{what} is damaged ({_reason(error)}); delete the file and download it again")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _mib(size: int) -> str:
    return f"{size / _MEBIBYTE:,.1f} MiB"
