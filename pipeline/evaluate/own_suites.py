"""The project's own verification suites, run together: the gold claims, and the mutations where their makers are.

What makes mutations lies under `evals/`, in a checkout and not in the package: it runs as `python -m
evals.verification`, a process of its own, and gives its report as JSON.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.evaluate.gold_claims import AS_OF, GoldReport, gold_lines, load_gold_claims, measure_gold
from pipeline.evaluate.mutation_report import table_lines
from pipeline.evaluate.mutations import MutationReport
from pipeline.run import claim_context
from pipeline.workspace import Workspace

_COMMAND = ("-m", "evals.verification", "mutations", "--json")


class OwnReport(Record):
    """Both suites. Gold claims are tried against what is loaded, mutations against the starter set alone."""

    gold: GoldReport
    mutations: MutationReport


def measure_own(workspace: Workspace) -> OwnReport:
    """Run both; a minute or two. Raises SourceError where their files are not there or a suite broke off."""
    folder = workspace.settings.root / "evals" / "verification"
    if not (folder / "gold").is_dir():
        raise SourceError(
            f"{folder} is not there: the project's own suites run in a checkout; name a file of your own with --data"
        )
    gold = measure_gold(
        load_gold_claims(folder / "gold"),
        context_of=lambda code: claim_context(workspace, code or None, AS_OF),
        search=None,
    )
    return OwnReport(gold=gold, mutations=_mutations(workspace.settings.root))


def _mutations(root: Path) -> MutationReport:
    """The report of the suite, whose progress and complaints go to standard error as ours do."""
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, *_COMMAND],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        check=False,
    )
    try:
        if done.returncode == 0:
            return MutationReport.model_validate_json(done.stdout)
    except ValidationError:
        pass
    raise SourceError(
        f"the mutation suite broke off (exit {done.returncode}); run `python {' '.join(_COMMAND)}` to see why"
    )


def own_lines(report: OwnReport) -> Iterator[str]:
    """Both tables."""
    yield "gold claims, against what is loaded (`python -m evals.verification gold`)"
    yield from gold_lines(report.gold)
    yield ""
    yield "mutations, against the starter set (`python -m evals.verification mutations`)"
    yield from table_lines(report.mutations)
