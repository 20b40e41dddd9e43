"""The whole run over the starter set, with the deterministic embedder and a fixed clock."""

import json
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import pytest

from pipeline.data import Label, QuoteEvidence, RowEvidence
from pipeline.errors import NoFactsError, StateError
from pipeline.index import HashingEmbedder
from pipeline.page.assemble import count_claims
from pipeline.page.layout import statements_of
from pipeline.publishing import Ready, Site, publish_pages
from pipeline.regenerate import candidate_folder, read_candidate, regenerate_pages
from pipeline.settings import Settings, read_settings
from pipeline.store import exclusive_lock
from pipeline.workspace import Workspace

AS_OF = date(2026, 11, 24)
FIVE = ("20970", "20610", "22612", "27447", "29881")


def settings_in(home: Path) -> Settings:
    return Settings(root=read_settings().root, home=home)


def regenerate(codes, home, today=AS_OF, as_of=AS_OF):
    return list(
        regenerate_pages(
            codes,
            workspace=Workspace(settings_in(home)),
            embedder=HashingEmbedder(),
            as_of=as_of,
            today=today,
            progress=lambda message: None,
        )
    )


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return {result.page.hcpcs_code: result for result in regenerate(FIVE, home)}


def put(monkeypatch, name, read):
    """A part of every workspace, read this way once."""
    part = cached_property(read)
    part.__set_name__(Workspace, name)
    monkeypatch.setattr(Workspace, name, part)


def texts(page, section=None):
    return [s.text for part in page.sections if section in (None, part.key) for s in part.statements]


def test_every_claim_on_a_page_is_supported_by_evidence_the_page_holds(five):
    for result in five.values():
        page = result.page
        for section in page.sections:
            for claim in (claim for statement in section.statements for claim in statement.claims):
                assert page.verdicts[claim.id].label is Label.SUPPORTED
                assert claim.evidence_ids and all(id_ in page.evidence for id_ in claim.evidence_ids)


def test_the_figures_of_20970(five):
    page = five["20970"].page
    cells = {s.cells[0]: s.cells for part in page.sections for s in part.statements if s.cells}
    assert cells["Work"][1] == "43.47" and cells["Practice expense"][1] == "23.32"
    assert cells["Malpractice"][1] == "9.28" and cells["Total"][1] == "76.07"
    assert cells["Office (non-facility)"][1:4] == ("NA", "none", "NA")
    assert cells["Hospital outpatient"][1:4] == ("$2,540.81", "$7,413.38", "$9,954.19")
    assert "APC 5114" in cells["Hospital outpatient"][4]
    assert cells["Ambulatory surgery center"][1:4] == ("$2,540.81", "$4,682.29", "$7,223.10")
    assert "J8" in cells["Ambulatory surgery center"][4]
    assert cells["Global period"][1] == "090"
    assert "documentation of the necessity of two surgeons" in cells["62"][1]
    assert cells["80, 81, 82, AS"][1] == "Assistant at surgery: payable."
    assert "25 is never the modifier for that decision" in cells["57"][1]
    assert "25" not in cells


def test_an_office_procedure_pays_in_the_office_and_takes_25(five):
    cells = {s.cells[0]: s.cells for part in five["20610"].page.sections for s in part.statements if s.cells}
    assert cells["Office (non-facility)"][1] == "$68.81"
    assert "25" in cells and "57" not in cells


def test_own_sentences_come_first_and_pages_differ(five):
    own = {code: set(texts(result.page, "documentation")) for code, result in five.items()}
    for code in ("20970", "20610", "29881", "22612"):
        others = set().union(*(own[other] for other in ("20970", "20610", "29881", "22612") if other != code))
        first_three = texts(five[code].page, "documentation")[:3]
        assert not others.intersection(first_three), code


def test_no_note_stands_where_its_conditions_do_not_hold(five):
    workspace = Workspace(read_settings())
    for code, result in five.items():
        facts = workspace.facts.facts_on(code, AS_OF)
        allowed = {f"note:{note.id}" for note in workspace.notes_for(code, facts, AS_OF)}
        used = {e.document_id for e in result.page.evidence.values() if isinstance(e, QuoteEvidence)}
        assert used <= allowed
    assert not any("compartment" in text for text in texts(five["20970"].page))
    assert not any("meniscectomy" in text for text in texts(five["22612"].page))


def test_values_of_older_releases_are_carried_and_none_is_called_in_force(five):
    for result in five.values():
        rows = [e for e in result.page.evidence.values() if isinstance(e, RowEvidence)]
        compared = {row.id for row in rows if row.currency == "earlier"}
        old = [row for row in rows if row.fact.release == "RVU25D" and row.id not in compared]
        assert all((row.currency, row.in_force_release) == ("carried", "RVU26D") for row in old)
        claims = [claim for s in statements_of(result.page) for claim in s.claims]
        citing = {claim.subject for claim in claims if compared & set(claim.evidence_ids)}
        assert compared and all(subject.startswith("year:") for subject in citing)
        assert ("RVU25D, not confirmed for 2026" in result.path.read_text()) is bool(old)
    carried = {
        code for code, result in five.items() if "RVU25D, not confirmed for 2026" in result.path.read_text()
    }
    assert {"20970", "22612"} <= carried
    assert "29881" not in carried  # its rows are of RVU26D


