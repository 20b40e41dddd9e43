"""Reading in a process apart: what comes back, and what a damaged or hostile file costs."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.data import BlockKind
from pipeline.errors import SourceError
from pipeline.sources.reading import apart
from pipeline.sources.reading.apart import read_apart
from tests.sources.reading.bombs import make_bomb
from tests.sources.reading.pdfs import make_pdf, make_scan, prose, set_lines, wrap

TWO_PAGES = make_pdf(set_lines(wrap(prose(1), 400)), set_lines(wrap(prose(2), 400)))


def refusal(path: Path, *, timeout_s: float = 60.0) -> str:
    with pytest.raises(SourceError) as refused:
        read_apart(path, timeout_s=timeout_s)
    said = str(refused.value)
    assert "\n" not in said and path.name in said and len(said) < 400
    return said


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """Puts a shell script in the place of the interpreter that would read."""

    def put(script: str) -> None:
        path = tmp_path / "reader.sh"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(apart.sys, "executable", str(path))

    return put


def test_a_document_comes_back_with_its_pages_and_blocks(tmp_path):
    path = tmp_path / "two.pdf"
    path.write_bytes(TWO_PAGES)
    composed = read_apart(path)
    assert len(composed.page_starts) == 2 and composed.page_starts[0] == 0
    assert {one.kind for one in composed.blocks} == {BlockKind.PARAGRAPH}
    assert composed.text[: len("The heron")].startswith("The ") and composed.text.rstrip().endswith(".")


def test_any_character_of_a_text_or_a_name_comes_through(tmp_path):
    path = tmp_path / "déjà – \udcff ☃.txt"
    path.write_text("Naïve — 20 µg ≥ 10 \U0001f600.", encoding="utf-8")
    assert read_apart(path).text == "Naïve — 20 µg ≥ 10 \U0001f600."


def test_a_name_that_looks_like_an_option_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-c.txt").write_text("An invented rule.")
    assert read_apart(Path("-c.txt")).text == "An invented rule."


def test_modules_that_lie_about_where_the_command_runs_are_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("guide.txt").write_text("An invented rule.")
    (tmp_path / "pipeline").mkdir()
    for name in ("json.py", "pipeline/__init__.py", "pydantic.py"):
        Path(name).write_text("raise SystemExit('run from the wrong place')")
    assert read_apart(Path("guide.txt")).text == "An invented rule."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "locked.pdf",
            make_pdf(set_lines(wrap(prose(1), 400)), password="invented"),
            "protected by a password",
        ),
        ("scan.pdf", make_scan(), "no text layer"),
        ("cut.pdf", TWO_PAGES[: len(TWO_PAGES) // 3], "cannot be opened as a PDF"),
        ("empty.pdf", b"", "is no PDF"),
        ("empty.txt", b"", "no text"),
        ("sheet.xlsx", b"PK\x03\x04" + bytes(100), "is no PDF, HTML, Markdown or text file"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not UTF-8"),
        ("sheet.txt", b"PK\x03\x04" + bytes(100), "no text, or more than text"),
        ("script.html", b"<html><script>document.write('words')</script></html>", "filled in by scripts"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(tmp_path, name, data, reason):
    path = tmp_path / name
    path.write_bytes(data)
    assert reason in refusal(path)


def test_the_wrong_suffix_of_a_pdf_or_a_page_does_no_harm(tmp_path):
    for name, data in (
        ("a.txt", TWO_PAGES),
        ("b.md", b"<!DOCTYPE html><p>An invented rule for every joint."),
    ):
        (tmp_path / name).write_bytes(data)
        assert "%PDF" not in (text := read_apart(tmp_path / name).text) and "<p>" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="sizes are told in other units, or limits not kept")
def test_a_file_that_inflates_beyond_all_measure_costs_bounded_time_and_memory(tmp_path):
    path = tmp_path / "bomb.pdf"
    path.write_bytes(make_bomb(gibibytes=4))
    assert path.stat().st_size < 20_000
    script = (
        "import resource, sys; from pathlib import Path; from pipeline.errors import SourceError\n"
        "from pipeline.sources.reading.apart import read_apart\n"
        "try: read_apart(Path(sys.argv[1]))\n"
        "except SourceError as error: print(error)\n"
        # Its own peak from /proc: `ru_maxrss` starts with that of the process it was forked from.
        "own = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
        "print(int(own) // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    said, sizes = done.stdout.splitlines()
    own, readers = map(int, sizes.split())  # MiB at the peak
    assert said.startswith("bomb.pdf ") and said.endswith("or split it")
    assert own < 150 and readers <= 2048 and time.monotonic() - began < 30


def test_a_text_that_falls_into_countless_pieces_is_refused(tmp_path):
    path = tmp_path / "pieces.txt"
    path.write_text("a\n\n" * 250_000)
    assert "falls into 250,000 pieces" in refusal(path)


def test_a_reader_that_hangs_is_stopped(tmp_path, reader):
    path = tmp_path / "slow.pdf"
    path.write_bytes(TWO_PAGES)
    reader(f"echo $$ > {shlex.quote(str(tmp_path / 'pid'))}; exec sleep 60")
    began = time.monotonic()
    assert "takes more than 0.5 s" in refusal(path, timeout_s=0.5)
    assert time.monotonic() - began < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", "its reader broke down (signal 11)"),
        ("kill -KILL $$", "its reader broke down (signal 9)"),
        ("kill -XCPU $$", "takes too much processor time"),
        ('echo \'{"text": "half\'; exit 0', "its reader broke down (exit 0)"),
        ("echo 'Traceback'; echo 'ValueError: strange' >&2; exit 1", "broke down (ValueError: strange)"),
        ('echo \'{"text": "An invented rule."}\'', "its reader broke down"),
        ("echo '[]'", "its reader broke down"),
        ("exit 3", "its reader broke down (exit 3)"),
    ],
)
def test_a_reader_that_dies_or_answers_nonsense_is_told_of(tmp_path, reader, script, reason):
    path = tmp_path / "guide.pdf"
    path.write_bytes(TWO_PAGES)
    reader(script)
    assert reason in refusal(path)


def test_a_reader_that_cannot_be_started_is_told_of(tmp_path, monkeypatch):
    path = tmp_path / "guide.pdf"
    path.write_bytes(TWO_PAGES)
    monkeypatch.setattr(apart.sys, "executable", str(tmp_path / "no-such-python"))
    assert "cannot be started (No such file or directory)" in refusal(path)


def test_the_readers_own_limit_of_processor_time_is_told_of(tmp_path, reader):
    path = tmp_path / "guide.pdf"
    path.write_bytes(TWO_PAGES)
    reader(f"ulimit -S -t 1; exec {shlex.quote(sys.executable)} -c 'while True: pass'")
    assert "takes too much processor time" in refusal(path)
