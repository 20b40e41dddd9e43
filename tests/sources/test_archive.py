"""Archives as streams: what is given, and above all what is refused."""

from __future__ import annotations

import gzip
import io
import random
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.facts.readers.layout import TableFile
from pipeline.sources.archive import Limits, Member, open_members

TABLE = b"HCPCS,MOD\r\n20970,\r\n"


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return held.getvalue()


def members_of(folder: Path, data: bytes, name: str = "a.zip", limits: Limits | None = None) -> list[Member]:
    path = folder / "stored"
    path.write_bytes(data)
    return list(open_members(path, name=name, limits=limits))


def contents(members: list[Member]) -> dict[str, bytes]:
    found = {}
    for member in members:
        with member.open() as stream:
            found[member.name] = stream.read()
        assert member.size == len(found[member.name])
    return found


def refused(folder: Path, data: bytes, says: str, limits: Limits | None = None, name: str = "a.zip") -> None:
    with pytest.raises(SourceError, match=says) as error:
        contents(members_of(folder, data, name, limits))
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_a_member_has_the_shape_readers_take():
    assert Member._fields == TableFile._fields


def test_a_plain_file_gives_itself_as_often_as_asked(tmp_path: Path):
    (member,) = members_of(tmp_path, TABLE, "PPRRVU.csv")
    assert contents([member]) == contents([member]) == {"PPRRVU.csv": TABLE}


def test_a_zip_gives_its_files_and_those_of_zips_in_it(tmp_path: Path):
    data = zipped(
        ("docs/", b""), ("docs/a.csv", TABLE), ("part.zip", zipped(("b.txt", b"b"), ("c.txt", b"c")))
    )
    assert contents(members_of(tmp_path, data)) == {
        "docs/a.csv": TABLE,
        "part.zip/b.txt": b"b",
        "part.zip/c.txt": b"c",
    }


def test_members_may_be_read_side_by_side_and_after_the_walk(tmp_path: Path):
    first, second = members_of(tmp_path, zipped(("in.zip", zipped(("a", b"1" * 9), ("b", b"2" * 9)))))
    one, two = first.open(), second.open()
    assert (one.read(3), two.read(3), one.read(), two.read()) == (b"111", b"222", b"1" * 6, b"2" * 6)


def test_a_workbook_is_one_member_alone_and_inside_a_zip(tmp_path: Path):
    book = zipped(("[Content_Types].xml", b"<Types/>"), ("xl/worksheets/sheet1.xml", b"<c/>" * 1000))
    assert contents(members_of(tmp_path, book, "GPCI.xlsx")) == {"GPCI.xlsx": book}
    (member,) = members_of(tmp_path, zipped(("GPCI.xlsx", book)))
    assert contents([member]) == {"GPCI.xlsx": book}
    with member.open() as stream:
        stream.seek(-4, io.SEEK_END)
        assert stream.read() == book[-4:]


def test_gzip_is_known_by_its_bytes(tmp_path: Path):
    assert contents(members_of(tmp_path, gzip.compress(TABLE), "PPRRVU.csv.gz")) == {"PPRRVU.csv": TABLE}
    assert contents(members_of(tmp_path, gzip.compress(TABLE), "PPRRVU")) == {"PPRRVU": TABLE}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up.csv",
        "a/../../b",
        "a/..",
        "C:/x.csv",
        "c:x.csv",
        "..\\up.csv",
        "a\\b.csv",
        "\\\\host\\x",
        "a\nb",
    ],
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str):
    refused(tmp_path, zipped(("good.csv", TABLE), (name, b"x")), "could leave its folder")
    refused(tmp_path, zipped(("in.zip", zipped((name, b"x")))), "could leave its folder")


def test_a_name_cut_by_a_zero_byte_is_refused(tmp_path: Path):
    data = zipped(("good.csv_bad", TABLE)).replace(b"good.csv_bad", b"good.csv\0bad")
    refused(tmp_path, data, "could leave its folder")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["..", ".", "a", "b c", "", "C:", "é", "...", "a..b"]), min_size=1, max_size=4)
)
def test_any_path_is_given_as_it_stands_or_refused(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
):
    folder = tmp_path_factory.mktemp("zip")
    name = "/".join(parts)
    assume(name)
    unsafe = ".." in parts or name.startswith(("/", "C:"))
    data = zipped(("good", b""), (name, TABLE))
    if unsafe:
        refused(folder, data, "could leave its folder")
    else:
        found = contents(members_of(folder, data))
        assert found == ({"good": b""} if name.endswith("/") else {"good": b"", name: TABLE})
    assert sorted(entry.name for entry in folder.iterdir()) == ["stored"]


def test_links_and_devices_are_refused(tmp_path: Path):
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, (kind | 0o777) << 16
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr(info, "/etc/passwd")
        refused(tmp_path, held.getvalue(), "link or device")


