"""The retrieval report: as a table for the terminal, and as one HTML file with a chart."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, PackageLoader, select_autoescape

from pipeline.evaluate.metrics import Estimate
from pipeline.evaluate.retrieval import MEASURES, RetrievalReport

GOALS = {"recall@5": 0.95, "MRR": 0.85}
"""What the held part should reach, questions of kinds exact and paraphrase together."""

_METHODS = ("words", "meaning", "fusion")


def shown(estimate: Estimate) -> str:
    """ "0.95 [0.90, 0.99]": the value with its 95 % interval."""
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def table_lines(report: RetrievalReport) -> Iterator[str]:
    """Lines of plain text, a table for each part."""
    yield f"{report.passages:,} passages; intervals of 95 %, by bootstrap over questions"
    for part in ("held", "development"):
        yield ""
        yield f"{part} part"
        yield f"  {'questions':<24}{'search':<10}" + "".join(f"{name:<20}" for name in MEASURES)
        for row in report.scores:
            if row.part == part:
                cases = row.measures["MRR"].cases
                cells = "".join(f"{shown(row.measures[name]):<20}" for name in MEASURES)
                yield f"  {f'{row.kind} ({cases})':<24}{row.method:<10}{cells}".rstrip()
        for row in report.abstention:
            if row.part == part:
                yield (
                    f"  says that there is no answer: to {shown(row.refused)} of the {row.refused.cases} questions "
                    f"without one; answers {shown(row.kept)} of the {row.kept.cases} with one; AUROC {row.auroc:.2f}"
                )
    yield ""
    for name, goal in GOALS.items():
        found = next(
            row.measures[name]
            for row in report.scores
            if (row.part, row.kind, row.method) == ("held", "exact and paraphrase", "fusion")
        )
        reached = "reached" if found.value >= goal else "not reached"
        yield f"goal {name} ≥ {goal}: {found.value:.3f}, lower bound {found.low:.3f}: {reached}"
    if report.misses:
        yield f"held questions without an answer among the first five: {', '.join(report.misses)}"


def render_report(report: RetrievalReport) -> str:
    """One self-contained HTML file: the chart of the held part, then all figures as a table."""
    environment = Environment(
        loader=PackageLoader("pipeline.evaluate", "."), autoescape=select_autoescape(default=True)
    )
    template = environment.get_template("retrieval.html.j2")
    held = [row for row in report.scores if row.part == "held"]
    kinds = list(dict.fromkeys(row.kind for row in held))
    panels = [
        {
            "measure": measure,
            "goal": GOALS.get(measure),
            "groups": [
                {
                    "kind": kind,
                    "bars": [
                        {"method": row.method, "estimate": row.measures[measure]}
                        for method in _METHODS
                        for row in held
                        if (row.kind, row.method) == (kind, method)
                    ],
                }
                for kind in kinds
            ],
        }
        for measure in ("recall@5", "MRR")
    ]
    return template.render(report=report, panels=panels, measures=MEASURES, methods=_METHODS, shown=shown)
