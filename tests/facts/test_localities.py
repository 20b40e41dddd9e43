from datetime import date
from decimal import Decimal

import pytest

from pipeline.errors import NoFactsError
from pipeline.facts.database import FactDatabase
from pipeline.facts.localities import find_caps, find_locality, list_localities
from pipeline.facts.readers import layouts
from pipeline.facts.readers.layout import Row
from tests.facts.loaded import load, localities, place, table_of

IN_2025 = date(2025, 11, 1)


def columns(layout: str, **values: str) -> tuple[str, ...]:
    return tuple(values.get(column.field, "") for column in layouts()[layout].columns)


def cap(code: str, modifier: str, key: str, facility: str, office: str) -> Row:
    cells = columns("opps_caps", cap_fac_price=facility, cap_nonfac_price=office)
    return Row(0, code, cells, modifier, "", key)


@pytest.fixture
def loaded(database: FactDatabase) -> FactDatabase:
    load(database, "RVU24C", localities(place("0111205", "A CITY", work="1.010")))
    load(
        database,
        "RVU25D",
        localities(place("0240202", "B COUNTY"), place("0111205", "A CITY", "1.050", "1.200", "0.400")),
    )
    return database


def test_localities_by_key_with_their_counties(loaded: FactDatabase):
    crosswalk = Row(0, "0111205", columns("counties", counties="FIRST AND SECOND"))
    load(loaded, "RVU25D", table_of(layouts()["counties"], [crosswalk]))
    first, second = list_localities(loaded, IN_2025)
    assert (first.locality.key, first.locality.name, first.state) == ("0111205", "A CITY", "ZZ")
    assert (first.counties, second.counties) == (("FIRST AND SECOND",), ())
    assert (first.locality.work, first.locality.pe) == (Decimal("1.050"), Decimal("1.200"))
    assert first.locality.locator == "gpci-RVU25D-f1.txt line 12, column PW GPCI (with 1.0 Floor)"


def test_a_locality_in_the_file_of_the_date(loaded: FactDatabase):
    assert find_locality(loaded, "0111205", IN_2025).work == Decimal("1.050")
    assert find_locality(loaded, "0111205", date(2025, 9, 30)).work == Decimal("1.010")
    assert find_locality(loaded, "0111205", date(2025, 9, 30)).release == "RVU24C"


def test_a_locality_that_is_not_there_says_what_to_do(loaded: FactDatabase):
    with pytest.raises(NoFactsError, match="no locality '9999999' in the GPCI file in force on 2025-11-01"):
        find_locality(loaded, "9999999", IN_2025)
    with pytest.raises(NoFactsError, match="no GPCI file is loaded for 2024-06-30"):
        find_locality(loaded, "0111205", date(2024, 6, 30))
    with pytest.raises(NoFactsError, match="no GPCI file is loaded"):
        list_localities(FactDatabase(None), IN_2025)


def test_caps_of_codes_in_one_locality_and_setting(loaded: FactDatabase):
    rows = [
        cap("X9901", "", "0111205", "100.00", "120.00"),
        cap("X9901", "TC", "0111205", "80.00", "90.00"),
        cap("X9901", "", "0240202", "70.00", "75.00"),
        cap("X9902", "", "0111205", "10.00", ""),
    ]
    load(loaded, "RVU25D", table_of(layouts()["opps_caps"], rows))
    city = find_locality(loaded, "0111205", IN_2025)

    def amounts(codes: list[str], *, facility: bool) -> dict[tuple[str, str], str]:
        found = find_caps(loaded, codes, city, IN_2025, facility=facility)
        assert {cap.locality for cap in found.values()} <= {"0111205"}
        return {key: str(cap.amount) for key, cap in found.items()}

    assert amounts(["X9901", "X9901", "X9903"], facility=True) == {
        ("X9901", ""): "100.00",
        ("X9901", "TC"): "80.00",
    }
    assert amounts(["X9902"], facility=True) == {("X9902", ""): "10.00"}
    assert amounts(["X9902"], facility=False) == {}
    assert find_caps(loaded, ["X9901"], city, date(2025, 9, 30), facility=True) == {}
