"""What Medicare pays for a claim: the lines of one surgeon on one day, and the facility's part beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Literal, get_args

from pipeline.data import Fact, HcpcsCode, Record
from pipeline.errors import UsageError
from pipeline.facts.adjustments import (
    ASSISTANTS,
    BOTH_SIDES,
    Adjusted,
    apply_modifiers,
    read_modifiers,
    row_modifier,
)
from pipeline.facts.claim_edits import OF_EVALUATION, EditOf, LineEdits, find_line_edits
from pipeline.facts.facility import facility_part, usual_inpatient
from pipeline.facts.payment import Cap, Locality, fee_schedule_amount, round_cents
from pipeline.facts.payment_rules import Rule
from pipeline.facts.pricing import ZERO, Outcome, Pricing, not_paid, not_priced
from pipeline.facts.ranking import SPECIAL_REDUCTIONS, Entry, rank_lines
from pipeline.facts.readers.add_ons import names_primary

Setting = Literal["office", "hopd", "asc", "inpatient"]

# The rows of a code and row modifier (empty, 26, TC, 53) by field; of "" and "": the values of the whole release.
Rows = Callable[[str, str], Mapping[str, Fact]]

_SHARED = {
    "62": "the other co-surgeon's claim is not in this sum",
    "66": "the other team surgeons' claims are not in this sum",
    "54": "the claim of whoever gives the postoperative care is not in this sum",
    "55": "the surgeon's claim is not in this sum",
    "56": "the surgeon's claim is not in this sum",
    **dict.fromkeys(ASSISTANTS, "the operating surgeon's claim is not in this sum"),
}
_CHARGE = "Medicare pays the lower of this amount and the actual charge"
_EDITS_LEFT_OUT = LineEdits({}, ("NCCI edits between the codes are not looked up in this calculation",))
_SEVERAL = (
    "the facility's part is not added up for several lines: comprehensive APCs, packaging and multiple-procedure "
    "discounts decide it"
)


class ClaimLine(Record):
    """One line as billed. Modifiers in any order; 26, TC and 53 name the row of the fee schedule."""

    hcpcs_code: HcpcsCode
    modifiers: tuple[str, ...] = ()


class Part(Record):
    """A finished amount in dollars, rounded half up to cents: 0 where nothing is paid, None where not priced.

    `derivation` is the arithmetic written out with its result, empty where there is none; `reasons` are sentences.
    """

    outcome: Outcome
    amount: Decimal | None
    derivation: str = ""
    reasons: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    facts: tuple[Fact, ...] = ()


class PricedLine(Part):
    """A line of the claim. `fee` is the fee schedule amount before modifiers and ranking, None where there is none.

    `rank` counts from 1 among the ranked procedures; `family` is the base of its endoscopy family, else empty.
    """

    line: ClaimLine
    fee: Decimal | None
    rank: int | None = None
    family: str = ""


class PricedClaim(Record):
    """A claim priced in one setting. `professional` adds the lines, None where one of them is not priced.

    `total` adds the facility's part, None where either is not priced. `warnings` hold for the whole claim.
    """

    setting: Setting
    locality: Locality | None
    qpp: bool
    lines: tuple[PricedLine, ...]
    professional: Decimal | None
    facility: Part
    total: Decimal | None
    derivation: str
    warnings: tuple[str, ...]

    @property
    def unconfirmed(self) -> tuple[Rule, ...]:
        """The rules used for which no CMS document was read, each once."""
        used = [rule for part in (*self.lines, self.facility) for rule in part.rules]
        return tuple(dict.fromkeys(rule for rule in used if not rule.confirmed))


def price_claim(
    lines: Sequence[ClaimLine],
    *,
    setting: Setting,
    rows: Rows,
    locality: Locality | None = None,
    qpp: bool = False,
    caps: Mapping[tuple[str, str], Cap] | None = None,
    edit_of: EditOf | None = None,
    named: Callable[[str], str] = str,
) -> PricedClaim:
    """Price the lines of one surgeon and day. `caps`: OPPS caps by code and row modifier, for this setting.

    `edit_of` looks up the NCCI edit of two codes; without it, edits are left out of account, and the claim says so.
    `named` names a release in a warning, carried over or not.

    Raises UsageError for no lines, an unknown setting or modifier, or a code repeated where that means both sides;
    NoFactsError where `rows` does.
    """
    if not lines:
        raise UsageError("no code was given to price; give at least one")
    if setting not in get_args(Setting):
        raise UsageError(f"unknown setting {setting!r}; use one of {', '.join(get_args(Setting))}")
    lines = [line.model_copy(update={"modifiers": read_modifiers(line.modifiers)}) for line in lines]
    national = rows("", "")
    edits = find_line_edits(lines, edit_of) if edit_of else _EDITS_LEFT_OUT

    def fee_of(code: str, row: str, facts: Mapping[str, Fact]) -> Pricing:
        cap = caps.get((code, row)) if caps else None
        return fee_schedule_amount(
            facts, national, facility=setting != "office", locality=locality, qpp=qpp, cap=cap
        )

    looked_up = [_look_up(line, rows) for line in lines]
    _refuse_repeats(lines, [facts for _, facts in looked_up])
    fees = [fee_of(line.hcpcs_code, row, facts) for line, (row, facts) in zip(lines, looked_up, strict=True)]
    entries = [
        Entry(
            hcpcs_code=line.hcpcs_code,
            modifiers=line.modifiers,
            adjusted=(
                Adjusted(
                    whole=not_paid(edits.denied[place].reason, "ncci-edit", facts=(edits.denied[place].edit,))
                )
                if place in edits.denied
                else apply_modifiers(fee, facts, line.modifiers, row=row)
            ),
            indicator=facts.get("multiple_procedure_indicator"),
            base=facts.get("endoscopic_base"),
        )
        for place, (line, (row, facts), fee) in enumerate(zip(lines, looked_up, fees, strict=True))
    ]
    ranked = rank_lines(entries, base_fee=lambda code: fee_of(code, "", rows(code, "")))
    statuses = [facts.get("status_code") for _, facts in looked_up]
    pricings = _only_service([result.pricing for result in ranked], statuses)
    priced = tuple(
        PricedLine(
            **dict(_finish(pricing)),
            line=line,
            fee=round_cents(fee.exact) if fee.paid and fee.exact is not None else None,
            rank=result.rank,
            family=result.family,
        )
        for line, fee, result, pricing in zip(lines, fees, ranked, pricings, strict=True)
    )
    whole_codes = [rows(line.hcpcs_code, "") for line in lines]
    facility = _facility(lines, whole_codes, setting)
    warnings = (*(edits.warnings if len(lines) > 1 else ()), *_warnings(lines, whole_codes, setting, named))
    return _claim(priced, facility, setting, locality, qpp, warnings)


def _look_up(line: ClaimLine, rows: Rows) -> tuple[str, Mapping[str, Fact]]:
    """The row of the file a line stands for. A 53 without a row of its own is the code's row, priced by hand."""
    row = row_modifier(line.modifiers)
    facts = rows(line.hcpcs_code, row)
    if row and "status_code" not in facts:
        if row != "53":
            raise UsageError(
                f"the fee schedule has no row {line.hcpcs_code}-{row}: the code has no such component; leave the "
                "modifier out"
            )
        return "", rows(line.hcpcs_code, "")
    return row, facts


