"""Documents of publishers that users bring: look-alikes in invented words, under the registry's licence and caps."""

import json

import pytest

from tests.cli.processes import run

LOOK_ALIKE = """# Coding an invented operation

An invented article in the manner of a trade journal. The widget of the joint is replaced once a side, and the record
names the side. Two widgets on one side are one service.
"""


@pytest.mark.parametrize(
    ("key", "publisher", "authority"),
    [
        ("aapc", "AAPC", "educator"),
        ("aaos", "American Academy of Orthopaedic Surgeons", "society"),
        ("find-a-code", "Find-A-Code", "vendor"),
    ],
)
def test_a_look_alike_is_added_with_what_the_registry_says_of_its_publisher(
    tmp_path, key, publisher, authority
):
    path = tmp_path / "article.md"
    path.write_text(LOOK_ALIKE)
    home = tmp_path / "home"
    done = run(
        home, "sources", "add", str(path), "--from", key, "--title", "An article", "--edition", "2026-05"
    )
    assert (done.returncode, done.stderr) == (0, "")
    listed = [json.loads(line) for line in run(home, "sources", "list", "--json").stdout.splitlines()]
    (document,) = [each for each in listed if each["kind"] == "document"]
    assert (document["publisher"], document["authority"]) == (publisher, authority)
    assert "copyright" in document["licence"] and document["url"].startswith("https://")
    (source,) = [each for each in listed if each["kind"] == "publisher" and each["key"] == key]
    caps = (document["quote_words"], document["page_words"])
    assert caps == (source["quote_words"], source["page_words"]) and 0 < caps[0] <= caps[1]


def test_what_is_said_by_hand_goes_before_the_registry(tmp_path):
    path = tmp_path / "article.md"
    path.write_text(LOOK_ALIKE)
    named = ("--title", "An article", "--edition", "2026-05", "--licence", "seat 7")
    assert run(tmp_path, "sources", "add", str(path), "--from", "aapc", *named).returncode == 0
    listed = [json.loads(line) for line in run(tmp_path, "sources", "list", "--json").stdout.splitlines()]
    assert [each["licence"] for each in listed if each["kind"] == "document"] == ["seat 7"]


def test_an_unknown_publisher_is_named_with_those_there_are(tmp_path):
    path = tmp_path / "article.md"
    path.write_text(LOOK_ALIKE)
    done = run(tmp_path, "sources", "add", str(path), "--from", "nobody", "--title", "T", "--edition", "1")
    assert done.returncode == 2 and "expected one of aapc, aaos, find-a-code" in done.stderr
    done = run(tmp_path, "sources", "add", str(path), "--title", "T", "--edition", "1")
    assert done.returncode == 2 and "--publisher" in done.stderr
