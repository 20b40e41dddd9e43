"""`python -m evals.verification mutations|gold|compounds|judge [--json] [--missed] [--pairs] [--seed N]`: what holds.

`judge` prints pairs of our own for `briefwright eval verification --data FILE`; `briefwright eval verification` without
one runs `gold` and `mutations` together.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from evals.verification.claims import Starter
from evals.verification.compounds import make_compounds, measure_compounds, standing_lines
from evals.verification.domain_pairs import own_pairs
from evals.verification.mutations import SEED, make_pairs
from pipeline.cli.common import end_progress, progress
from pipeline.evaluate.gold_claims import AS_OF, gold_lines, load_gold_claims, measure_gold
from pipeline.evaluate.mutation_report import missed_lines, table_lines
from pipeline.evaluate.mutations import measure_mutations
from pipeline.run import claim_context
from pipeline.settings import read_settings
from pipeline.workspace import Workspace


def main() -> None:
    """Make the pairs, try them and print."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.verification",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", choices=("mutations", "gold", "compounds", "judge"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--json", action="store_true", help="the whole report as one JSON object")
    parser.add_argument("--pairs", action="store_true", help="the pairs themselves as JSON Lines, not tried")
    parser.add_argument("--missed", action="store_true", help="also what was not caught, and why")
    asked = parser.parse_args()
    if asked.suite == "gold":
        _print_gold(as_json=asked.json)
        return
    starter = Starter()
    if asked.suite == "judge":
        for row in own_pairs(starter, seed=asked.seed):
            print(row.model_dump_json())
        return
    if asked.suite == "compounds":
        standing = measure_compounds(make_compounds(starter), starter, progress=progress)
        end_progress()
        print("\n".join(standing_lines(standing)))
        return
    pairs = make_pairs(starter, seed=asked.seed)
    if asked.pairs:
        for pair in pairs:
            print(pair.model_dump_json())
        return
    report = measure_mutations(
        pairs,
        {claim.claim.id: claim for code in starter.codes() for claim in starter.of(code).claims},
        context_of=lambda code: starter.of(code).context,
        passages=starter.passages(),
        progress=progress,
    )
    end_progress()
    if asked.json:
        print(json.dumps(report.model_dump(mode="json")))
        return
    for line in (*table_lines(report), *(missed_lines(report) if asked.missed else ())):
        print(line)


def _print_gold(*, as_json: bool) -> None:
    """The gold claims against what is loaded in the state folder (BRIEFWRIGHT_HOME)."""
    workspace = Workspace(read_settings())
    report = measure_gold(
        load_gold_claims(Path(__file__).parent / "gold"),
        context_of=lambda code: claim_context(workspace, code or None, AS_OF),
        search=None,
    )
    print(report.model_dump_json() if as_json else "\n".join(gold_lines(report)))


if __name__ == "__main__":
    main()
