"""Planted single-row changes in the real fee schedule: of all payable codes 20000-29999, the touched ones alone."""

import csv
import io
import shutil
from datetime import date

import pytest

from pipeline.input_parts import changed_parts
from pipeline.inputs import gather_inputs
from pipeline.run import Drafter, open_reader
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.syncing import ROOT, Syncing

ON = date(2025, 11, 3)
PLANTED = {"29914": (21, "2"), "20100": (14, "090"), "27130": (18, "0")}  # column, value


def parts_of(home, codes=None):
    workspace = Workspace(Settings(root=ROOT, home=home))
    chosen = codes or [code for code in workspace.facts.payable() if "20000" <= code <= "29999"]
    reader = open_reader(workspace, Drafter(), dated=True)
    return {code: reader.read(gather_inputs(code, workspace=workspace, as_of=ON)) for code in chosen}


def planted(text):
    """The file with one value changed on the row of each planted code, every other byte as it was."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        cells = next(csv.reader([line]), [])
        if len(cells) > 20 and cells[0] in PLANTED and not cells[1]:
            column, value = PLANTED[cells[0]]
            assert cells[column] != value
            cells[column] = value
            out = io.StringIO()
            csv.writer(out, lineterminator="\r\n" if line.endswith("\r\n") else "\n").writerow(cells)
            lines[number] = out.getvalue()
    return "".join(lines)


@pytest.mark.realdata
def test_a_planted_row_of_the_whole_fee_schedule_touches_its_own_page_alone(shared_data, tmp_path):
    folder = shared_data / "pfs" / "rvu25d_oct2025"
    name = "PPRRVU2025_Oct.csv"
    for copy in ("real", "planted"):
        (tmp_path / copy / "files").mkdir(parents=True)
        for file in (name, "GPCI2025.csv"):
            shutil.copyfile(folder / file, tmp_path / copy / "files" / file)
    changed = tmp_path / "planted" / "files" / name
    changed.write_text(planted(changed.read_bytes().decode("cp1252")), encoding="cp1252", newline="")
    for copy in ("real", "planted"):
        done = Syncing(tmp_path / copy)(tmp_path / copy / "files", "RVU25D")
        assert not [file for file in done.values() if file.status == "refused"]
    before = parts_of(tmp_path / "real")
    after = parts_of(tmp_path / "planted", before)
    assert len(before) == 1620
    touched = {
        code: changed_parts(before[code], after[code]) for code in before if before[code] != after[code]
    }
    assert touched.keys() == PLANTED.keys()
    for code, changes in touched.items():
        (change,) = [one for one in changes if one.part == "facts"]
        assert PLANTED[code][1] in change.detail, changes
