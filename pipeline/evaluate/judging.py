"""A judge against labelled pairs: supported against the rest, by subset, with intervals; failures counted apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pipeline.data import Label, Record
from pipeline.evaluate.calibration import Calibration, measure_calibration
from pipeline.evaluate.grouped import Cases, area, balanced_accuracy, balanced_share, share
from pipeline.evaluate.labelled import LabelledPair
from pipeline.evaluate.metrics import Estimate
from pipeline.verify.judges import Opinion, PairJudge

ALL = "all"
FAILED = "failed"
_AT_A_TIME = 256
_RANK = {Label.SUPPORTED: 1.0, Label.NOT_ENOUGH_INFO: 0.5, Label.REFUTED: 0.0}


class Part(Record):
    """The figures of a subset, or of all pairs. `pairs` holds the failed ones, which no figure counts.

    `accuracy` is balanced; `told_refuted`: the AUROC of supported against refuted, where there are others too. A figure
    is None where a kind of pairs that it needs is absent. `confusion`: how many of a truth got which label, or failed,
    `TRUTH/LABEL`.
    """

    subset: str
    pairs: int
    failed: int
    accuracy: Estimate | None
    auroc: Estimate | None
    told_refuted: Estimate | None
    confusion: dict[str, int]


class Sure(Record):
    """What the judge is sure of: `right` of the `passed` are supported, `precision` of them were half of all pairs;
    `kept` is the share of the supported pairs that passed."""

    passed: int
    right: int
    precision: Estimate | None
    kept: Estimate | None


class Speed(Record):
    """Seconds to read the evidence, and to judge by it once read; of a model, waiting is in it."""

    texts: int
    read_s: float
    judged_s: float
    claims_a_second: float


class Judged(Record):
    """What was said of one pair."""

    id: str
    subset: str
    truth: str
    opinion: Opinion


class JudgingReport(Record):
    """All of a run. `seen`: how many pairs the judge was trained on, of which its figures say little."""

    judge: str
    data: str
    pairs: int
    seen: int
    parts: tuple[Part, ...]
    calibration: Calibration | None
    sure: Sure
    speed: Speed
    judged: tuple[Judged, ...]


class _Case(NamedTuple):
    row: LabelledPair
    opinion: Opinion


def measure_judge(
    rows: Sequence[LabelledPair],
    judge: PairJudge,
    *,
    data: str,
    seen: int,
    clock: Callable[[], float],
    progress: Callable[[str], None] = lambda _: None,
) -> JudgingReport:
    """Judge every pair and measure. `data` names the set, `clock` gives seconds. Raises what the judge raises."""
    opinions, speed = _ask(rows, judge, clock=clock, progress=progress)
    cases = [_Case(row, opinion) for row, opinion in zip(rows, opinions, strict=True)]
    by_subset: dict[str, list[_Case]] = {}
    for case in cases:
        by_subset.setdefault(case.row.subset, []).append(case)
    parts = [_part(ALL, cases)]
    if len(by_subset) > 1:
        progress("intervals")
        parts += [_part(subset or "(none)", by_subset[subset]) for subset in sorted(by_subset)]
    given = [case for case in cases if case.opinion.label is not None]
    chances = [case.opinion.chance for case in given if case.opinion.chance is not None]
    with_chance = given and len(chances) == len(given)
    return JudgingReport(
        judge=judge.name,
        data=data,
        pairs=len(rows),
        seen=seen,
        parts=tuple(parts),
        calibration=measure_calibration(chances, _cases(given)) if with_chance else None,
        sure=_sure(given),
        speed=speed,
        judged=tuple(
            Judged(id=case.row.id, subset=case.row.subset, truth=case.row.label, opinion=case.opinion)
            for case in cases
        ),
    )


def _ask(
    rows: Sequence[LabelledPair],
    judge: PairJudge,
    *,
    clock: Callable[[], float],
    progress: Callable[[str], None],
) -> tuple[list[Opinion], Speed]:
    """Opinions in the order of rows. Rows of one evidence are asked about together: a judge may keep what it read."""
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        first.setdefault(row.evidence, number)
    order = sorted(range(len(rows)), key=lambda number: first[rows[number].evidence])
    found: dict[int, Opinion] = {}
    read_s = judged_s = 0.0
    for start in range(0, len(order), _AT_A_TIME):
        progress(f"judged {start}/{len(order)}")
        chosen = order[start : start + _AT_A_TIME]
        begun = clock()
        judge.prepare(list(dict.fromkeys(rows[number].evidence for number in chosen)))
        read = clock()
        found.update(zip(chosen, judge.judge([rows[number].pair for number in chosen]), strict=True))
        judged_s += clock() - read
        read_s += read - begun
    speed = Speed(
        texts=len(first),
        read_s=read_s,
        judged_s=judged_s,
        claims_a_second=len(rows) / judged_s if judged_s else 0.0,
    )
    return [found[number] for number in range(len(rows))], speed


def _part(subset: str, cases: Sequence[_Case]) -> Part:
    given = [case for case in cases if case.opinion.label is not None]
    of, scores = _cases(given), [_score(case.opinion) for case in given]
    told = [case for case in given if case.row.label != "not_supported"]
    return Part(
        subset=subset,
        pairs=len(cases),
        failed=len(cases) - len(given),
        accuracy=balanced_accuracy([_supports(case) for case in given], of) if given else None,
        auroc=area(scores, of) if given else None,
        told_refuted=area([_score(case.opinion) for case in told], _cases(told))
        if 0 < len(told) < len(given)
        else None,
        confusion=_confusion(cases),
    )


def _confusion(cases: Iterable[_Case]) -> dict[str, int]:
    counts = Counter(
        f"{case.row.label}/{FAILED if case.opinion.label is None else case.opinion.label.value}"
        for case in cases
    )
    return dict(sorted(counts.items()))


def _sure(given: Sequence[_Case]) -> Sure:
    passed = [case.opinion.sure for case in given]
    supported = [case for case in given if case.row.label == "supported"]
    return Sure(
        passed=sum(passed),
        right=sum(case.opinion.sure for case in supported),
        precision=balanced_share(passed, _cases(given)) if any(passed) else None,
        kept=share([case.opinion.sure for case in supported], [case.row.set_apart for case in supported])
        if supported
        else None,
    )


def _cases(cases: Sequence[_Case]) -> Cases:
    return Cases([case.row.label == "supported" for case in cases], [case.row.set_apart for case in cases])


def _supports(case: _Case) -> bool:
    return case.opinion.label is Label.SUPPORTED


def _score(opinion: Opinion) -> float:
    """What ranks pairs: the chance, or the order of the labels where a judge gives no more."""
    if opinion.chance is not None:
        return opinion.chance
    return _RANK[opinion.label] if opinion.label is not None else 0.0
