"""`sources add`, `remove` and `list` as processes: files of every form, manifests, web addresses, mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.sources.documents import load_documents
from tests.cli.processes import COMMAND, environment, run, run_here
from tests.sources.fetch_server import Handler, Server
from tests.sources.reading.pdfs import make_pdf, make_scan, prose, set_lines, wrap

NAMED = ("--title", "A guide", "--edition", "1", "--publisher", "Invented House")
PAGE = "<!DOCTYPE html><title>A guide</title><main><h1>Joints</h1><p>{}</p></main>"
RULE = "An invented rule: 20610 is reported once for each joint, not for each needle."
FORMS = {
    "guide.pdf": make_pdf(set_lines(wrap(prose(1), 400)), set_lines(wrap(prose(2), 400))),
    "guide.html": PAGE.format(RULE).encode(),
    "guide.md": f"# Joints\n\n{RULE}\n".encode(),
    "guide.txt": RULE.encode(),
}


def added(home: Path, source: str, *options: str) -> dict:
    done = run(home, "sources", "add", source, *(options or NAMED), "--json")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def listed(home: Path) -> list[dict]:
    done = run(home, "sources", "list", "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [row for row in rows if row["kind"] == "document"]


def refused(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that is refused in one sentence."""
    return in_one_sentence(run(home, "sources", *arguments, **more))


