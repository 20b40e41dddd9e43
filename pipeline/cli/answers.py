"""`facts pay`, `modifiers`, `edits` and `localities`: what the tables mean for a claim."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import AsOf, Json, open_workspace, parse_date, print_json
from pipeline.cli.facts import facts
from pipeline.errors import NoFactsError, UsageError
from pipeline.selector import parse_code

if TYPE_CHECKING:
    from datetime import date

    from pipeline.data import Fact
    from pipeline.facts.answers import CodeEdits
    from pipeline.facts.claims import ClaimLine, Part, PricedClaim
    from pipeline.facts.ptp_edits import PtpEdit

_FIRST_EDITS = 12


@facts.command("pay")
def pay(
    lines: Annotated[
        list[str],
        typer.Argument(
            metavar="CODE...", help="The lines of one surgeon and day; 27447:50,LT gives a line modifiers."
        ),
    ],
    setting: Annotated[str, typer.Option(help="office, hopd, asc or inpatient.")] = "hopd",
    locality: Annotated[
        str | None, typer.Option(help="MAC and locality number, such as 0111205; national where not given.")
    ] = None,
    modifiers: Annotated[str, typer.Option(help="Modifiers of the first line, such as 62 or 80,RT.")] = "",
    qpp: Annotated[
        bool, typer.Option("--qpp", help="Conversion factor for qualifying APM participants.")
    ] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """What Medicare pays for a claim, with the arithmetic.

    The surgeon's part, the facility's part, and their sum; NCCI's edits between the lines are applied.
    """
    from pipeline.facts.answers import answer_pair
    from pipeline.facts.claims import price_claim
    from pipeline.facts.localities import find_caps, find_locality
    from pipeline.facts.releases import name_on

    store, on = open_workspace().facts, parse_date(as_of)
    claim = [_read_line(text) for text in lines]
    if modifiers:
        claim[0] = claim[0].model_copy(update={"modifiers": (*claim[0].modifiers, *_split(modifiers))})
    where = find_locality(store.database, locality, on) if locality else None
    caps = (
        find_caps(store.database, [c.hcpcs_code for c in claim], where, on, facility=setting != "office")
        if where
        else None
    )

    def rows(code: str, row: str) -> Mapping[str, Fact]:
        return store.facts_on(code, on, modifier=row) if row or not code else store.require(code, on)

    priced = price_claim(
        claim,
        setting=setting,  # type: ignore[arg-type]
        rows=rows,
        locality=where,
        qpp=qpp,
        caps=caps,
        edit_of=lambda one, two: answer_pair(store, one, two, on),
        named=lambda release: name_on(release, on),
    )
    if as_json:
        print_json(priced.model_dump(mode="json") | {"as_of": on.isoformat()})
    else:
        _print_claim(priced, on)


def _read_line(text: str) -> ClaimLine:
    from pipeline.facts.claims import ClaimLine

    code, _, modifiers = text.partition(":")
    return ClaimLine(hcpcs_code=parse_code(code), modifiers=_split(modifiers))


def _split(modifiers: str) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in modifiers.split(",") if part.strip())


def _print_claim(claim: PricedClaim, on: date) -> None:
    from pipeline.facts.money_sentences import SETTINGS
    from pipeline.facts.releases import name_on

    place = (
        f"{claim.locality.key} {claim.locality.name}, {claim.locality.release}"
        if claim.locality
        else "national"
    )
    factor = ", qualifying APM participant" if claim.qpp else ""
    print(f"{SETTINGS[claim.setting]}, {on}, {place}{factor}")
    for line in claim.lines:
        name = "-".join((line.line.hcpcs_code, *line.line.modifiers))
        rank = f"  (rank {line.rank})" if line.rank else ""
        print(f"  {name:<22} {_money(line.amount):>12}{rank}")
        _print_reasons(line)
    if len(claim.lines) > 1:
        print(f"  {'surgeon, all lines':<22} {_money(claim.professional):>12}")
    print(f"  {'facility':<22} {_money(claim.facility.amount):>12}")
    _print_reasons(claim.facility)
    print(f"  {'together':<22} {_money(claim.total):>12}")
    for warning in claim.warnings:
        print(f"  note: {warning}")
    used = {fact.release for part in (*claim.lines, claim.facility) for fact in part.facts}
    print(f"  tables: {'; '.join(name_on(release, on) for release in sorted(used))}")
    if claim.unconfirmed:
        print("  rules not read in a CMS document at hand:")
        for rule in claim.unconfirmed:
            print(f"    {rule.text} ({rule.source})")


def _print_reasons(part: Part) -> None:
    if part.derivation:
        print(f"      {part.derivation}")
    for reason in part.reasons:
        print(f"      {reason}")


def _money(amount: Decimal | None) -> str:
    from pipeline.facts.payment import dollars

    return "not priced" if amount is None else dollars(amount)


@facts.command("modifiers")
def modifiers(
    code: Annotated[str, typer.Argument(metavar="CODE")], as_of: AsOf = None, as_json: Json = False
) -> None:
    """Which modifiers apply to a code, by which indicator."""
    from pipeline.facts.indicators import applicable_entries
    from pipeline.facts.releases import name_on
    from pipeline.facts.rows import rows_of
    from pipeline.facts.sentences import compose_sentence

    hcpcs_code, on = parse_code(code), parse_date(as_of)
    rows = open_workspace().facts.require(hcpcs_code, on)
    found = [
        sentence
        for entry in applicable_entries(rows)
        if (
            sentence := compose_sentence(
                f"modifier:{entry.key}", hcpcs_code, rows_of(hcpcs_code, rows.values())
            )
        )
    ]
    for sentence in found:
        names, when, basis = sentence.cells
        for release in {fact.release for fact in sentence.facts}:
            basis = basis.replace(release, name_on(release, on))
        if as_json:
            print_json(
                {"hcpcs_code": hcpcs_code, "modifiers": names.split(", "), "when": when, "basis": basis,
                 "source": sentence.derivation, "rows": [fact.key for fact in sentence.facts]}
            )  # fmt: skip
        else:
            print(f"{names:<16} {when}\n{'':<16} {basis}; {sentence.derivation}")
    if not found and not as_json:
        print(f"no modifier follows from the indicators that are loaded for {hcpcs_code} on {on}")


@facts.command("edits")
def edits(
    code: Annotated[str, typer.Argument(metavar="CODE")],
    other: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="A second code: the pair alone.")
    ] = None,
    as_of: AsOf = None,
    hospital: Annotated[bool, typer.Option("--hospital", help="Edits for outpatient hospitals.")] = False,
    as_json: Json = False,
) -> None:
    """The NCCI edit of a pair; or a code's unit limit and edits."""
    one, on = parse_code(code), parse_date(as_of)
    if other is None:
        _edits_of_code(one, as_of, as_json=as_json, hospital=hospital)
        return
    from pipeline.facts.answers import answer_pair

    two = parse_code(other)
    if one == two:
        raise UsageError(f"an edit pairs two different codes; give another one beside {one}")
    store = open_workspace().facts
    answer = answer_pair(store, one, two, on, hospital=hospital)
    if answer.edit is None and not answer.others:
        for code in (one, two):  # no edit of a code that does not exist would be no answer
            store.require(code, on)
    if as_json:
        print_json(answer.model_dump(mode="json"))
        return
    print(f"{one} with {answer.two} on {on}: {answer.answer}")
    if answer.edit:
        print(
            f"  {_dates(answer.edit)}; {answer.edit.rationale} ({answer.named_release}; {answer.edit.locator})"
        )
    elif answer.release:
        print(f"  {answer.named_release}")
    for past in answer.others:
        print(
            f"  not in force that day: column one {past.column_one}, column two {past.column_two}, "
            f"indicator {past.modifier_indicator}, {_dates(past)}"
        )