def test_same_inputs_same_bytes_and_an_unchanged_claim_keeps_its_date(tmp_path):
    (first,) = regenerate(["20970"], tmp_path / "a")
    (second,) = regenerate(["20970"], tmp_path / "b")
    for name in ("page.html", "page.md", "page.json"):
        assert (first.path.parent / name).read_bytes() == (second.path.parent / name).read_bytes()
    before = (first.path.parent / "page.json").read_bytes()
    (later,) = regenerate(["20970"], tmp_path / "a", today=date(2026, 12, 24))
    assert (later.path.parent / "page.json").read_bytes() == before
    assert later.page.verified_on == AS_OF


def test_no_page_was_verified_after_the_day_it_is_made_on(tmp_path):
    regenerate(["20970"], tmp_path, today=date(2026, 12, 24))
    (earlier,) = regenerate(["20970"], tmp_path, today=AS_OF)
    assert earlier.page.verified_on == AS_OF


def test_a_changed_row_gets_a_new_date_and_a_new_fingerprint(tmp_path, monkeypatch):
    (first,) = regenerate(["20970"], tmp_path)
    real = Workspace.facts.func

    def changed(self):
        from pipeline.facts.lookup import FactStore

        store = real(self)
        rows = [row for code in [*store.codes(), ""] for row in store.history(code)]
        return FactStore(
            row.model_copy(update={"value": "2"})
            if (row.hcpcs_code, row.field) == ("20970", "mue_value")
            else row
            for row in rows
        )

    put(monkeypatch, "facts", changed)
    (second,) = regenerate(["20970"], tmp_path, today=date(2026, 12, 24))
    assert second.page.fingerprint != first.page.fingerprint
    dates = {
        statement.cells[0]: second.page.verdicts[statement.claims[0].id].verified_on
        for section in second.page.sections
        for statement in section.statements
        if section.key == "indicators"
    }
    assert dates["Medically unlikely edit"] == date(2026, 12, 24)
    assert dates["Global period"] == AS_OF


def test_a_tampered_figure_is_withheld_never_published(tmp_path, monkeypatch):
    import pipeline.draft.tables as tables

    real = tables.compose_sentence

    def tampered(subject, code, rows):
        sentence = real(subject, code, rows)
        if sentence and subject == "rvu:total":
            return sentence.model_copy(update={"text": sentence.text.replace("76.07", "77.07")})
        return sentence

    monkeypatch.setattr(tables, "compose_sentence", tampered)
    (result,) = regenerate(["20970"], tmp_path)
    assert not any("77.07" in text for text in texts(result.page))
    held = [w.statement.text for w in result.page.withheld]
    assert any("77.07" in text for text in held)
    assert count_claims(result.page)["supported"] > 50
    assert any(gap.key == "rvu_total" for gap in result.page.gaps)


def test_a_date_before_every_table_and_an_unknown_code_are_refused(tmp_path):
    with pytest.raises(NoFactsError, match="earliest"):
        regenerate(["20970"], tmp_path, as_of=date(2019, 1, 1))
    with pytest.raises(NoFactsError, match="99999"):
        regenerate(["99999"], tmp_path)
    assert read_candidate(candidate_folder("99999", settings_in(tmp_path))) is None


def test_a_second_process_is_told_to_wait_and_nothing_is_written(tmp_path):
    lock = exclusive_lock(tmp_path / "regenerate.lock", what="holding the lock in a test")
    with lock, pytest.raises(StateError, match="regenerating pages"):
        regenerate(["20970"], tmp_path)
    assert not (tmp_path / "candidates").exists()


def test_as_of_an_earlier_date_shows_that_dates_values(tmp_path):
    (result,) = regenerate(["20970"], tmp_path, as_of=date(2025, 11, 3))
    cells = {s.cells[0]: s.cells for part in result.page.sections for s in part.statements if s.cells}
    assert cells["Total"][1] == "85.89"
    assert cells["Hospital inpatient"][1] == "$2,778.24"
    ledger = json.loads((result.path.parent / "page.json").read_text())
    assert ledger["as_of"] == "2025-11-03"


def test_a_tampered_cell_is_withheld_although_its_sentence_is_right(tmp_path, monkeypatch):
    import pipeline.draft.tables as tables

    real = tables.compose_sentence

    def tampered(subject, code, rows):
        sentence = real(subject, code, rows)
        if sentence and subject == "rvu:work":
            return sentence.model_copy(update={"cells": ("Work", "44.47", *sentence.cells[2:])})
        return sentence

    monkeypatch.setattr(tables, "compose_sentence", tampered)
    (result,) = regenerate(["20970"], tmp_path)
    assert not any("44.47" in cell for s in result.page.sections for st in s.statements for cell in st.cells)
    assert any(w.statement.cells[1:2] == ("44.47",) for w in result.page.withheld)