def _refuse_repeats(lines: Sequence[ClaimLine], looked_up: Sequence[Mapping[str, Fact]]) -> None:
    """A code on two lines can mean two sides (record layout, pp. 11-12); only add-on levels are let through."""
    codes = [(line.hcpcs_code, row_modifier(line.modifiers)) for line in lines]
    for line, code, facts in zip(lines, codes, looked_up, strict=True):
        if codes.count(code) == 1 or not facts:
            continue
        multiple, bilateral = facts.get("multiple_procedure_indicator"), facts.get("bilateral_indicator")
        repeatable = (
            multiple is not None
            and multiple.value == "0"
            and bilateral is not None
            and bilateral.value in ("0", "9")
            and not {"LT", "RT", "50"} & set(line.modifiers)
        )
        if not repeatable:
            raise UsageError(
                f"{line.hcpcs_code} stands on several lines: for both sides give it once with modifier 50; several "
                "units of it, on other digits too, are not priced here"
            )


def _only_service(pricings: Sequence[Pricing], statuses: Sequence[Fact | None]) -> list[Pricing]:
    """Status T is paid only where no other fee-schedule service of the day is."""
    injections = [status is not None and status.value == "T" for status in statuses]
    others = {
        pricing.outcome for pricing, injection in zip(pricings, injections, strict=True) if not injection
    }
    result: list[Pricing] = []
    for pricing, status, injection in zip(pricings, statuses, injections, strict=True):
        if not injection or not pricing.paid or status is None:
            result.append(pricing)
        elif Outcome.PAID in others:
            reason = (
                f"status T ({status.release}): bundled, as another fee-schedule service of the day is payable"
            )
            result.append(not_paid(reason, "status-t", facts=pricing.facts))
        elif Outcome.NOT_PRICED in others or sum(injections) > 1:
            reason = (
                f"status T ({status.release}): whether another service of the day is payable is not settled"
            )
            result.append(not_priced(reason, "status-t", facts=pricing.facts))
        else:
            result.append(pricing)
    return result


