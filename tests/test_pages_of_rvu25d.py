"""Pages of the payable codes 20000-29999 from the real fee schedule of October 2025: each renders its facts."""

from datetime import date
from decimal import Decimal

import pytest

from pipeline.facts.payment import dollars, round_cents
from pipeline.index import HashingEmbedder
from pipeline.regenerate import regenerate_pages
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.syncing import ROOT, Syncing

ON = date(2025, 11, 3)
FACTOR = Decimal("32.3465")
EVERY = 40


@pytest.mark.realdata
def test_payable_codes_render_their_facts(shared_data, tmp_path):
    done = Syncing(tmp_path)(shared_data / "pfs" / "rvu25d_oct2025", "RVU25D")
    assert not [file.name for file in done.values() if file.status == "refused"]
    workspace = Workspace(Settings(root=ROOT, home=tmp_path))
    payable = [code for code in workspace.facts.payable() if "20000" <= code <= "29999"]
    assert len(payable) == 1620
    chosen = sorted({*payable[::EVERY], "20697", "23412", "29881"})
    written = regenerate_pages(
        chosen,
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=ON,
        today=ON,
        progress=lambda message: None,
    )
    for result in written:
        page = result.page
        assert page.withheld == (), page.hcpcs_code
        facts = workspace.facts.facts_on(page.hcpcs_code, ON)
        rows = {s.cells[0]: s.cells for part in page.sections for s in part.statements if s.cells}
        shown = ["NA" if facts[f"{place}_na"].value == "NA" else facts[f"{place}_total_rvu"].value
                 for place in ("fac", "nonfac")]  # fmt: skip
        assert list(rows["Total"][1:3]) == shown, page.hcpcs_code
        strip = {s.cells[0]: s.cells[1] for s in page.fact_strip}
        for label, value in zip(("facility", "non-facility"), shown, strict=True):
            paid = "none (NA)" if value == "NA" else dollars(round_cents(Decimal(value) * FACTOR))
            assert strip[f"National payment, {label}"] == paid, page.hcpcs_code
