"""Adding documents: what becomes of a request, of an edition, of the anchors of notes; and what goes wrong."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipeline.add_sources import (
    AddedSource,
    AnchorReport,
    add_source,
    remove_source,
)
from pipeline.data import SourceDocument
from pipeline.errors import SourceError, StateError, UsageError
from pipeline.settings import Settings, read_settings
from pipeline.sources.anchors import make_anchor
from pipeline.sources.documents import load_documents
from pipeline.sources.requests import AddRequest, parse_applies_to, read_manifest
from pipeline.workspace import Workspace

TODAY = date(2026, 11, 24)
WORDS = ("Report one unit for each joint.", "The record names the side.", "A second needle changes nothing.")
Add = Callable[..., AddedSource]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(Settings(root=read_settings().root, home=tmp_path / "home"))


@pytest.fixture
def add(tmp_path: Path, workspace: Workspace) -> Add:
    """Adds a text with these words as an edition of an invented guide."""

    def call(words: str, *, today: date = TODAY, name: str = "guide.txt", **fields: object) -> AddedSource:
        path = tmp_path / name
        path.write_text(words)
        told = {"source": str(path), "title": "A guide", "edition": "1", "publisher": "Invented House"}
        request = AddRequest.model_validate({**told, **fields})
        return add_source(request, workspace=workspace, today=today, fetch_page=_no_web)

    return call


def _no_web(address: str) -> Path:
    raise AssertionError(f"{address} was asked for")


def held(workspace: Workspace) -> list[SourceDocument]:
    return load_documents(workspace.settings.documents)


def ends(workspace: Workspace) -> dict[str, str]:
    """The last day of each edition."""
    return {one.edition: str(one.valid_to or "open") for one in held(workspace)}


def test_a_document_is_added_once(add: Add, workspace: Workspace):
    added = add(
        "# A heading\n\nAn invented rule for 20610.\n", name="guide.md", applies_to="20610 29880-29881"
    )
    (document,) = held(workspace)
    assert (added.status, added.id, added.sha256) == ("added", document.id, document.sha256)
    assert (added.pages, added.passages, added.valid_from) == (1, 1, TODAY)
    assert (document.retrieved_on, document.publisher, document.licence) == (
        TODAY,
        "Invented House",
        "not stated",
    )
    assert document.applies_to.codes == ("20610",) and document.applies_to.ranges == (("29880", "29881"),)
    again = add(
        "# A heading\n\nAn invented rule for 20610.\n", name="copy.md", applies_to="20610 29880-29881"
    )
    assert again == added.model_copy(update={"status": "unchanged"})
    assert held(workspace) == [document]


def test_adding_it_again_on_a_later_day_does_not_change_since_when_it_is_in_force(
    add: Add, workspace: Workspace
):
    add("An invented rule.", effective_from=date(2026, 1, 1))
    (before,) = held(workspace)
    assert add("An invented rule.", today=date(2027, 2, 1)).status == "unchanged"
    assert held(workspace) == [before]
    corrected = add("An invented rule, corrected.", today=date(2027, 2, 1))
    assert (corrected.status, corrected.replaced, corrected.valid_from) == (
        "replaced",
        before.id,
        date(2026, 1, 1),
    )
    moved = add("An invented rule, corrected.", effective_from=date(2026, 3, 1))
    assert (moved.status, moved.valid_from) == ("described anew", date(2026, 3, 1))
    assert moved.changed == ("valid_from",)


def test_other_bytes_of_the_same_edition_take_its_place(add: Add, workspace: Workspace):
    first, second = add("An invented rule."), add("Another invented rule.")
    assert (second.status, second.replaced, second.superseded) == ("replaced", first.id, ())
    assert [one.id for one in held(workspace)] == [second.id]
    other_title = add("A third rule.", title="Another guide")
    assert (other_title.status, len(held(workspace))) == ("added", 2)


def test_blanks_make_no_other_work_or_edition(add: Add, workspace: Workspace):
    add("Rule one.", edition="2026")
    again = add("Rule two.", edition=" 2026 ", title="A  guide ", publisher="Invented House ")
    assert again.status == "replaced"
    assert [(one.title, one.edition) for one in held(workspace)] == [("A guide", "2026")]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, r"licence seat 7, now .*copyright.*"),
        ({"known": ""}, "quote words [0-9]+, now 0"),
        ({"title": "Another guide"}, "title A guide, now Another guide"),
        ({"authority": "cms"}, "authority educator, now cms"),
    ],
)
def test_what_is_said_of_a_held_document_does_not_change_silently(
    add: Add, workspace: Workspace, fields: dict[str, str], says: str
):
    told = {"known": "aapc", "publisher": "", "licence": "seat 7", "authority": "educator"}
    first = add("Rule one.", **told)
    (before,) = held(workspace)
    assert add("Rule one.", **told).status == "unchanged"
    changed = told | {"licence": "" if not fields else "seat 7"} | fields
    changed |= {} if changed["known"] else {"publisher": before.publisher}
    with pytest.raises(UsageError, match=rf"{first.id} is held and was described otherwise \(.*{says}"):
        add("Rule one.", **changed)
    assert held(workspace) == [before]
    anew = add("Rule one.", **changed, replace=True)
    assert anew.status == "described anew" and len(held(workspace)) == 1


def test_other_bytes_of_an_edition_do_not_loosen_its_terms_silently(add: Add, workspace: Workspace):
    add("Rule one.", known="aapc", publisher="")
    (before,) = held(workspace)
    with pytest.raises(UsageError, match="was described otherwise"):
        add("Rule two.", publisher=before.publisher)
    assert held(workspace) == [before]
    assert add("Rule two.", publisher=before.publisher, replace=True).status == "replaced"


def test_two_editions_do_not_begin_on_one_day(add: Add, workspace: Workspace):
    add("Rule one.", edition="1")
    with pytest.raises(UsageError, match="edition 1 of A guide is in force from 2026-11-24 as well"):
        add("Rule two.", edition="2")
    assert ends(workspace) == {"1": "open"}
    add("Rule two.", edition="2", effective_from=date(2026, 12, 1))
    assert ends(workspace) == {"1": "2026-11-30", "2": "open"}


def test_a_damaged_record_can_be_named_and_removed(add: Add, workspace: Workspace):
    added = add("Rule one.")
    path = workspace.settings.documents / f"{'0' * 64}.json"
    path.write_text("{")
    with pytest.raises(SourceError, match=rf"sources remove {path.name}"):
        held(workspace)
    assert add("Rule two.", title="Another guide").status == "added"
    assert remove_source(path.name, workspace=workspace).id == path.name
    assert added.id in [one.id for one in held(workspace)]


def test_what_codes_a_document_is_about_stays_where_nothing_is_said(add: Add, workspace: Workspace):
    add("Rule one.", applies_to="20610", url="https://example.org/a")
    (before,) = held(workspace)
    assert add("Rule one.").status == "unchanged"
    assert held(workspace) == [before]
    assert add("Rule one.", applies_to="29881").changed == ("applies_to",)


def test_a_new_edition_ends_the_one_before_until_it_is_removed(add: Add, workspace: Workspace):
    add("Rule one.", edition="2025", effective_from=date(2025, 1, 1))
    later = add("Rule three.", edition="2027", effective_from=date(2027, 1, 1))
    assert (later.superseded, later.superseded_by) == (("2025",), "")
    between = add("Rule two.", edition="2026", effective_from=date(2026, 1, 1))
    assert (between.superseded, between.superseded_by) == (("2025",), "2027")
    assert ends(workspace) == {"2025": "2025-12-31", "2026": "2026-12-31", "2027": "open"}
    remove_source(between.id, workspace=workspace)
    assert ends(workspace) == {"2025": "2026-12-31", "2027": "open"}
    remove_source(later.sha256, workspace=workspace)
    assert ends(workspace) == {"2025": "open"}


def test_a_document_is_removed_by_the_beginning_of_its_id_or_hash(add: Add, workspace: Workspace):
    first, second = add("Rule one."), add("Rule two.", title="Another guide")
    for which in ("", "doc:", "doc:zz", "guide.txt", "*"):
        with pytest.raises(UsageError, match="expected one of: doc:") as refused:
            remove_source(which, workspace=workspace)
        assert first.id in str(refused.value) and second.id in str(refused.value)
    shared = next(n for n, (one, other) in enumerate(zip(first.id, second.id, strict=True)) if one != other)
    assert remove_source(first.id[: shared + 1], workspace=workspace).id == first.id
    assert remove_source(second.sha256[:5], workspace=workspace).id == second.id
    assert held(workspace) == []
    with pytest.raises(
        UsageError, match="names 0 of the documents you added; expected one of: there is none"
    ):
        remove_source(first.id, workspace=workspace)


@pytest.mark.parametrize(
    "text", ["2061", "20610;20611", "20611-20610", "20610-", "-", "20610-20611-20612", "Q20"]
)
def test_codes_that_are_none_are_refused_before_anything_is_read(add: Add, workspace: Workspace, text: str):
    with pytest.raises(UsageError, match=r"not a HCPCS code|not a range|ends before"):
        add("An invented rule.", applies_to=text)
    assert not workspace.settings.documents.exists()


def test_codes_and_ranges_may_be_parted_by_commas_or_blanks():
    found = parse_applies_to(" 20610, g0289  29880-29881,0101t ")
    assert (found.codes, found.ranges) == (("20610", "G0289", "0101T"), (("29880", "29881"),))
    assert parse_applies_to("") == parse_applies_to(" , ")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"authority": "oracle"}, "'oracle' is not an authority; expected one of statute, cms"),
        ({"publisher": ""}, "--publisher"),
        ({"title": "x" * 301}, "--title"),
        ({"edition": "1\n2"}, "--edition"),
        ({"url": "ftp://example.org"}, "is not a web address"),
        ({"url": 'https://example.org/"><b>'}, "is not a web address"),
        ({"url": "https://example.org\\x"}, "is not a web address"),
        ({"authority": "local_coverage"}, "--payer-scope is missing: local coverage binds one contractor"),
        ({"title": "  "}, "--title"),
        ({"known": "nobody"}, "expected one of aapc, aaos"),
        ({"known": "aapc", "publisher": "Another House"}, "leave out --publisher, or --from"),
    ],
)
def test_what_cannot_stand_on_a_page_is_refused(
    add: Add, workspace: Workspace, fields: dict[str, str], says: str
):
    with pytest.raises(UsageError, match=says):
        add("An invented rule.", **fields)
    assert not workspace.settings.documents.exists()


def _note_on(workspace: Workspace, number: int, document: SourceDocument, words: str):
    anchor = make_anchor(document.sha256, document.page_texts(), 1, words)
    return workspace.notes[number].model_copy(update={"id": f"invented-{number}", "anchor": anchor})


def test_the_anchors_of_notes_are_reported_for_every_edition_of_their_document(
    add: Add, workspace: Workspace, tmp_path: Path
):
    assert add(" ".join(WORDS), edition="2026", effective_from=date(2026, 1, 1)).anchors == AnchorReport()
    (document,) = held(workspace)
    knowing = Workspace(workspace.settings)
    elsewhere = workspace.notes[3]
    knowing.__dict__["notes"] = [
        *(_note_on(workspace, number, document, words) for number, words in enumerate(WORDS)),
        elsewhere,
    ]

    def report(words: str, edition: str) -> AnchorReport:
        path = tmp_path / "guide.txt"
        path.write_text(words)
        request = AddRequest(
            source=str(path),
            title="A guide",
            edition=edition,
            publisher="Invented House",
            effective_from=date(int(edition), 1, 1),
        )
        return add_source(request, workspace=knowing, today=TODAY, fetch_page=_no_web).anchors

    assert report(" ".join(WORDS), "2026") == AnchorReport(matched=3)
    changed = f"{WORDS[0]} A new sentence. {WORDS[1]} A second needle is a second unit."
    assert report(changed, "2027") == AnchorReport(matched=1, moved=1, missing=("invented-2",))
    assert Workspace(workspace.settings).anchored.holds(document.sha256)


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_full_disk_is_said_so_and_keeps_what_was_there(
    add: Add, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str
):
    first = add("An invented rule.")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, step, fail)
    (tmp_path / "other.txt").write_text("Another invented rule.")
    with pytest.raises(StateError, match=r"cannot write .*No space left on device .*free some space"):
        add_source(
            AddRequest(
                source=str(tmp_path / "other.txt"), title="A guide", edition="1", publisher="Invented House"
            ),
            workspace=workspace,
            today=TODAY,
            fetch_page=_no_web,
        )
    monkeypatch.undo()
    assert [one.id for one in held(workspace)] == [first.id]
    assert [path.name for path in workspace.settings.documents.iterdir()] == [f"{first.sha256}.json"]


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from pipeline.add_sources import add_source
from pipeline.settings import Settings, read_settings
from pipeline.sources.requests import AddRequest
from pipeline.workspace import Workspace

home, source, step = sys.argv[1:]
setattr(Path, step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
add_source(
    AddRequest(source=source, title="A guide", edition="1", publisher="Invented House"),
    workspace=Workspace(Settings(root=read_settings().root, home=Path(home))),
    today=date(2026, 11, 24),
    fetch_page=lambda address: Path(address),
)
"""