def in_one_sentence(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode and done.stderr.startswith("briefwright: ") and "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    return done


@pytest.mark.parametrize("name", FORMS)
def test_a_file_of_every_form_is_added_and_found_unchanged(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FORMS[name])
    home = tmp_path / "home"
    done = run(home, "sources", "add", str(path), *NAMED)
    assert (done.returncode, done.stderr) == (0, "")
    pages = 2 if name == "guide.pdf" else 1
    assert done.stdout.startswith("added doc:") and f"A guide, 1, {pages} pages, " in done.stdout
    assert "in force from 2026-11-24" in done.stdout and "anchors" not in done.stdout
    again = added(home, str(path))
    assert (again["status"], again["pages"]) == ("unchanged", pages) and again["passages"] >= 1
    (document,) = load_documents(home / "documents")
    assert document.id == again["id"] and len(document.page_starts) == (2 if pages == 2 else 0)
    assert RULE in document.text or name == "guide.pdf"


def test_the_list_says_from_when_to_when_each_edition_is_in_force(tmp_path):
    path = tmp_path / "guide.txt"
    for year in ("2025", "2026"):
        path.write_text(f"{RULE} Edition of {year}.")
        options = ("--title", "A guide", "--publisher", "P", "--edition", year)
        done = run(
            tmp_path / "home", "sources", "add", str(path), *options, "--effective-from", f"{year}-01-01"
        )
        assert done.returncode == 0
    assert "ends the validity of the edition before: 2025" in done.stdout
    shown = run(tmp_path / "home", "sources", "list").stdout
    assert "A guide, 2025 (P); in force from 2025-01-01 to 2025-12-31" in shown
    assert "A guide, 2026 (P); in force from 2026-01-01\n" in shown
    rows = {row["edition"]: row for row in listed(tmp_path / "home")}
    assert {edition: row["valid_to"] for edition, row in rows.items()} == {"2025": "2025-12-31", "2026": None}
    assert not {"text", "blocks", "page_starts"} & rows["2025"].keys()

    ambiguous = refused(tmp_path / "home", "remove", "doc:")
    assert ambiguous.returncode == 2 and all(row["id"] in ambiguous.stderr for row in rows.values())
    unknown = refused(tmp_path / "home", "remove", "doc:zz")
    assert unknown.returncode == 2 and "names 0 of the documents you added" in unknown.stderr
    done = run(tmp_path / "home", "sources", "remove", rows["2026"]["id"][:12])
    assert done.returncode == 0 and done.stdout.startswith(f"removed {rows['2026']['id']}: A guide, 2026")
    assert "in force from 2025-01-01\n" in run(tmp_path / "home", "sources", "list").stdout
    done = run(tmp_path / "home", "sources", "remove", rows["2025"]["id"], "--json")
    assert json.loads(done.stdout)["status"] == "removed" and listed(tmp_path / "home") == []


def test_a_manifest_adds_what_it_can_and_says_what_it_could_not(tmp_path):
    folder = tmp_path / "given"
    (folder / "deep").mkdir(parents=True)
    for name, data in FORMS.items():
        (folder / "deep" / name).write_bytes(data)
    (folder / "deep" / "scan.pdf").write_bytes(make_scan())
    entries = [
        f'[[document]]\nfile = "deep/{name}"\ntitle = "T {name}"\nedition = "1"\n' + more
        for name, more in (
            ("guide.pdf", 'publisher = "P"'),
            ("scan.pdf", 'publisher = "P"'),
            ("guide.md", 'from = "aapc"'),
            ("guide.txt", 'publisher = "P"\nauthority = "oracle"'),
            ("guide.html", 'publisher = "P"\napplies_to = "20610, 29880-29881"\neffective_from = 2026-01-01'),
        )
    ]
    (folder / "all.toml").write_text("\n".join(entries))
    done = refused(tmp_path / "home", "add", "--manifest", str(folder / "all.toml"))
    assert done.returncode == 4 and "2 of 5 could not be added" in done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["added", "refused", "added", "refused", "added"]
    assert "scan.pdf has no text layer" in lines[1] and "'oracle' is not an authority" in lines[3]
    rows = {row["title"]: row for row in listed(tmp_path / "home")}
    assert rows.keys() == {"T guide.pdf", "T guide.md", "T guide.html"}
    assert rows["T guide.html"]["valid_from"] == "2026-01-01"
    assert rows["T guide.html"]["applies_to"]["ranges"] == [["29880", "29881"]]

    done = run(tmp_path / "home", "sources", "add", "--manifest", str(folder / "all.toml"), "--json")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    states = ["unchanged", "refused", "unchanged", "refused", "unchanged"]
    assert [one["status"] for one in objects] == states
    assert {"source", "status", "reason"} == objects[1].keys()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("add",), 2, "name one FILE or address with --title and --edition, or a --manifest"),
        (("add", "guide.txt", "--manifest", "all.toml"), 2, "name one FILE"),
        (("add", "--manifest", "none.toml"), 4, "none.toml"),
        (("add", "none.txt", *NAMED), 4, "none.txt cannot be read"),
        (("add", "guide.txt", "--publisher", "P", "--edition", "1"), 2, "--title"),
        (("add", "guide.txt", "--publisher", "P", "--title", "T"), 2, "--edition"),
        (("add", "guide.txt", *NAMED, "--applies-to", "20610-"), 2, "'' is not a HCPCS code"),
        (("add", "guide.txt", *NAMED, "--applies-to", "joints"), 2, "is not a HCPCS code"),
        (("add", "guide.txt", *NAMED, "--effective-from", "soon"), 2, "is not a date"),
        (("add", "guide.txt", *NAMED, "--authority", "oracle"), 2, "is not an authority"),
        (
            ("add", "http://www.example.org/a", *NAMED),
            4,
            "is not reached by https, so it is refused; download it",
        ),
        (("add", "ftp://www.example.org/a", *NAMED), 4, "cannot be read"),
        (("add", "/dev/zero", *NAMED), 4, "is no file"),
        (("add", "locked.pdf", *NAMED), 4, "protected by a password"),
        (("remove", "doc:1"), 2, "there is none"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(tmp_path, monkeypatch, arguments, code, says):
    monkeypatch.chdir(tmp_path)
    Path("guide.txt").write_text(RULE)
    Path("locked.pdf").write_bytes(make_pdf(set_lines([prose(1)]), password="invented"))
    done = in_one_sentence(run_here(tmp_path / "home", "sources", *arguments))
    assert done.returncode == code and says in done.stderr
    assert done.stdout == "" and list(tmp_path.glob("home/documents/*")) == []


def test_a_hostile_name_does_not_write_to_the_terminal(tmp_path):
    (tmp_path / "all.toml").write_text(
        '[[document]]\nfile = "a\\u001b[31m\\nb.txt"\ntitle = "T"\nedition = "1"\npublisher = "P"\n'
    )
    done = refused(tmp_path / "home", "add", "--manifest", str(tmp_path / "all.toml"))
    assert "\x1b" not in done.stdout and len(done.stdout.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="a limit on the size of files stands for a full disk")
def test_a_disk_that_fills_up_is_said_so_and_keeps_what_was_there(tmp_path):
    home = tmp_path / "home"
    (tmp_path / "guide.txt").write_text(RULE)
    before = added(home, str(tmp_path / "guide.txt"))
    (tmp_path / "guide.txt").write_text(f"{RULE}\n\n" * 5_000)
    done = subprocess.run(
        ["bash", "-c", f'ulimit -f 100; exec "{COMMAND}" "$@"', "add", "sources", "add", "guide.txt", *NAMED],
        env=environment(home),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 6 and "cannot write" in done.stderr and "free some space" in done.stderr
    assert [row["id"] for row in listed(home)] == [before["id"]]
    assert [path.name for path in (home / "documents").iterdir()] == [f"{before['sha256']}.json"]


def test_processes_that_add_at_once_lose_nothing(tmp_path):
    home, running = tmp_path / "home", []
    for number in range(5):
        path = tmp_path / f"guide{number}.txt"
        path.write_text(f"{RULE} Number {number}.")
        title = f"Guide {number // 2}"  # two of one edition twice, and one alone
        command = [COMMAND, "sources", "add", str(path), *NAMED, "--title", title, "--json"]
        running.append(
            subprocess.Popen(
                command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    results = [(process.communicate(timeout=120), process.returncode) for process in running]
    assert [code for _, code in results] == [0] * 5, results
    outcomes = [json.loads(out) for (out, _), _ in results]
    replaced = {one["replaced"] for one in outcomes} - {""}
    assert sorted(one["status"] for one in outcomes) == ["added"] * 3 + ["replaced"] * 2
    assert {row["id"] for row in listed(home)} == {one["id"] for one in outcomes} - replaced


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as started:
        started.seen = []
        threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
        yield started
        started.shutdown()


def served(body: bytes, etag: str, kind: str = "text/html") -> Callable[[Handler], None]:
    """A server that honours the ETag."""

    def answer(handler: Handler) -> None:
        if handler.headers.get("If-None-Match") == etag:
            return handler.reply(304, b"", {"ETag": etag}, length=0)
        return handler.reply(200, body, {"ETag": etag, "Content-Type": kind}, length=len(body))

    return answer


def test_a_web_page_is_fetched_asked_for_again_and_replaced_when_it_changed(tmp_path, server):
    address = f"http://127.0.0.1:{server.server_port}/guides/joints"
    server.answers = [served(PAGE.format(RULE).encode(), '"one"')]
    first = added(tmp_path, address)
    assert (first["status"], first["passages"]) == ("added", 1)
    (row,) = listed(tmp_path)
    assert row["url"] == address
    again = added(tmp_path, address)
    assert again == {**first, "status": "unchanged"}
    assert "if-none-match" not in server.seen[0] and server.seen[1]["if-none-match"] == '"one"'
    server.answers = [served(PAGE.format(f"{RULE} It was changed.").encode(), '"two"')]
    changed = added(tmp_path, address)
    assert (changed["status"], changed["replaced"]) == ("replaced", first["id"])
    (row,) = listed(tmp_path)
    assert (row["id"], row["valid_from"]) == (changed["id"], "2026-11-24")


def test_a_file_on_the_web_is_read_by_its_form_and_one_removed_can_be_added_again(tmp_path, server):
    base = f"http://127.0.0.1:{server.server_port}"
    for name in ("guide.pdf", "guide.md"):
        server.answers = [served(FORMS[name], f'"{name}"', "application/octet-stream")]
        options = ("--title", name, "--edition", "1", "--publisher", "P")
        first = added(tmp_path, f"{base}/files/{name}?download=1", *options)
        assert first["pages"] == (2 if name == "guide.pdf" else 1)
    run(tmp_path, "sources", "remove", first["id"])
    assert added(tmp_path, f"{base}/files/{name}?download=1", *options)["status"] == "added"
    assert len(listed(tmp_path)) == 2


def test_an_address_that_answers_nothing_of_use_is_refused(tmp_path, server):
    address = f"http://127.0.0.1:{server.server_port}/guides/joints"
    server.answers = [lambda handler: handler.reply(404, b"", {}, length=0)]
    done = refused(tmp_path, "add", address, *NAMED)
    assert done.returncode == 4 and "answers 404" in done.stderr
    assert "correct the address, or download it in a browser and add the file" in done.stderr
    assert "registry.toml" not in done.stderr
    server.answers = [served(b"", '"one"')]
    assert "is empty" in refused(tmp_path, "add", address, *NAMED).stderr
    server.answers = [served(b"<html><script>draw()</script></html>", '"two"')]
    assert "joints.html holds no text" in refused(tmp_path, "add", address, *NAMED).stderr
    server.answers = [lambda handler: handler.reply(302, b"", {"Location": "http://example.org/"}, length=0)]
    assert "sends on to http://example.org/" in refused(tmp_path, "add", address, *NAMED).stderr
    assert not (tmp_path / "documents").exists()


def test_a_damaged_record_is_listed_and_can_be_removed(indexed):
    path = indexed / "guide.md"
    path.write_text("# Knees\n\nAn invented rule for 29881.\n")
    add = (
        "sources",
        "add",
        str(path),
        "--title",
        "A guide",
        "--edition",
        "1",
        "--publisher",
        "Invented House",
    )
    assert run(indexed, *add).returncode == 0
    record = indexed / "documents" / f"{'0' * 64}.json"
    record.write_text("{")
    listed = run(indexed, "sources", "list")
    assert listed.returncode == 0 and "A guide, 1" in listed.stdout
    assert f"{record.name} is damaged: remove it with" in listed.stdout
    doctor = run(indexed, "doctor")
    assert doctor.returncode == 1 and record.name in doctor.stdout
    searched = run(indexed, "sources", "search", "an invented rule")
    assert searched.returncode == 4 and f"sources remove {record.name}" in searched.stderr
    assert "a damaged record" in run(indexed, "sources", "remove", record.name).stdout
    assert run(indexed, "sources", "search", "an invented rule").returncode == 0


def test_another_description_of_a_held_document_is_refused_until_it_is_meant(tmp_path):
    path = tmp_path / "guide.md"
    path.write_text("# Knees\n\nAn invented rule for 29881.\n")
    add = ("sources", "add", str(path), "--title", "A guide", "--edition", "1", "--from", "aapc")
    assert run(tmp_path, *add).returncode == 0
    looser = (*add[:-2], "--publisher", "AAPC")
    done = run(tmp_path, *looser)
    assert done.returncode == 2 and "described otherwise" in done.stderr and "--replace" in done.stderr
    assert "described anew" in run(tmp_path, *looser, "--replace").stdout
