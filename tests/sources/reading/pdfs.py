"""Small PDFs with invented text, set line by line as the tests need them."""

import io
from collections.abc import Sequence
from typing import NamedTuple

from reportlab.lib.pagesizes import LETTER
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

TOP = 700.0
STEP = 13.0
REGULAR, BOLD = "Helvetica", "Helvetica-Bold"
_WORDS = (
    "amber birch cedar delta ember flint grove heron inlet jetty kiosk larch maple niche otter plume quartz raven "
    "spruce tulip umbra vapor willow xenon yarrow zephyr"
).split()


class Put(NamedTuple):
    """Words on one baseline, from `x`, `y` in points above the foot of the page."""

    x: float
    y: float
    words: str
    size: float = 11.0
    font: str = REGULAR


class Rule(NamedTuple):
    """A drawn line."""

    x1: float
    y1: float
    x2: float
    y2: float


def make_pdf(*pages: Sequence[Put | Rule], password: str = "") -> bytes:
    """A PDF whose pages hold what is put on them, in that order in the file."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=LETTER, invariant=True, encrypt=password or None)
    for page in pages:
        for one in page:
            if isinstance(one, Rule):
                canvas.line(*one)
            else:
                canvas.setFont(one.font, one.size)
                canvas.drawString(one.x, one.y, one.words)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def make_scan() -> bytes:
    """A page that is a picture and nothing else."""
    from reportlab.lib.utils import ImageReader

    # A portable pixmap: two pixels by two.
    picture = ImageReader(io.BytesIO(b"P6 2 2 255\n" + bytes(range(12))))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=LETTER, invariant=True)
    canvas.drawImage(picture, 0, 0, 612, 792)
    canvas.save()
    return buffer.getvalue()


def set_lines(
    lines: Sequence[str], *, x: float = 72.0, top: float = TOP, step: float = STEP, hang: float = 0.0,
    size: float = 11.0, font: str = REGULAR,
) -> list[Put]:  # fmt: skip
    """Lines one below another; all but the first are set `hang` further in."""
    return [Put(x + (hang if n else 0), top - n * step, line, size, font) for n, line in enumerate(lines)]


def set_grid(
    rows: Sequence[Sequence[str]], *, xs: Sequence[float], top: float, step: float = 20.0
) -> list[Put]:
    """Cells of a table without rules, row by row."""
    return [
        Put(x, top - n * step, cell) for n, row in enumerate(rows) for x, cell in zip(xs, row, strict=True)
    ]


def rule_grid(rows: int, *, xs: Sequence[float], top: float, step: float = 20.0) -> list[Put | Rule]:
    """The rules of a table whose rows `set_grid` sets with the same `top` and `step`; `xs` are its edges."""
    above = top + 14
    ys = [above - n * step for n in range(rows + 1)]
    return [*(Rule(xs[0], y, xs[-1], y) for y in ys), *(Rule(x, ys[0], x, ys[-1]) for x in xs)]


def wrap(text: str, width: float, *, size: float = 11.0) -> list[str]:
    """The text in lines no wider than `width` points."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and stringWidth(longer, REGULAR, size) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def prose(seed: int, sentences: int = 8) -> str:
    """Invented sentences; no two seeds give the same ones."""
    k = 7 * seed
    return " ".join(
        f"The {_pick(k + 5 * n)} of the {_pick(3 * k + 16 * n)} asks the {_pick(k + 5 * n + 11)} to note each "
        f"{_pick(5 * k + 25 * n + 2)} before the {_pick(k + 5 * n + n * n)} is closed."
        for n in range(sentences)
    )


def _pick(number: int) -> str:
    return _WORDS[number % len(_WORDS)]