def _killed(home: Path, source: Path, step: str) -> None:
    command = [sys.executable, "-c", KILLED, str(home), str(source), step]
    assert subprocess.run(command, timeout=60).returncode == -signal.SIGKILL


def test_a_process_killed_while_it_writes_leaves_no_half_record(
    add: Add, workspace: Workspace, tmp_path: Path
):
    (tmp_path / "guide.txt").write_text("An invented rule.")
    _killed(workspace.settings.home, tmp_path / "guide.txt", "replace")
    assert held(workspace) == []
    assert add("An invented rule.").status == "added"
    assert len(held(workspace)) == 1


def test_a_process_killed_before_it_removes_what_it_replaced_is_made_good(
    add: Add, workspace: Workspace, tmp_path: Path
):
    first = add("An invented rule.")
    (tmp_path / "guide.txt").write_text("Another invented rule.")
    _killed(workspace.settings.home, tmp_path / "guide.txt", "unlink")
    assert len(held(workspace)) == 2
    repaired = add("Another invented rule.")
    assert repaired.replaced == first.id
    assert [one.id for one in held(workspace)] == [repaired.id]


def test_a_manifest_is_read_with_paths_from_its_own_folder(tmp_path: Path):
    path = tmp_path / "all.toml"
    path.write_text(
        '[[document]]\nfile = "sub/a.pdf"\ntitle = "A"\nedition = "1"\nurl = "https://example.org/a"\n'
        "effective_from = 2026-01-01\n"
        '[[document]]\nfile = "/b.txt"\ntitle = "B"\nedition = "2"\nfrom = "aapc"\napplies_to = "20610"\n'
        '[[document]]\nurl = "https://example.org/c"\ntitle = "C"\nedition = "3"\neffective_from = "2026-02-01"\n'
    )
    first, second, third = read_manifest(path)
    assert (first.source, first.url) == (str(tmp_path / "sub" / "a.pdf"), "https://example.org/a")
    assert first.effective_from == date(2026, 1, 1)
    assert (second.source, second.known, second.applies_to) == ("/b.txt", "aapc", "20610")
    assert (third.source, third.effective_from) == ("https://example.org/c", date(2026, 2, 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[document]", "cannot be read as a manifest"),
        ("", r"expected \[\[document\]\] entries, found none"),
        ("document = 1", "expected"),
        ("document = [1]", r"\[\[document\]\] 1: expected a table"),
        ("[[document]]\nfile = 1", r"\[\[document\]\] 1: expected a table"),
        ('[[document]]\nfile = "a"\ntitle = "A"', r"\[\[document\]\] 1: edition: Field required"),
        ('[[document]]\ntitle = "A"\nedition = "1"', r"\[\[document\]\] 1: expected file or url"),
        ('[[document]]\nfile = "a"\ntitle = "A"\nedition = 1', r"\[\[document\]\] 1: edition: "),
        ('[[document]]\nfile = "a"\ntitle = "A"\nedition = "1"\nfroom = "x"', r"\[\[document\]\] 1: froom: "),
        (
            '[[document]]\nfile = "a"\ntitle = "A"\nedition = "1"\n'
            '[[document]]\nfile = "b"\ntitle = "B"\nedition = "1"\neffective_from = "soon"',
            r"\[\[document\]\] 2: effective_from: ",
        ),
        ("\xff", "cannot be read as a manifest"),
    ],
)
def test_a_malformed_manifest_names_the_entry_at_fault(tmp_path: Path, text: str, says: str):
    path = tmp_path / "all.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(SourceError, match=says) as refused:
        read_manifest(path)
    assert str(refused.value).startswith(str(path))
    with pytest.raises(SourceError, match="cannot be read as a manifest"):
        read_manifest(tmp_path / "none.toml")