def central(data: bytes, offset: int, form: str, value: int, which: int = 0) -> bytes:
    """`data` with a field of the `which`-th central directory entry changed."""
    at = -1
    for _ in range(which + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    changed = bytearray(data)
    struct.pack_into(form, changed, at + offset, value)
    return bytes(changed)


def test_encrypted_and_strangely_packed_members_are_refused(tmp_path: Path):
    refused(tmp_path, central(zipped(("a.csv", TABLE)), 8, "<H", 1), "decrypt the archive")
    refused(tmp_path, zipped(("a.csv", TABLE), method=zipfile.ZIP_BZIP2), "method 12.*unpack it by hand")
    refused(tmp_path, central(zipped(("a.csv", TABLE)), 10, "<H", 9), "method 9")


def test_the_same_name_twice_is_refused(tmp_path: Path):
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a.csv", TABLE), ("a.csv", b"other"))
    refused(tmp_path, data, "there twice")


def test_members_over_one_another_are_refused(tmp_path: Path):
    refused(tmp_path, central(zipped(("a", TABLE * 9), ("b", TABLE)), 42, "<I", 0, which=1), "overlap")
    longer = central(
        zipped(
            (
                "a",
                b"x" * 99,
            ),
            ("b", TABLE),
            method=zipfile.ZIP_STORED,
        ),
        20,
        "<I",
        150,
    )
    refused(tmp_path, longer, "overlap")
    refused(tmp_path, central(zipped(("a", TABLE)), 20, "<I", 5000), "overlap|damaged")


def test_too_many_members_are_refused_inner_ones_counted(tmp_path: Path):
    four = zipped(*((f"{n}.csv", b"") for n in range(4)))
    assert len(members_of(tmp_path, four, limits=Limits(members=4))) == 4
    refused(tmp_path, four, "more than 3 files", Limits(members=3))
    refused(tmp_path, zipped(("a.zip", four), ("b.zip", four)), "more than 9 files", Limits(members=9))


def test_a_huge_table_of_contents_is_refused_before_it_is_read(tmp_path: Path):
    many = zipped(*((f"{n:0200}", b"") for n in range(6000)), method=zipfile.ZIP_STORED)
    refused(tmp_path, many, "table of contents is larger", Limits(members=10))


def test_declared_sizes_over_the_limits_are_refused(tmp_path: Path):
    small = Limits(member_bytes=1000, total_bytes=1500)
    refused(tmp_path, zipped(("a", b"x" * 1001)), "more than", small)
    refused(tmp_path, zipped(("a", b"x" * 800), ("b", b"y" * 800)), "in all", small)
    refused(
        tmp_path,
        zipped(("a", b"x"), ("z.zip", zipped(("b", b"x" * 800), ("c", b"y" * 800)))),
        "in all",
        small,
    )


def test_ratio_bombs_are_refused(tmp_path: Path):
    limits = Limits(ratio_from=100_000)
    bomb = b"\0" * 1_000_000
    refused(tmp_path, zipped(("a", bomb)), "zip bomb", limits)
    refused(tmp_path, zipped(("in.zip", zipped(("a", bomb)))), "zip bomb", limits)
    refused(tmp_path, zipped(("[Content_Types].xml", b""), ("xl/s.xml", bomb)), "zip bomb", limits, "x.xlsx")
    refused(tmp_path, gzip.compress(bomb), "zip bomb", limits, "a.csv.gz")
    refused(tmp_path, gzip.compress(bomb), "more than", Limits(member_bytes=10_000), "a.csv.gz")


def test_a_header_that_lies_is_caught_while_reading(tmp_path: Path):
    honest = zipped(("a", b"\0" * 500_000))
    for size in (10, 499_999):
        refused(tmp_path, central(honest, 24, "<I", size), "damaged")
    refused(tmp_path, central(honest, 24, "<I", 600_000), "says it has 600,000 bytes but holds 500,000")
    book = zipped(("[Content_Types].xml", b"t"), ("xl/s.xml", b"\0" * 500_000))
    refused(tmp_path, central(book, 24, "<I", 10, which=1), "damaged", name="x.xlsx")


def test_zips_too_deep_are_refused_unless_allowed(tmp_path: Path):
    deep = zipped(("one.zip", zipped(("two.zip", zipped(("a.csv", TABLE))))))
    refused(tmp_path, deep, "too deep")
    found = contents(members_of(tmp_path, deep, limits=Limits(depth=2)))
    assert found == {"one.zip/two.zip/a.csv": TABLE}


def test_damage_is_refused(tmp_path: Path):
    data = zipped(("a.csv", TABLE * 50), method=zipfile.ZIP_STORED)
    at = data.index(TABLE)
    refused(tmp_path, data[:at] + b"X" + data[at + 1 :], "CRC")
    refused(tmp_path, data[: len(data) // 2], "cut short or damaged")
    refused(tmp_path, b"<html>", "no archive at all")
    refused(tmp_path, zipped(), "empty archive")
    packed = gzip.compress(TABLE)
    refused(tmp_path, packed[:-9], "damaged", name="a.gz")
    refused(tmp_path, packed[:-8] + bytes(8), "CRC", name="a.gz")
    with pytest.raises(SourceError, match="cannot be read"):
        list(open_members(tmp_path / "absent.zip"))


def test_no_changed_byte_leads_to_anything_but_the_contents_or_a_refusal(tmp_path: Path):
    data = zipped(("a.csv", TABLE * 20), ("in.zip", zipped(("b.csv", TABLE))))
    sound = contents(members_of(tmp_path, data))
    rng = random.Random(3)
    refusals = 0
    for _ in range(1500):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 4))):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        try:
            found = contents(members_of(tmp_path, bytes(changed)))
        except SourceError:
            refusals += 1
        else:
            assert set(found.values()) <= set(sound.values())
    assert refusals > 300


def test_a_large_member_streams_in_flat_memory(tmp_path: Path):
    import tracemalloc

    path = tmp_path / "big.zip"
    rng = random.Random(5)
    line = bytes(range(32, 127)) + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big.txt", "w") as out:
        for _ in range(2000):
            out.write(rng.randbytes(4000) + line * 60)
    tracemalloc.start()
    (member,) = open_members(path)
    with member.open() as stream:
        read = sum(len(block) for block in iter(lambda: stream.read(65536), b""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == member.size > 15_000_000
    assert peak < 4_000_000
