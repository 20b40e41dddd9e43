"""From RVU24C to RVU25D over all payable codes 20000-29999: who is touched, and what the redline of a page names."""

import shutil
from datetime import date

import pytest

from pipeline.changes.diff import diff_pages
from pipeline.data import RowEvidence
from pipeline.input_parts import changed_parts
from pipeline.inputs import gather_inputs
from pipeline.run import Drafter, build_page, open_reader
from pipeline.settings import Settings
from pipeline.verify.mentions import mark_mentions
from pipeline.workspace import Workspace
from tests.official_files import write_fee_schedule
from tests.syncing import ROOT, Syncing

ON = date(2025, 11, 3)
EVERY = 150  # of so many codes one page is made
OWN = ("PPRRVU2025_Oct.csv", "GPCI2025.csv")

pytestmark = pytest.mark.realdata


class Side:
    """What is known on the one side of the change: of each code the parts of its page and its rows."""

    def __init__(self, home, codes=None):
        self.workspace = Workspace(Settings(root=ROOT, home=home))
        payable = [code for code in self.workspace.facts.payable() if "20000" <= code <= "29999"]
        self.gone = [code for code in codes or payable if code not in payable]
        self.codes = [code for code in codes or payable if code in payable]
        reader = open_reader(self.workspace, Drafter(), dated=True)
        self.parts, self.rows = {}, {}
        for code in self.codes:
            inputs = gather_inputs(code, workspace=self.workspace, as_of=ON)
            self.parts[code] = reader.read(inputs)
            self.rows[code] = {key: (fact.value, fact.release) for key, fact in inputs.rows.items()}

    def page(self, code):
        inputs = gather_inputs(code, workspace=self.workspace, as_of=ON)
        return build_page(inputs, workspace=self.workspace, search=lambda query, limit, allowed: [], today=ON)


@pytest.fixture(scope="module")
def sides(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    for name in ("older", "newer"):
        (folder / name).mkdir()
    write_fee_schedule(shared_data, folder / "older", "RVU24C")
    for name in OWN:
        shutil.copyfile(shared_data / "pfs" / "rvu25d_oct2025" / name, folder / "newer" / name)
    sync = Syncing(folder / "home")
    assert "refused" not in {file.status for file in sync(folder / "older", "RVU24C").values()}
    before = Side(folder / "home")
    assert "refused" not in {file.status for file in sync(folder / "newer", "RVU25D").values()}
    return before, Side(folder / "home", before.codes)


def test_the_touched_pages_are_those_whose_rows_differ_and_each_row_is_named(sides):
    before, after = sides
    assert len(after.codes) > 1500 and after.gone == ["21632"]  # deleted in 2025
    assert not after.workspace.facts.stands("21632", ON) and after.workspace.facts.stands("29881", ON)
    touched = {code for code in after.codes if before.parts[code] != after.parts[code]}
    assert touched == {code for code in after.codes if before.rows[code] != after.rows[code]}
    assert len(touched) == len(
        after.codes
    )  # a whole release has a row of each, of the starter set in more columns
    for code in touched:
        named = {c.item for c in changed_parts(before.parts[code], after.parts[code]) if c.part == "facts"}
        old, new = before.rows[code], after.rows[code]
        assert named >= {key for key in {*old, *new} if old.get(key) != new.get(key)}, code


def test_the_redline_names_every_field_whose_value_differs(sides):
    before, after = sides
    telling = 0
    for code in after.codes[::EVERY]:
        old, new = before.page(code), after.page(code)
        diff = diff_pages(old, new, mark=mark_mentions)
        named = {item.field for change in diff.changes for item in change.evidence if item.old != item.new}
        shown = [
            {e.fact.field: e.fact.value for e in page.evidence.values() if _is_own(e, code)}
            for page in (old, new)
        ]
        differing = {
            field for field in shown[0].keys() & shown[1].keys() if shown[0][field] != shown[1][field]
        }
        assert named >= differing, code
        told = {reason.text for change in diff.changes for reason in change.reasons}
        assert not differing or any("RVU24C" in text and text.endswith("→ RVU25D") for text in told), code
        telling += len(differing)
    assert telling > 20


def _is_own(item, code):
    """A row of the code in the newest release that its page shows, as a value of its own year."""
    return isinstance(item, RowEvidence) and item.fact.hcpcs_code == code and not item.fact.modifier
