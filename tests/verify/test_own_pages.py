"""Our own pages, read back as anybody's: nothing refuted, most of it supported, and a changed copy found out."""

import json
import re
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from pipeline.check_text import check_file
from pipeline.data import Label
from pipeline.index import HashingEmbedder
from pipeline.prompts import load_sections
from pipeline.regenerate import regenerate_pages
from pipeline.settings import Settings, read_settings
from pipeline.verify.composed import COLUMNS
from pipeline.workspace import Workspace

AS_OF = date(2026, 11, 24)
SIX = ("20970", "20610", "29881", "22612", "27447", "26055")


class CountingEmbedder(HashingEmbedder):
    """Counts the texts it is given."""

    texts = 0

    def embed(self, texts):
        self.texts += len(texts)
        return super().embed(texts)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace(Settings(root=read_settings().root, home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="module")
def pages(workspace):
    """The folder of each page."""
    written = regenerate_pages(
        SIX,
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=AS_OF,
        today=AS_OF,
        progress=lambda message: None,
    )
    return {item.page.hcpcs_code: item.path.parent for item in written}


@cache
def checked(path, code, workspace):
    """The results of a page as it was made, for all tests."""
    return tuple(check(path, code, workspace))


def check(path, code, workspace, embedder=None):
    embedder = embedder or HashingEmbedder()
    return list(
        check_file(
            path,
            hcpcs_code=code,
            workspace=workspace,
            embedder=embedder,
            as_of=AS_OF,
            progress=lambda message: None,
        )
    )


@pytest.mark.parametrize("name", ["page.md", "page.html"])
@pytest.mark.parametrize("code", SIX)
def test_own_page_holds(pages, workspace, code, name):
    results = checked(pages[code] / name, code, workspace)
    counts = Counter(result.label for result in results)
    assert counts[Label.REFUTED] == 0, [r.claim for r in results if r.label is Label.REFUTED]
    assert counts[Label.SUPPORTED] >= 0.75 * len(results), [
        (r.claim, r.reason) for r in results if r.label is not Label.SUPPORTED
    ]


def statements(folder):
    """The texts of all statements of a page's tables and cards, as the ledger holds them."""
    ledger = json.loads((folder / "page.json").read_text())
    return [s for part in ledger["sections"] for s in part["statements"] if s["cells"]]


@pytest.mark.parametrize("code", SIX)
def test_every_table_row_of_an_own_page_is_supported(pages, workspace, code):
    rows = [
        r
        for r in checked(pages[code] / "page.md", code, workspace)
        if re.match(r"[\w ]+: .*; [\w ]+: ", r.claim)
    ]
    assert len(rows) >= 0.9 * len(statements(pages[code]))
    assert [row.claim for row in rows if row.label is not Label.SUPPORTED] == []


def changed(folder, tmp_path, old, new):
    """A copy of the Markdown page with the first line that holds `old` changed."""
    text = (folder / "page.md").read_text()
    assert old in text, old
    path = tmp_path / "page.md"
    path.write_text(text.replace(old, new, 1))
    return path


REFUTED, UNSUPPORTED = {Label.REFUTED}, {Label.REFUTED, Label.NOT_ENOUGH_INFO}


@pytest.mark.parametrize(
    ("code", "old", "new", "labels"),
    [
        ("20970", "\\$2,540.81", "\\$2,540.18", REFUTED),
        ("20970", "76.07 (Non", "67.07 (Non", REFUTED),
        ("20970", "| 43.47 |", "| 34.47 |", REFUTED),
        ("20970", "| 85.89 (2025) |", "| 89.85 (2025) |", UNSUPPORTED),
        ("20970", "| 85.89 (2025) |", "| 85.89 (2024) |", UNSUPPORTED),
        ("20970", "| 76.07 (2026) |", "| 85.89 (2026) |", UNSUPPORTED),
        ("20970", "(-11.4 %)", "(-12.4 %)", UNSUPPORTED),
        ("20970", "| 20956 | this code |", "| 20956 | the other code |", UNSUPPORTED),
        ("20970", "| \\$7,413.38 |", "| \\$7,314.38 |", REFUTED),
        ("20970", "| \\$9,954.19 |", "| \\$9,945.19 |", REFUTED),
        ("20970", "**Global period**: 090", "**Global period**: 010", REFUTED),
        ("20970", "| Global period | 090 |", "| Global period | 000 |", UNSUPPORTED),
        ("20610", "Non-facility: 2.06", "Non-facility: 2.60", REFUTED),
        ("20610", "1.19 (Non-facility", "2.06 (Non-facility", REFUTED),
        ("20610", "| Total | 1.19 | 2.06 |", "| Total | 2.06 | 1.19 |", REFUTED),
        ("20610", "**Global period**: 000", "**Global period**: 090", REFUTED),
        ("27447", "34.71 (Non-facility: NA)", "34.71 (Non-facility: 34.71)", REFUTED),
        ("20610", "(Non-facility: 2.06)", "(Non-facility: NA)", REFUTED),
        ("27447", "| 57 | On the E/M", "| 25 | On the E/M", UNSUPPORTED),
        ("27447", "| 66 | Team surgery: not permitted.", "| 66 | Team surgery: payable.", UNSUPPORTED),
        ("29881", "| 80, 81, 82, AS | Assistant", "| 62 | Assistant", UNSUPPORTED),
        ("22612", "assistant indicator 2", "assistant indicator 1", UNSUPPORTED),
        ("26055", "**Global period**: 090", "**Global period**: 000", REFUTED),
    ],
)
def test_a_changed_copy_is_found_out(pages, workspace, tmp_path, code, old, new, labels):
    before = {result.claim for result in checked(pages[code] / "page.md", code, workspace)}
    results = check(changed(pages[code], tmp_path, old, new), code, workspace)
    touched = [result for result in results if result.claim not in before]
    assert len(touched) == 1
    assert touched[0].label in labels, (touched[0].claim, touched[0].reason)


@pytest.mark.parametrize("code", ["20610", "27447"])
def test_no_figure_of_a_page_can_be_changed_and_stay_supported(pages, workspace, tmp_path, code):
    """Every number of every supported claim, its last digit raised by one: none of the changed claims stands."""
    originals = [r for r in checked(pages[code] / "page.md", code, workspace) if r.label is Label.SUPPORTED]
    lines = {}
    said = {result.claim for result in originals}
    for result in originals:
        if result.claim.startswith("["):
            continue  # its code is put there in reading, from the sentence before
        for found in re.finditer(r"\d(?![\d.,]*\d)", result.claim):
            digit = str((int(found.group()) + 1) % 10)
            changed = result.claim[: found.start()] + digit + result.claim[found.end() :]
            if changed not in said:  # what another row of the page says is no error
                lines[changed] = result.claim
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps({"id": n, "claim": c}) + "\n" for n, c in enumerate(lines)))
    stood = [r.claim for r in check(path, code, workspace) if r.label is Label.SUPPORTED]
    assert len(lines) > 80
    assert stood == []


