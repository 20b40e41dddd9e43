"""The figures of a judge: as tables for the terminal, and as one HTML file with its calibration plot."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from jinja2 import Environment, PackageLoader, select_autoescape

from pipeline.data import Label
from pipeline.evaluate.grouped import FEWEST
from pipeline.evaluate.judging import FAILED, JudgingReport, Part
from pipeline.evaluate.labelled import TRUTHS
from pipeline.evaluate.metrics import Estimate

LABELS = (*(label.value for label in Label), FAILED)
_FAILURES_SHOWN = 5


def shown(estimate: Estimate | None) -> str:
    """ "0.723 [0.670, 0.762]": the value with its 95 % interval, "0.723 [too few]" where too few groups give it none, a
    dash where there is no value."""
    if estimate is None:
        return "–"
    few = estimate.groups is not None and estimate.groups < FEWEST
    interval = "too few" if few else f"{estimate.low:.3f}, {estimate.high:.3f}"
    return f"{estimate.value:.3f} [{interval}]"


def judging_lines(report: JudgingReport) -> Iterator[str]:
    """Lines of plain text: figures by subset, the confusion, what the judge is sure of, calibration and speed."""
    yield f"{report.data}: {report.pairs:,} pairs, judge {report.judge}, supported against the rest"
    yield f"intervals of 95 %, by resampling groups of pairs that share their evidence, of which it takes {FEWEST}"
    if report.seen:
        yield seen_line(report)
    told = any(part.told_refuted for part in report.parts)
    yield ""
    yield (
        f"{'subset':<18}{'pairs':>6}{'failed':>8}  {'balanced accuracy':<23}{'AUROC':<23}"
        f"{'AUROC against refuted' if told else ''}".rstrip()
    )
    for part in report.parts:
        cells = (part.accuracy, part.auroc, *([part.told_refuted] if told else ()))
        figures = "".join(f"{shown(cell):<23}" for cell in cells)
        yield f"{part.subset:<18.17}{part.pairs:>6}{part.failed:>8}  {figures}".rstrip()
    yield ""
    yield from _confusion(report.parts[0])
    yield ""
    yield sure_line(report)
    yield calibration_line(report)
    yield speed_line(report)
    yield from _failures(report)


def seen_line(report: JudgingReport) -> str:
    """A warning: figures of pairs that the judge was trained on."""
    return (
        f"{report.seen:,} of these pairs are among those that the judge was trained on: there it remembers the answer, "
        "and figures are too good"
    )


def _confusion(part: Part) -> Iterator[str]:
    yield f"{'is':<18}" + "".join(f"{label:>18}" for label in LABELS)
    for truth in TRUTHS:
        yield f"{truth:<18}" + "".join(f"{part.confusion.get(f'{truth}/{label}', 0):>18}" for label in LABELS)


def sure_line(report: JudgingReport) -> str:
    """What the judge would let stand without a person."""
    sure = report.sure
    return (
        f"sure of {sure.passed:,}, {sure.right:,} of them supported; were half of all pairs supported, "
        f"{shown(sure.precision)} of them; it is sure of {shown(sure.kept)} of the supported ones"
    )


def calibration_line(report: JudgingReport) -> str:
    """The expected calibration error, beside what chance alone would make it."""
    found = report.calibration
    if found is None:
        return "calibration: none; it takes a chance of every pair, and pairs of both kinds"
    return (
        f"calibration: expected error {found.error:.3f}; a judge without fault would show {found.noise:.3f} on as many "
        "pairs by chance"
    )


def speed_line(report: JudgingReport) -> str:
    """Claims a second once evidence is read, and what reading took."""
    speed = report.speed
    return (
        f"speed: {speed.claims_a_second:,.0f} claims/s once the evidence is read; reading {speed.texts:,} texts took "
        f"{speed.read_s:,.1f} s"
    )


def _failures(report: JudgingReport) -> Iterator[str]:
    failed = (one for one in report.judged if one.opinion.label is None)
    for one in islice(failed, _FAILURES_SHOWN):
        yield f"failed: {one.id}: {one.opinion.failure}"
    if (more := report.parts[0].failed - _FAILURES_SHOWN) > 0:
        yield f"failed: and {more:,} more"


def render_judging(report: JudgingReport) -> str:
    """One self-contained HTML file: the figures by subset, the reliability diagram, the confusion."""
    environment = Environment(
        loader=PackageLoader("pipeline.evaluate", "."), autoescape=select_autoescape(default=True)
    )
    return environment.get_template("judging.html.j2").render(
        report=report,
        shown=shown,
        truths=TRUTHS,
        labels=LABELS,
        most=max((each.found.cases for each in report.calibration.bins), default=1)
        if report.calibration
        else 1,
        seen=seen_line(report) if report.seen else "",
        notes=(sure_line(report), calibration_line(report), speed_line(report), *_failures(report)),
    )
