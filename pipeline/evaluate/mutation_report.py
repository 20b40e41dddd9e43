"""The mutation suite's figures as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.evaluate.metrics import Estimate
from pipeline.evaluate.mutations import GOALS, MODES, MOST_REJECTED, MutationReport, Score, Trial

_WIDTH = 30


def table_lines(report: MutationReport) -> Iterator[str]:
    """Lines of plain text: what was caught by type, what was wrongly rejected, and which goals are missed."""
    yield f"{report.pairs:,} mutated claims, {report.checker}; intervals of 95 % (Wilson); (r) refuted among all"
    yield ""
    yield from _table("caught: not supported", [score for score in report.scores if not score.harmless])
    yield ""
    yield from _table("rejected though true", [score for score in report.scores if score.harmless])
    yield ""
    yield from _goals(report)


def _table(heading: str, scores: Sequence[Score]) -> Iterator[str]:
    yield f"{heading:<32}{'goal':>7}   " + "".join(f"{name:<{_WIDTH}}" for name in MODES.values())
    for type_, basis in dict.fromkeys((score.type, score.basis) for score in scores):
        by_mode = {score.mode: score for score in scores if (score.type, score.basis) == (type_, basis)}
        cases = next(iter(by_mode.values())).not_supported.cases
        goal = f"≥ {GOALS[type_]:.3f}" if type_ in GOALS else f"≤ {MOST_REJECTED:.2f}"
        name = f"  from {basis}" if basis else type_
        cells = "".join(f"{_shown(by_mode[mode]):<{_WIDTH}}" for mode in MODES)
        yield f"{f'{name} ({cases})':<32}{goal:>7}   {cells}".rstrip()


def _shown(score: Score) -> str:
    share: Estimate = score.not_supported
    return f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}] r {score.refuted.value:.2f}"


def _goals(report: MutationReport) -> Iterator[str]:
    """A line for what has to be caught, and one for what must not be rejected, of each mode."""
    for mode, name in MODES.items():
        found = [score for score in report.scores if (score.mode, score.basis) == (mode, "")]
        caught = [score for score in found if not score.harmless]
        true = [score for score in found if score.harmless]
        short = [score.type for score in caught if score.not_supported.value < GOALS[score.type]]
        over = [
            f"{score.type} ({score.not_supported.value:.3f})"
            for score in true
            if score.not_supported.value > MOST_REJECTED
        ]
        yield f"{name}, caught: {_reached(short)}"
        if true:
            yield f"{name}, rejected though true: {_reached(over)}"


def _reached(short: Sequence[str]) -> str:
    return f"goal not reached by {', '.join(short)}" if short else "all goals reached"


def missed_lines(report: MutationReport) -> Iterator[str]:
    """Each mutation that was supported and each true claim that was not, with the checker's reason."""
    for heading, trials in (
        ("supported though false", report.missed),
        ("rejected though true", report.rejected),
    ):
        yield ""
        yield f"{heading}: {len(trials)}"
        for trial in sorted(trials, key=lambda one: (one.pair.type, one.mode, one.pair.id)):
            yield from _trial_lines(trial)


def _trial_lines(trial: Trial) -> Iterator[str]:
    pair = trial.pair
    yield f"  {pair.id} {pair.type} · {MODES[trial.mode]} · {pair.hcpcs_code} · {trial.label}: {trial.reason}"
    if pair.text != pair.original:
        yield f"      was: {pair.original}"
    yield f"      now: {pair.text}"
