"""Compound sentences under another payer, time or framing: what the frame governs must not stand in a part of its own.

Each is made from a code's own rows, so that without its frame its parts are true, and found so: the suite can fail both
ways. A frame stands before the whole or behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from evals.verification.claims import Starter
from pipeline.data import Label, Passage
from pipeline.examine_text import TextExaminer
from pipeline.verify import Corpus, InputClaim

UNFRAMED = "{}"
FRAMES = (
    "For Medicaid, {}",
    "Under workers' compensation, {}",
    "For members of Aetna, {}",
    "In 2019, {}",
    "In an earlier draft, {}",
    "In England, {}",
    "In children, {}",
    "Some offices believe that {}",
    "It is a myth that {}",
    "Aetna says that {}",
    "{}; all of this is for Medicaid",
    "{}, and all of this was so in 2019",
    "{}, says Aetna",
)
# The first has a part that no source decides, so that it is taken apart without a frame as well.
_SAID = (
    "{code} has {work} work RVUs, and it is liked in every office; its MUE is {mue}",
    "{code} has {work} work RVUs, and its MUE is {mue}",
)


class Compound(NamedTuple):
    """A compound sentence about a code, and the frame it stands in."""

    hcpcs_code: str
    frame: str
    text: str


class Standing(NamedTuple):
    """How many compounds of each frame were tried, and of which some part is supported; those that should not be."""

    tried: Counter[str]
    supported: Counter[str]
    wrong: list[tuple[Compound, str]]


def make_compounds(starter: Starter) -> Iterator[Compound]:
    """Of every code that has both rows, by code, each sentence without a frame first."""
    for code in starter.codes():
        rows = starter.of(code).rows
        if "work_rvu" not in rows or "mue_value" not in rows:
            continue
        for said in _SAID:
            plain = said.format(code=code, work=rows["work_rvu"].value, mue=rows["mue_value"].value)
            for frame in (UNFRAMED, *FRAMES):
                yield Compound(code, frame, f"{frame.format(plain)}.")


def measure_compounds(
    compounds: Iterable[Compound], starter: Starter, *, progress: Callable[[str], None] = lambda _: None
) -> Standing:
    """Examine each as `verify --code` does, by the rows of its code; no passage is searched."""
    standing = Standing(Counter(), Counter(), [])
    known: tuple[str, TextExaminer] | None = None
    for one in compounds:
        if known is None or known[0] != one.hcpcs_code:
            progress(one.hcpcs_code)
            context = starter.of(one.hcpcs_code).context
            known = one.hcpcs_code, TextExaminer(context, Corpus(()), search=_nothing)
        (parts,) = known[1].examine([InputClaim(id="1.1", statement_id="1", text=one.text)])
        stand = [part.claim.text for part in parts if part.examined.verdict.label is Label.SUPPORTED]
        standing.tried[one.frame] += 1
        standing.supported[one.frame] += bool(stand)
        if stand and one.frame != UNFRAMED:
            standing.wrong.append((one, stand[0]))
    return standing


def standing_lines(standing: Standing) -> Iterator[str]:
    """A line a frame, and the first wrong one of each in full."""
    yield "compounds of which some part is supported (without a frame: all should be; within one: none)"
    for frame, tried in standing.tried.items():
        yield f"  {frame.replace('{}', '…'):<40}{standing.supported[frame]:>5} of {tried}"
    shown: set[str] = set()
    for compound, part in standing.wrong:
        if compound.frame not in shown:
            shown.add(compound.frame)
            yield f"  supported: {part!r} of {compound.text!r}"


def _nothing(query: str, limit: int) -> list[Passage]:
    return []
