"""The code selector shared by every command: codes by name and by range."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pipeline.errors import UsageError

_CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")


def parse_code(text: str) -> str:
    """A five-character HCPCS code, upper-cased. Raises UsageError."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise UsageError(f"{text!r} is not a HCPCS code; expected five characters such as 20970 or G0289")
    return code


def code_system(hcpcs_code: str) -> str:
    """`CPT` for Level I codes, which begin with a digit; `HCPCS` for Level II, which CMS (D codes: the ADA) keeps."""
    return "CPT" if hcpcs_code[:1].isdigit() else "HCPCS"


def parse_range(text: str) -> tuple[str, str]:
    """First and last code of `27000-27999`. Raises UsageError, also for a range that ends before it begins."""
    first, dash, last = text.partition("-")
    if not dash:
        raise UsageError(f"{text!r} is not a range; expected FIRST-LAST such as 27000-27999")
    low, high = parse_code(first), parse_code(last)
    if low > high:
        raise UsageError(f"{text!r} ends before it begins; expected FIRST-LAST such as 27000-27999")
    return low, high


def in_range(code: str, first: str, last: str) -> bool:
    """Whether a code lies between two others, inclusive; empty ends leave a side open.

    2060F sorts between 20600 and 20611, and is no code of theirs: categories II and III end in a letter.
    """
    same_kind = not first or code[-1:].isdigit() == first[-1:].isdigit()
    return first <= code and (not last or code <= last) and same_kind


def select_codes(
    codes: Sequence[str], ranges: Sequence[str], *, known: Collection[str], also: Collection[str] = ()
) -> list[str]:
    """Codes named, plus known codes inside the ranges (`27000-27999`), plus `also`; each once, in this order.

    Named codes need not be known: the command says what is wrong with each. Raises UsageError for a malformed
    code or range, a range that holds no known code, and an empty selection.
    """
    chosen = [parse_code(code) for code in codes]
    for text in ranges:
        low, high = parse_range(text)
        inside = sorted(code for code in known if in_range(code, low, high))
        if not inside:
            raise UsageError(
                f"no loaded code lies in {low}-{high}; `briefwright facts list` names the loaded codes"
            )
        chosen.extend(inside)
    chosen.extend(sorted(also))
    if not chosen:
        raise UsageError("no code given; name one or more, such as 20970, or use --range 27000-27999")
    return list(dict.fromkeys(chosen))
