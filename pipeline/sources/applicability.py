"""Whether a note applies to a code."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipeline.data import Applicability
from pipeline.selector import in_range


def applies(
    to: Applicability, *, hcpcs_code: str, tags: Collection[str] | None, values: Mapping[str, str]
) -> bool:
    """Whether every given dimension holds for the code with these tags and fact values.

    `codes` and `ranges` are one dimension (either may hold). A condition on a field the code has no row for
    does not hold: what is not known is not assumed. So with `tags` None, those of a code that is not classified: no
    condition on them holds, nor one on their absence.
    """
    if tags is None and (to.tags or to.all_tags or to.not_tags):
        return False
    tags = tags or ()
    if hcpcs_code in to.not_codes or any(tag in tags for tag in to.not_tags):
        return False
    if to.codes or to.ranges:
        inside = any(in_range(hcpcs_code, first, last) for first, last in to.ranges)
        if hcpcs_code not in to.codes and not inside:
            return False
    if to.tags and not any(tag in tags for tag in to.tags):
        return False
    if not all(tag in tags for tag in to.all_tags):
        return False
    return all(values.get(field) in allowed for field, allowed in to.indicators.items())


_SHARED_BY = 3


def is_for_few(reached: int, codes: int) -> bool:
    """Whether something that reaches so many of the codes is special to them: fewer than a third."""
    return _SHARED_BY * reached < codes
