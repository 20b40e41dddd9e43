"""Model calls without a model at hand: what pages still wait for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from pipeline.data import Record
from pipeline.draft.records import Draft
from pipeline.index import Embedder
from pipeline.llm import Journal, ModelRequest, PendingClient, Steps, run_many
from pipeline.model_drafter import ModelNames, make_model_drafter
from pipeline.regenerate import Progress, begin_pages, open_search
from pipeline.workspace import Workspace


class PageState(Record):
    """Where a page stands: by section, the call it waits for (`draft`, `judge`, `repair`); empty: all is answered."""

    hcpcs_code: str
    waiting: dict[str, str]


class Pending(Record):
    """What the journal does not answer yet, each request once, and where each page stands.

    `models` are those that the pages are drafted, judged and mended by.
    """

    models: tuple[str, ...]
    requests: tuple[ModelRequest, ...]
    pages: tuple[PageState, ...]


def find_pending(
    codes: Sequence[str],
    *,
    workspace: Workspace,
    embedder: Embedder,
    as_of: date,
    names: ModelNames,
    progress: Progress,
    again: bool = False,
) -> Pending:
    """The calls that regenerating these pages would make next, given the journal. Asks nothing, writes nothing.

    What follows from a reply (judging, mending) is pending once that reply is there. With `again` a call whose stored
    reply was of no use is pending too. Raises NoFactsError for a code that no table or profile holds.
    """
    client = PendingClient(Journal(workspace.settings.journal), again=again)
    drafter = make_model_drafter(names, client, workspace=workspace)
    waiting: dict[str, list[str]] = {code: [] for code in codes}
    with open_search(workspace, embedder=embedder, progress=progress) as search:

        def tasks() -> Iterator[tuple[tuple[str, str], Steps[Draft]]]:
            begun = begin_pages(codes, workspace=workspace, search=search, as_of=as_of, write=drafter.write)
            for number, page in enumerate(begun, 1):
                code = page.inputs.plan.hcpcs_code
                progress(f"{code} ({number}/{len(codes)})")
                for key, steps in page.sections.items():
                    yield (code, key), steps

        for (code, key), draft in run_many(tasks(), client, concurrency=1):
            if draft is None:
                waiting[code].append(key)
    calls = {tuple(request.label.split("/")[:2]): request.label.split("/")[-1] for request in client.pending}
    return Pending(
        models=tuple(dict.fromkeys(filter(None, names))),
        requests=tuple(client.pending),
        pages=tuple(
            PageState(hcpcs_code=code, waiting={key: calls.get((code, key), "") for key in keys})
            for code, keys in waiting.items()
        ),
    )
