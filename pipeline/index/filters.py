"""Which passages a search may answer with: conditions on their documents and on the codes they speak of."""

from __future__ import annotations

import json
from datetime import date

from pipeline.data import Authority, Record


class Filters(Record):
    """Conditions that must all hold; one that is empty always holds.

    `as_of`: the document is valid on the date. `hcpcs_code`: the passage names the code, or a range with it, or stands
    in a chapter about such a range, or neither it nor its chapter names any code.
    """

    as_of: date | None = None
    payer_scopes: tuple[str, ...] = ()
    authorities: tuple[Authority, ...] = ()
    documents: tuple[str, ...] = ()
    hcpcs_code: str = ""


def where(filters: Filters) -> tuple[str, list[str]]:
    """The SQL condition over passages `p` and documents `d`, and its values in order."""
    conditions, values = ["1"], []
    if filters.as_of:
        conditions.append("d.valid_from <= ? AND (d.valid_to IS NULL OR d.valid_to >= ?)")
        values += [filters.as_of.isoformat()] * 2
    for column, wanted in (
        ("d.payer_scope", filters.payer_scopes),
        ("d.authority", [authority.value for authority in filters.authorities]),
        ("d.id", filters.documents),
    ):
        if wanted:
            conditions.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608 - constants; of any number of values
            values.append(json.dumps(wanted))
    if filters.hcpcs_code:
        conditions.append(_SPEAKS_OF)
        values += [filters.hcpcs_code] * 3
    return " AND ".join(conditions), values


# A range holds codes of its own kind: 2060F sorts between 20600 and 20611, and is no code of theirs.
_SPEAKS_OF = (
    "(NOT EXISTS (SELECT 1 FROM codes WHERE passage = p.number) OR EXISTS (SELECT 1 FROM codes WHERE passage = p.number"
    " AND first <= ? AND ? <= last"
    " AND (substr(first, -1) BETWEEN '0' AND '9') = (substr(?, -1) BETWEEN '0' AND '9')))"
)
