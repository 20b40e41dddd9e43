"""What modifiers do to the payment of one line.

A line's fee is first made bilateral (the amount by which lines are ranked), then multiplied by the share of the
package or of the surgeon's role. A combination that no source read settles is refused, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pipeline.data import Fact, Record
from pipeline.errors import UsageError
from pipeline.facts.pricing import Outcome, Pricing, not_paid, not_priced, supported, times

ROW_MODIFIERS = ("26", "TC", "53")  # rows of their own in the file
ASSISTANTS = ("80", "81", "82", "AS")
BOTH_SIDES = "50"
RETURN_TO_OR = "78"

SIDES = ("LT", "RT")
DIGITS = (
    "E1",
    "E2",
    "E3",
    "E4",
    "FA",
    "TA",
    *(f"F{n}" for n in range(1, 10)),
    *(f"T{n}" for n in range(1, 10)),
)
_WITHOUT_EFFECT = {
    "side": (*SIDES, *DIGITS),
    "separate": ("59", "XE", "XP", "XS", "XU"),
    "evaluation": ("24", "25", "57"),
    "period": ("58", "79"),
}
_NO_EFFECT = {modifier: key for key, modifiers in _WITHOUT_EFFECT.items() for modifier in modifiers}
_RANKING = "51"  # says what the ranking finds out by itself
_BY_HAND = {
    "22": "modifier 22: the contractor sets the amount for the unusual work, from the documentation",
    "52": "modifier 52: the contractor sets the amount for the reduced service, from the documentation",
    "53": "modifier 53: the file has no row of its own for it, so the contractor prices it by review",
}
_ADJUSTING = (BOTH_SIDES, "54", "55", "56", "62", "66", RETURN_TO_OR, *ASSISTANTS)
KNOWN_MODIFIERS = tuple(sorted({*ROW_MODIFIERS, *_NO_EFFECT, _RANKING, *_BY_HAND, *_ADJUSTING}))

# CPM ch. 12 §40.9; an assistant is named there as 80, and 81, 82 and AS stand for the same role.
_TOGETHER = tuple(
    frozenset(group)
    for group in (
        ("50", "54"),
        ("50", "55"),
        ("50", "62"),
        ("50", "66"),
        ("50", "80"),
        ("50", "62", "54"),
        ("50", "66", "54"),
        ("62", "54"),
        ("62", "55"),
        ("66", "54"),
        ("66", "55"),
    )
)
_BILATERAL = {"0": Decimal(1), "1": Decimal("1.5"), "2": Decimal(1), "3": Decimal(2)}
_COSURGEON = Decimal("0.625")
_ASSISTANT = Decimal("0.16")
_NON_PHYSICIAN = Decimal("0.85")


class Share(Record):
    """A factor that follows the ranking, as it is written out."""

    factor: Decimal
    written: str


class Adjusted(Record):
    """A line's fee after its modifiers, still to be ranked: `whole` times the multiple-procedure rule times `shares`.

    `role` is 62, 66, 80 or empty (the surgeon); `ranked` is False for a return to the operating room (78).
    """

    whole: Pricing
    shares: tuple[Share, ...] = ()
    role: str = ""
    ranked: bool = True

    @property
    def share(self) -> Decimal:
        """All shares multiplied."""
        product = Decimal(1)
        for share in self.shares:
            product *= share.factor
        return product


def read_modifiers(modifiers: Sequence[str]) -> tuple[str, ...]:
    """Modifiers as typed, in capitals and sorted. Raises UsageError for one that is malformed, unknown or repeated."""
    typed = sorted(modifier.strip().upper() for modifier in modifiers)
    for modifier in typed:
        if not re.fullmatch(r"[0-9A-Z]{2}", modifier):
            raise UsageError(f"{modifier!r} is no modifier: give two characters, such as 62 or RT")
        if modifier not in KNOWN_MODIFIERS:
            raise UsageError(
                f"what modifier {modifier} does to a payment is not known here; leave it out or use one of "
                f"{', '.join(KNOWN_MODIFIERS)}"
            )
        if typed.count(modifier) > 1:
            raise UsageError(f"modifier {modifier} is given more than once on one line; give it once")
    rows = [modifier for modifier in typed if modifier in ROW_MODIFIERS]
    if len(rows) > 1:
        raise UsageError(
            f"modifiers {' and '.join(rows)} name different rows of the fee schedule; give one of them"
        )
    return tuple(typed)


def row_modifier(modifiers: Sequence[str]) -> str:
    """Which row of the file the line is: 26, TC, 53 or empty."""
    return next((modifier for modifier in modifiers if modifier in ROW_MODIFIERS), "")


def apply_modifiers(
    fee: Pricing, facts: Mapping[str, Fact], modifiers: Sequence[str], *, row: str
) -> Adjusted:
    """Adjust the fee of the row `row` (26, TC, 53 or empty) by the line's other modifiers.

    `modifiers` come from `read_modifiers`; `facts` are the row's values by field.
    """
    left = [modifier for modifier in modifiers if modifier != row]
    fee = supported(fee, *(_NO_EFFECT[modifier] for modifier in left if modifier in _NO_EFFECT))
    if fee.exact is None or not fee.paid:
        return Adjusted(whole=fee)
    for modifier in left:
        if modifier in _BY_HAND:
            return Adjusted(whole=not_priced(_BY_HAND[modifier], "by-hand", facts=fee.facts))
    adjusting = [modifier for modifier in left if modifier in _ADJUSTING]
    if reason := _unsettled(adjusting, left):
        return Adjusted(whole=not_priced(reason, "combinations", facts=fee.facts))
    if len(adjusting) > 1:
        fee = supported(fee, "combinations")
    adjusted = Adjusted(whole=fee)
    for modifier in sorted(adjusting, key=_ADJUSTING.index):
        adjusted = _adjust(adjusted, modifier, facts)
        if adjusted.whole.outcome is not Outcome.PAID:
            break
    return adjusted


def _unsettled(adjusting: Sequence[str], modifiers: Sequence[str]) -> str:
    sides = [modifier for modifier in modifiers if modifier in SIDES]
    if BOTH_SIDES in adjusting and sides:
        return f"modifier 50 means both sides and {sides[0]} one: give one of them"
    if len(sides) > 1:
        return "LT and RT stand on one line: for both sides bill one line with modifier 50"
    roles = frozenset("80" if modifier in ASSISTANTS else modifier for modifier in adjusting)
    if len(adjusting) < 2 or (roles in _TOGETHER and len(roles) == len(adjusting)):
        return ""
    return f"modifiers {' and '.join(adjusting)} on one line: no source read says how Medicare pays them together"


def _adjust(adjusted: Adjusted, modifier: str, facts: Mapping[str, Fact]) -> Adjusted:
    if modifier == BOTH_SIDES:
        return _both_sides(adjusted, facts.get("bilateral_indicator"))
    if modifier == "62":
        return _cosurgeon(adjusted, facts.get("cosurgeon_indicator"))
    if modifier == "66":
        return _team(adjusted, facts.get("team_indicator"))
    if modifier in ASSISTANTS:
        return _assistant(adjusted, modifier, facts.get("assistant_indicator"))
    if modifier == RETURN_TO_OR:
        return _return_to_or(adjusted, facts)
    return _split(adjusted, modifier, facts)


def _refused(adjusted: Adjusted, refusal: Pricing) -> Adjusted:
    kept = supported(refusal, facts=adjusted.whole.facts)
    return adjusted.model_copy(update={"whole": kept, "shares": ()})


def _shared(adjusted: Adjusted, share: Share, whole: Pricing, role: str = "") -> Adjusted:
    return adjusted.model_copy(
        update={"whole": whole, "shares": (*adjusted.shares, share), "role": role or adjusted.role}
    )


def _both_sides(adjusted: Adjusted, indicator: Fact | None) -> Adjusted:
    if indicator is None or indicator.value not in _BILATERAL:
        return _refused(adjusted, _no_indicator("50", "bilateral", indicator))
    reason = {
        "0": "bilateral indicator 0: both sides together pay at most 100 percent of one fee",
        "1": "bilateral indicator 1: both sides pay 150 percent of one fee",
        "2": "bilateral indicator 2: the values already cover both sides",
        "3": "bilateral indicator 3: each side pays 100 percent",
    }[indicator.value]
    whole = times(adjusted.whole, _BILATERAL[indicator.value])
    whole = supported(whole, "bilateral", facts=(indicator,), reasons=(f"{reason} ({indicator.release})",))
    return adjusted.model_copy(update={"whole": whole})


def _cosurgeon(adjusted: Adjusted, indicator: Fact | None) -> Adjusted:
    if indicator is None or indicator.value not in ("0", "1", "2"):
        return _refused(adjusted, _no_indicator("62", "co-surgeon", indicator))
    named = f"co-surgeon indicator {indicator.value} ({indicator.release})"
    if indicator.value == "0":
        reason = f"{named}: co-surgeons are not permitted for this code"
        return _refused(adjusted, not_paid(reason, "cosurgeons", facts=(indicator,)))
    need = " with documentation of the need for two surgeons" if indicator.value == "1" else ""
    whole = supported(
        adjusted.whole,
        "cosurgeons",
        "cosurgeon-share",
        facts=(indicator,),
        reasons=(f"{named}: payable to two surgeons of different specialties{need}",),
    )
    return _shared(adjusted, Share(factor=_COSURGEON, written=str(_COSURGEON)), whole, "62")


def _team(adjusted: Adjusted, indicator: Fact | None) -> Adjusted:
    if indicator is None or indicator.value not in ("0", "1", "2"):
        return _refused(adjusted, _no_indicator("66", "team surgery", indicator))
    named = f"team surgery indicator {indicator.value} ({indicator.release})"
    if indicator.value == "0":
        refusal = not_paid(
            f"{named}: team surgery is not permitted for this code", "team", facts=(indicator,)
        )
    else:
        refusal = not_priced(
            f"{named}: a team is paid by report, no amount is fixed", "team", facts=(indicator,)
        )
    return _refused(adjusted, refusal).model_copy(update={"role": "66"})


def _assistant(adjusted: Adjusted, modifier: str, indicator: Fact | None) -> Adjusted:
    if indicator is None or indicator.value not in ("0", "1", "2"):
        return _refused(adjusted, _no_indicator(modifier, "assistant at surgery", indicator))
    named = f"assistant indicator {indicator.value} ({indicator.release})"
    if indicator.value == "1":
        reason = f"{named}: an assistant at surgery may not be paid for this code"
        return _refused(adjusted, not_paid(reason, "assistant", facts=(indicator,)))
    need = "payable only with documentation of medical necessity" if indicator.value == "0" else "payable"
    physician = modifier != "AS"
    whole = supported(
        adjusted.whole,
        "assistant",
        "assistant-share",
        *(() if physician else ("assistant-as-share",)),
        facts=(indicator,),
        reasons=(f"{named}: an assistant at surgery is {need}",),
    )
    factor = _ASSISTANT if physician else _ASSISTANT * _NON_PHYSICIAN
    written = str(_ASSISTANT) if physician else f"{_ASSISTANT} × {_NON_PHYSICIAN}"
    return _shared(adjusted, Share(factor=factor, written=written), whole, "80")


def _return_to_or(adjusted: Adjusted, facts: Mapping[str, Fact]) -> Adjusted:
    share, days = facts.get("intraoperative_share"), facts.get("global_days")
    if share is None or days is None:
        return _refused(adjusted, not_priced("modifier 78: no intraoperative share is loaded", "shares"))
    apart = adjusted.model_copy(update={"ranked": False})
    if Decimal(share.value) > 0:
        whole = supported(adjusted.whole, "shares", "return-to-or", "return-to-or-ranking", facts=(share,))
        return _shared(apart, Share(factor=Decimal(share.value), written=share.value), whole)
    if days.value == "000":
        reason = "modifier 78 on a code with 000 global days, which has no shares: paid in full"
        whole = supported(
            adjusted.whole,
            "return-to-or-zero-day",
            "return-to-or-ranking",
            facts=(share, days),
            reasons=(reason,),
        )
        return apart.model_copy(update={"whole": whole})
    reason = f"modifier 78: the file gives no intraoperative share for a code with {days.value} global days"
    return _refused(adjusted, not_priced(reason, "shares", facts=(share, days)))


def _split(adjusted: Adjusted, modifier: str, facts: Mapping[str, Fact]) -> Adjusted:
    fields = ("preoperative_share", "intraoperative_share", "postoperative_share", "global_days")
    pre, intra, post, days = (facts.get(field) for field in fields)
    if pre is None or intra is None or post is None or days is None:
        return _refused(
            adjusted, not_priced(f"modifier {modifier}: no shares of the package are loaded", "shares")
        )
    rows = (pre, intra, post, days)
    if days.value not in ("010", "090") or Decimal(intra.value) == 0:
        reason = f"modifier {modifier}: the file splits no package for this code ({days.value} global days)"
        return _refused(adjusted, not_priced(reason, "shares", facts=rows))
    if modifier == "56":
        reason = (
            f"modifier 56: the file gives a preoperative share of {pre.value}, but no source read says that Medicare "
            "pays it to another physician, and 54 is paid with it"
        )
        return _refused(adjusted, not_priced(reason, "shares", "surgical-care", facts=rows))
    if modifier == "54":
        whole = supported(adjusted.whole, "shares", "surgical-care", facts=rows)
        factor = Decimal(pre.value) + Decimal(intra.value)
        return _shared(adjusted, Share(factor=factor, written=f"({pre.value} + {intra.value})"), whole)
    reason = "modifier 55: for the whole of the postoperative care; part of the days pays in proportion"
    whole = supported(adjusted.whole, "shares", "postoperative-care", facts=rows, reasons=(reason,))
    return _shared(adjusted, Share(factor=Decimal(post.value), written=post.value), whole)


def _no_indicator(modifier: str, name: str, indicator: Fact | None) -> Pricing:
    if indicator is None:
        return not_priced(f"modifier {modifier}: no {name} indicator is loaded")
    return not_priced(
        f"modifier {modifier}: {name} indicator {indicator.value} ({indicator.release}), the concept does not apply",
        facts=(indicator,),
    )
