"""The report of `verify` as one HTML file: the text with its claims marked, and what was found about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.check_text import CheckedClaim
from pipeline.marked_text import marked_text
from pipeline.page.text import long_date, visible

NAMES = {
    "supported": "supported",
    "refuted": "refuted",
    "not_enough_info": "not enough information",
    "failed": "not checked",
}


def render_check_report(claims: Sequence[CheckedClaim], *, title: str, as_of: date, checker: str) -> str:
    """One self-contained file without scripts; the same claims give the same bytes. All text is escaped."""
    environment = Environment(
        loader=PackageLoader("pipeline", "page/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    counts = Counter(label_of(claim) for claim in claims)
    return environment.get_template("checked.html.j2").render(
        title=title,
        on=long_date(as_of),
        checker=checker,
        counts=[(label, name, counts[label]) for label, name in NAMES.items() if counts[label]],
        blocks=marked_text(claims),
        claims=claims,
        label_of=label_of,
        names=NAMES,
    )


def label_of(claim: CheckedClaim) -> str:
    """The claim's label, `failed` where checking it failed."""
    return claim.label.value if claim.label else "failed"
