"""Pages of the starter set as ledgers, to be changed and verified again."""

from datetime import date
from functools import cache

from pipeline.check_ledger import check_ledger
from pipeline.data import Label
from pipeline.inputs import gather_inputs
from pipeline.page.ledger import dump_ledger, load_ledger
from pipeline.run import build_page
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace

AS_OF = date(2026, 11, 24)
AS_IT_IS = lambda held: held  # noqa: E731
ALONE = lambda held: held.alone()  # noqa: E731


def open_workspace(home):
    return Workspace(Settings(root=read_settings().root, home=home))


def ledgers_of(workspace):
    """The text of a page's ledger, by code; a page is made once."""

    @cache
    def of(code):
        inputs = gather_inputs(code, workspace=workspace, as_of=AS_OF)
        page = build_page(inputs, workspace=workspace, search=lambda query, limit, allowed: [], today=AS_OF)
        return dump_ledger(page)

    return of


def failing(text, held):
    results = list(check_ledger(load_ledger(text), held=held))
    assert results
    return [one for one in results if one.label is not Label.SUPPORTED]


def statements(ledger):
    return [
        ledger["summary"],
        *ledger["fact_strip"],
        *(s for part in ledger["sections"] for s in part["statements"]),
    ]


def claim_on(ledger, subject):
    """The first statement and claim whose subject begins so."""
    return next((s, c) for s in statements(ledger) for c in s["claims"] if c["subject"].startswith(subject))


def quote_of(ledger, claim):
    """The first quote that a claim cites."""
    cited = (ledger["evidence"][id_] for id_ in claim["evidence_ids"])
    return next(item for item in cited if item["kind"] == "quote")
