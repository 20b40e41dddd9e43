"""Who answers for a candidate: what a newer release alone changes may go out unasked, anything else waits."""

from datetime import UTC, date, datetime
from functools import partial

import pytest

from pipeline.errors import PublishError
from pipeline.index import HashingEmbedder
from pipeline.page.ledger import dump_ledger
from pipeline.publishing import Ready, Site, publish_pages
from pipeline.regenerate import candidate_folder, read_candidate, regenerate_pages
from pipeline.settings import Settings, read_settings
from pipeline.signing import signer_of
from pipeline.workspace import Workspace
from tests.syncing import Syncing
from tests.tables_sample import fee, fee_csv

ON = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLDER = {code: fee(code) for code in ("20001", "20002", "20003", "20004")}
NEWER = {
    "20001": fee("20001", work="11.25", facility="6.50"),  # amounts alone
    "20002": fee("20002", work="11.25", days="010"),  # a rule goes with the global period
    "20003": fee("20003", office_na="NA"),  # a payment basis
    "20004": fee("20004"),  # the same values
}


def load(home, rows, month, release):
    folder = home.parent / month
    folder.mkdir()
    table = fee_csv(*rows.values(), month=month, pricing=False).replace(
        b"33.4009", b"32.3465"
    )  # 2025's factor
    (folder / f"PPRRVU2025_{month[:3]}.csv").write_bytes(table)
    done = Syncing(home)(folder, release)
    assert [file.status for file in done.values()] == ["new"], done


def make(home):
    workspace = Workspace(Settings(root=read_settings().root, home=home))
    made = regenerate_pages(
        tuple(OLDER),
        workspace=workspace,
        embedder=HashingEmbedder(),
        as_of=ON,
        today=ON,
        progress=lambda message: None,
    )
    return {one.page.hcpcs_code: one.page for one in made}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "outputs", property(lambda self: folder / "outputs"))
        load(folder / "home", OLDER, "January", "RVU25A")
        site = Site(root=folder / "outputs", name="Briefwright")
        publish_pages(map(Ready, make(folder / "home").values()), site, approve=lambda _: "A. Coder", now=NOW)
        load(folder / "home", NEWER, "April", "RVU25B")
        make(folder / "home")
        yield Workspace(Settings(root=read_settings().root, home=folder / "home"))


def sign(workspace, code, **more):
    page = read_candidate(candidate_folder(code, workspace.settings))
    assert page is not None
    return partial(signer_of, page, workspace, **more)


@pytest.mark.parametrize("code", ["20001", "20004"])
def test_amounts_of_a_newer_release_go_out_unasked_where_that_is_asked_for(workspace, code):
    with pytest.raises(PublishError, match="wait for a decision"):
        sign(workspace, code, reviewer="")()
    assert (
        sign(workspace, code, reviewer="", auto_approve_figures=True)()
        == "figures of a newer release, approved automatically"
    )
    assert sign(workspace, code, reviewer="B. Coder", auto_approve_figures=True)() == "B. Coder"


def test_what_no_reader_sees_needs_nobody(workspace):
    folder = candidate_folder("20001", workspace.settings)
    page = read_candidate(folder)
    assert page is not None
    published = workspace.settings.outputs / "20001" / "page.json"
    held = published.read_bytes()
    published.write_text(dump_ledger(page.model_copy(update={"fingerprint": "0"})), encoding="utf-8")
    try:
        assert sign(workspace, "20001", reviewer="")() == ""
        assert (
            "nothing that a reader sees" in sign(workspace, "20001", reviewer="", auto_approve_figures=True)()
        )
    finally:
        published.write_bytes(held)


@pytest.mark.parametrize("code", ["20002", "20003"])
def test_a_rule_or_a_payment_basis_waits_for_a_person(workspace, code):
    with pytest.raises(PublishError, match="wait for a decision"):
        sign(workspace, code, reviewer="B. Coder", auto_approve_figures=True)()