def _dates(edit: PtpEdit) -> str:
    return f"since {edit.effective}" if edit.deletion is None else f"{edit.effective} to {edit.deletion}"


def _edits_of_code(code: str, as_of: str | None, *, as_json: bool, hospital: bool) -> None:
    from pipeline.facts.answers import edits_on, explain_add_on, explain_mue
    from pipeline.facts.readers.add_ons import names_primary

    store, on = open_workspace().facts, parse_date(as_of)
    rows = store.require(code, on)
    found = edits_on(store, code, on, hospital=hospital)
    unit_limit = explain_mue(store, code, on, hospital=hospital)
    add_on = explain_add_on(code, rows, on)
    add_ons = [fact.hcpcs_code for fact in store.naming(code, on) if names_primary(fact)]
    if as_json:
        print_json(
            {"hcpcs_code": code, "as_of": on, "mue": unit_limit, "add_on": add_on, "add_ons": add_ons,
             "settled": found.settled, **found.model_dump(mode="json")}
        )  # fmt: skip
        return
    print(f"{code} on {on}")
    print(f"  unit limit (MUE): {unit_limit or 'no row is loaded'}")
    if add_on:
        print(f"  add-on: {add_on}")
    if add_ons:
        print(f"  add-on codes that name it as a primary: {', '.join(add_ons)}")
    print(f"  NCCI edits that day: {_count_edits(found, on)}")
    for edit in found.edits[:_FIRST_EDITS]:
        print(
            f"    {edit.column_one} / {edit.column_two}  indicator {edit.modifier_indicator}  {edit.rationale}"
        )
    if len(found.edits) > _FIRST_EDITS:
        print(f"    and {len(found.edits) - _FIRST_EDITS} more: --json, or name the other code")


def _count_edits(found: CodeEdits, on: date) -> str:
    from pipeline.facts.releases import name_on

    if not found.release:
        return "not known, no PTP table is loaded; `briefwright sources sync` loads them"
    of = "" if found.settled else f" at least, as {found.parts} of its {found.of_parts} files are loaded"
    return f"{len(found.edits)} in {name_on(found.release, on)}{of}"


@facts.command("localities")
def localities(
    state: Annotated[
        str, typer.Argument(metavar="[STATE]", help="Two letters, such as CA; all where not given.")
    ] = "",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Payment localities with their GPCIs, for --locality."""
    from pipeline.facts.localities import list_localities
    from pipeline.facts.releases import name_on

    on, wanted = parse_date(as_of), state.strip().upper()
    known = list_localities(open_workspace().facts.database, on)
    found = [listed for listed in known if wanted in ("", listed.state)]
    if not found:
        states = ", ".join(sorted({listed.state for listed in known}))
        raise NoFactsError(
            f"no locality of {state!r} in the GPCI file in force on {on}; its states are {states}"
        )
    for listed in found:
        where = listed.locality
        if as_json:
            print_json(listed.model_dump(mode="json"))
        else:
            named = name_on(where.release, on)
            print(f"{where.key}  {listed.state}  {where.work} {where.pe} {where.mp}  {where.name}  ({named})")