def _finish(pricing: Pricing) -> Part:
    amount = round_cents(pricing.exact) if pricing.exact is not None else None
    return Part(
        outcome=pricing.outcome,
        amount=amount,
        derivation=f"{pricing.expression} = {amount}" if pricing.paid and _is_reckoned(pricing) else "",
        reasons=pricing.reasons,
        rules=pricing.rules,
        facts=pricing.facts,
    )


def _is_reckoned(pricing: Pricing) -> bool:
    """Whether the expression shows any arithmetic; an amount as its table gives it does not."""
    return any(sign in pricing.expression for sign in "×+-(")


def _facility(lines: Sequence[ClaimLine], whole_codes: Sequence[Mapping[str, Fact]], setting: str) -> Part:
    if len(lines) > 1 and setting in ("hopd", "asc"):
        return _finish(not_priced(_SEVERAL))
    return _finish(facility_part(whole_codes[0], lines[0].modifiers, setting=setting))


def _warnings(
    lines: Sequence[ClaimLine],
    whole_codes: Sequence[Mapping[str, Fact]],
    setting: str,
    named: Callable[[str], str],
) -> tuple[str, ...]:
    warnings: list[str] = []
    for line, facts in zip(lines, whole_codes, strict=True):
        indicator = usual_inpatient(facts)
        if indicator is not None and setting != "inpatient":
            warnings.append(
                f"{line.hcpcs_code} is inpatient only (OPPS status indicator C, {indicator.release}): the facility is "
                "paid by MS-DRG, not in this setting"
            )
        if _lacks_primary(facts, {other.hcpcs_code for other in lines}):
            warnings.append(
                f"{line.hcpcs_code} is an add-on code ({named(facts['addon_edit_type'].release)}), and none of its "
                "primary codes stands on the claim"
            )
        warnings += [
            f"{line.hcpcs_code}-{modifier}: {warning}"
            for modifier in line.modifiers
            if (warning := _SHARED.get(modifier) or _misplaced(modifier, facts))
        ]
    if len({line.hcpcs_code for line in lines}) < len(lines):
        warnings.append("units are not checked against the MUE")
    return (*dict.fromkeys(warnings), _CHARGE)


def _misplaced(modifier: str, facts: Mapping[str, Fact]) -> str:
    """What is odd about a modifier on the line of this code; empty where nothing is."""
    days, multiple = facts.get("global_days"), facts.get("multiple_procedure_indicator")
    if modifier in OF_EVALUATION and days is not None and days.value in ("000", "010", "090"):
        return "belongs on the E/M service, not on the procedure (NCCI manual, ch. I, pp. I-13 and I-16)"
    if modifier == BOTH_SIDES and multiple is not None and multiple.value in SPECIAL_REDUCTIONS:
        service = SPECIAL_REDUCTIONS[multiple.value]
        return f"the reduction for {service} is not computed here, and may apply to both sides"
    return ""


def _lacks_primary(facts: Mapping[str, Fact], codes: Collection[str]) -> bool:
    """Whether an add-on code, all of whose primaries the table lists (type 1), stands without one of them."""
    kind, counted = facts.get("addon_edit_type"), facts.get("primary_count")
    listed = {fact.partner for fact in facts.values() if names_primary(fact)}
    known = counted is not None and int(counted.value) == len(listed)
    return kind is not None and kind.value == "1" and known and not listed.intersection(codes)


def _claim(
    lines: tuple[PricedLine, ...],
    facility: Part,
    setting: Setting,
    locality: Locality | None,
    qpp: bool,
    warnings: tuple[str, ...],
) -> PricedClaim:
    amounts = [line.amount for line in lines if line.amount is not None]
    professional = sum(amounts, ZERO) if len(amounts) == len(lines) else None
    total = None if professional is None or facility.amount is None else professional + facility.amount
    written = [str(amount) for amount in amounts]
    if facility.outcome is Outcome.PAID:
        written.append(str(facility.amount))
    return PricedClaim(
        setting=setting,
        locality=locality,
        qpp=qpp,
        lines=lines,
        professional=professional,
        facility=facility,
        total=total,
        derivation=f"{' + '.join(written)} = {total}" if total is not None else "",
        warnings=warnings,
    )