def test_an_absent_edit_that_the_table_does_list_is_withheld(tmp_path, monkeypatch):
    import pipeline.draft.tables as tables

    monkeypatch.setattr(
        tables, "compose_sentence", _without_edits(tables.compose_sentence, hidden="ptp_column_two:29880")
    )
    (result,) = regenerate(["29881"], tmp_path)
    held = [w.statement.text for w in result.page.withheld]
    assert any("lists no NCCI edit between 29881 and 29880" in text for text in held)


def _without_edits(real, *, hidden):
    def compose(subject, code, rows):
        seen = {
            key: fact for key, fact in rows.items() if hidden not in key and not key.startswith("29880.ptp")
        }
        return real(subject, code, seen)

    return compose


@pytest.mark.parametrize("changed", ["facts", "notes", "profiles", "sections", "site_blocks", "registry"])
def test_the_fingerprint_covers_every_input(tmp_path, monkeypatch, changed):
    (first,) = regenerate(["20610"], tmp_path / "a")
    real = getattr(Workspace, changed).func
    put(monkeypatch, changed, lambda self: _touched(changed, real(self)))
    (second,) = regenerate(["20610"], tmp_path / "b")
    assert second.page.fingerprint != first.page.fingerprint


def _touched(kind, value):
    from pipeline.facts.lookup import FactStore

    if kind == "facts":
        rows = [row for code in [*value.codes(), ""] for row in value.history(code)]
        return FactStore(row.model_copy(update={"locator": row.locator + " (checked)"}) for row in rows)
    if kind == "notes":
        return [note.model_copy(update={"sha256": "0" * 64}) for note in value]
    if kind == "profiles":
        return {code: profile.model_copy(update={"region": "elsewhere"}) for code, profile in value.items()}
    if kind == "sections":
        return tuple(spec.model_copy(update={"sha256": "0" * 64}) for spec in value)
    if kind == "site_blocks":
        return tuple(block.model_copy(update={"text": "other words"}) for block in value)
    return {family: entry.model_copy(update={"title": "another title"}) for family, entry in value.items()}


def test_modifier_rows_cite_the_note_that_restates_their_rule(five):
    page = five["20970"].page
    (rows,) = [section.statements for section in page.sections if section.key == "modifiers"]
    cited = {
        statement.cells[0]: {
            page.evidence[id_].kind for claim in statement.claims for id_ in claim.evidence_ids
        }
        for statement in rows
    }
    for modifier in ("57", "24", "58", "51", "50", "62", "66", "80, 81, 82, AS", "26, TC"):
        assert cited[modifier] == {"row", "quote"}, modifier


def test_every_note_the_modifier_table_names_exists_and_applies():
    from pipeline.facts.indicators import load_modifier_entries

    workspace = Workspace(read_settings())
    notes = {note.id: note for note in workspace.notes}
    for entry in load_modifier_entries():
        if entry.note:
            applied = notes[entry.note].applies_to.indicators.get(entry.field, ())
            assert set(entry.values) <= set(applied) or not applied, entry.key


def test_a_page_for_an_asked_date_is_kept_apart_from_the_current_one(tmp_path):
    workspace = Workspace(settings_in(tmp_path))
    regenerate(["20610"], tmp_path)
    current = (tmp_path / "candidates" / "20610" / "page.json").read_bytes()
    (dated,) = regenerate_pages(
        ["20610"],
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=date(2025, 11, 3),
        today=AS_OF,
        progress=lambda message: None,
        dated=True,
    )
    assert dated.path.parent == candidate_folder("20610", workspace.settings, as_of=date(2025, 11, 3))
    assert (tmp_path / "candidates" / "20610" / "page.json").read_bytes() == current


def test_without_a_candidate_the_published_page_gives_the_dates(tmp_path, monkeypatch):
    (first,) = regenerate(["20610"], tmp_path / "a")
    outputs = tmp_path / "outputs"
    site = Site(root=outputs, name="Briefwright")
    publish_pages(
        [Ready(first.page)], site, approve=lambda _: "A. Coder", now=datetime(2026, 11, 24, tzinfo=UTC)
    )
    monkeypatch.setattr(Settings, "outputs", property(lambda self: outputs))
    (second,) = regenerate(["20610"], tmp_path / "b", today=date(2026, 12, 24))
    assert second.page.verified_on == AS_OF


def test_the_site_profile_names_the_publisher(tmp_path, monkeypatch):
    monkeypatch.setattr(Workspace, "site_name", property(lambda self: "An Invented Publisher"))
    (result,) = regenerate(["20610"], tmp_path)
    assert "An Invented Publisher" in result.path.read_text()