def test_no_claim_is_embedded_where_words_are_found(pages, workspace):
    embedder = CountingEmbedder()
    results = check(pages["27447"] / "page.md", "27447", workspace, embedder)
    assert len(results) > 100
    assert embedder.texts <= 3  # few sentences are without a telling word


def test_our_own_word_alone_is_never_sure(pages, workspace):
    sure = {"note": 0.8, "classification": 0.7}
    seen = Counter()
    for result in checked(pages["20970"] / "page.md", "20970", workspace):
        levels = {item.level for item in result.evidence}
        if result.label is not Label.SUPPORTED or result.confidence is None:
            continue
        if levels == {"note"} or "classification" in levels:
            level = "classification" if "classification" in levels else "note"
            assert result.confidence <= sure[level], result
            seen[level] += 1
    assert seen["note"] > 20
    assert seen["classification"] > 3


def test_table_heads_are_those_of_the_sections():
    specs = {spec.key: spec.columns for spec in load_sections(Path(read_settings().prompts) / "sections")}
    keys = {
        "rvu": "rvu",
        "setting": "payment",
        "indicator": "indicators",
        "modifier": "modifiers",
        "class": "related",
        "year": "year",
        "edit": "edits",
    }
    assert {kind: specs[key] for kind, key in keys.items()} == COLUMNS
