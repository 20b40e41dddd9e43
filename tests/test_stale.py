"""Which pages are made anew: those that a changed input shows on, each with the reason, and no other."""

from datetime import date, timedelta
from functools import cached_property

import pytest

from pipeline.data import QuoteEvidence
from pipeline.facts.lookup import FactStore
from pipeline.inputs import gather_inputs
from pipeline.page.ledger import dump_ledger
from pipeline.regenerate import candidate_folder, read_candidate
from pipeline.run import Drafter, build_page
from pipeline.stale import codes_with_candidates, page_states
from pipeline.workspace import Workspace
from tests.making import ON, make, workspace_in

EXTRACTIVE = Drafter()
CODES = ("20610", "20970", "27447", "29881")


def regenerate(home, codes=CODES, **when):
    return make(workspace_in(home), codes, **when)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    regenerate(folder)
    return folder


def states(home, *, as_of=ON, drafter=EXTRACTIVE, dated=False, codes=CODES):
    found = page_states(codes, workspace=workspace_in(home), as_of=as_of, dated=dated, drafter=drafter)
    return {state.hcpcs_code: state for state in found}


def stale(home, **more):
    return {code for code, state in states(home, **more).items() if state.state == "stale"}


def replace_rows(monkeypatch, change):
    """Facts of the starter set with some rows changed: `change` gives the row that stands in a row's place."""
    real = Workspace.facts.func

    def changed(self):
        store = real(self)
        return FactStore(change(row) for code in [*store.codes(), ""] for row in store.history(code))

    put(monkeypatch, "facts", changed)


def replace(monkeypatch, name, change):
    real = getattr(Workspace, name).func
    put(monkeypatch, name, lambda self: change(real(self)))


def put(monkeypatch, name, read):
    """A part of every workspace, read this way once."""
    part = cached_property(read)
    part.__set_name__(Workspace, name)
    monkeypatch.setattr(Workspace, name, part)


def test_nothing_changed_is_nothing_to_do_also_on_a_later_day(home):
    assert {state.state for state in states(home).values()} == {"current"}
    assert {state.state for state in states(home, as_of=ON + timedelta(days=3)).values()} == {"current"}
    assert set(codes_with_candidates(workspace_in(home).settings)) == set(CODES)


PLANTED = [
    ("20970", "mue_value", "9"),
    ("20970", "fac_total_rvu", "76.17"),
    ("29881", "ptp_column_two:20610", "0"),
    ("29880", "ptp_column_two:29881", "0"),
    ("27447", "global_days", "010"),
    ("20610", "assistant_indicator", "2"),
    ("29870", "work_rvu", "9.99"),
    ("", "conversion_factor_nonqpp", "33.5000"),
]


@pytest.fixture(scope="module")
def before(home):
    """What the page of each code says before anything is planted."""
    return {name: rebuilt(home, name) for name in CODES}


@pytest.mark.parametrize(("code", "field", "value"), PLANTED)
def test_a_planted_row_touches_exactly_the_pages_it_shows_on(home, before, monkeypatch, code, field, value):
    newest = max(
        (row.valid_from, row.release) for row in workspace_in(home).facts.history(code) if row.field == field
    )

    def planted(row):
        wanted = (row.hcpcs_code, row.field, (row.valid_from, row.release)) == (code, field, newest)
        return row.model_copy(update={"value": value}) if wanted else row

    replace_rows(monkeypatch, planted)
    touched = {name for name in CODES if rebuilt(home, name) != before[name]}
    assert stale(home) == touched
    for name in touched:
        said = states(home)[name].changes
        named = any(field in change.item and value in change.detail for change in said)
        # An indicator may also decide how many codes a note is for, and so where it stands on other pages.
        assert named or (name != code and {change.part for change in said} == {"order"}), said


def rebuilt(home, code):
    """What the page of a code says, its inputs' fingerprint aside."""
    workspace = workspace_in(home)
    inputs = gather_inputs(code, workspace=workspace, as_of=ON)
    page = build_page(inputs, workspace=workspace, search=lambda *_: [], today=ON)
    return dump_ledger(page.model_copy(update={"fingerprint": ""}))


def notes_cited(workspace, code):
    page = read_candidate(candidate_folder(code, workspace.settings))
    assert page is not None
    return {item.document_id for item in page.evidence.values() if isinstance(item, QuoteEvidence)}


def test_a_changed_note_touches_the_pages_it_applies_to(home, monkeypatch):
    workspace = workspace_in(home)
    cited = {code: notes_cited(workspace, code) for code in CODES}
    name = next(iter(sorted(cited["29881"] - cited["27447"] - cited["20970"] - cited["20610"])))
    replace(
        monkeypatch,
        "notes",
        lambda notes: [
            note.model_copy(update={"sha256": "0" * 64}) if f"note:{note.id}" == name else note
            for note in notes
        ],
    )
    assert stale(home) == {"29881"}
    (change,) = states(home)["29881"].changes
    assert (change.part, change.item, change.how) == ("notes", name.removeprefix("note:"), "changed")


def test_a_changed_section_spec_touches_every_page_and_a_new_drafter_too(home, monkeypatch):
    assert stale(home, drafter=Drafter(name="model:x", prompt_hashes=("a" * 64, "x"))) == set(CODES)
    replace(
        monkeypatch,
        "sections",
        lambda specs: tuple(
            spec.model_copy(update={"sha256": "0" * 64}) if spec.key == "coverage" else spec for spec in specs
        ),
    )
    assert stale(home) == set(CODES)
    assert [change.as_text() for change in states(home)["20610"].changes] == ["sections: coverage changed"]


def test_another_code_s_classification_touches_what_compares_with_it(home, monkeypatch):
    replace(
        monkeypatch,
        "profiles",
        lambda held: {
            code: profile.model_copy(update={"region": "elsewhere"}) if code == "29880" else profile
            for code, profile in held.items()
        },
    )
    assert stale(home) == {"29881"}


def test_an_edited_candidate_is_of_no_revision_and_a_missing_one_is_new(tmp_path):
    regenerate(tmp_path, ["20610"])
    page = candidate_folder("20610", workspace_in(tmp_path).settings) / "page.json"
    page.write_text(page.read_text().replace("20610", "20611", 1))
    assert states(tmp_path, codes=["20610", "20970"])["20610"].state == "unknown"
    assert states(tmp_path, codes=["20610", "20970"])["20970"].state == "new"


def test_a_page_for_an_asked_date_depends_on_that_date(tmp_path):
    regenerate(tmp_path, ["20610"], as_of=date(2025, 11, 3), dated=True)
    asked = states(tmp_path, codes=["20610"], as_of=date(2025, 11, 3), dated=True)
    assert asked["20610"].state == "current"
