from collections import Counter

import pytest

from pipeline.errors import SourceError
from pipeline.facts.readers.coverage import COVERAGE_LAYOUT, READERS
from pipeline.facts.readers.layout import Row, TableFile
from pipeline.facts.readers.text import head_of
from tests.facts.readers.locality_tables import read, real_file, table_file

HEADER = (
    "contractor_name_type,document_display_id,document_id,document_type,document_version,effective_date,note,"
    "retirement_date,title,updated_on,updated_on_sort,url\n"
)
URL = "https://www.cms.gov/medicare-coverage-database/view/"
LCD = (
    '"Invented Contractor, LLC\n(MAC - Part A, MAC - Part B)",L99999,99999,LCD,45,08/14/2025,,N/A,'
    f"Bone Things,08/06/2025,20250806133001,{URL}lcd.aspx?lcdid=99999&ver=45\n"
)
ARTICLE = (
    '"One\n(DME MAC)\n\nTwo\n(DME MAC)",A99998,99998,Article,2,10/01/2019,Retired,06/26/2025,'
    f'"Billing, of Bone Things",06/26/2025,20250626133001,{URL}article.aspx?articleid=99998&ver=2\n'
)


def index(*rows: str, header: str = HEADER) -> TableFile:
    return table_file(header + "".join(rows))


def named(row: Row) -> dict[str, str]:
    return dict(zip([column.field for column in COVERAGE_LAYOUT.columns], row.cells, strict=True))


def test_a_document_keeps_its_title_dates_contractor_and_address():
    table, (row,), refused = read(READERS, index(LCD))
    assert table.layout is COVERAGE_LAYOUT and not refused and table.passed_over == 1
    assert (row.key, row.line) == ("L99999", 3)
    assert named(row) == {
        "title": "Bone Things",
        "document_type": "LCD",
        "version": "45",
        "contractor": "Invented Contractor, LLC (MAC - Part A, MAC - Part B)",
        "effective_date": "2025-08-14",
        "retirement_date": "",
        "updated_on": "2025-08-06",
        "note": "",
        "url": f"{URL}lcd.aspx?lcdid=99999&ver=45",
    }


def test_several_contractors_share_a_cell_and_a_retired_document_says_when():
    _, (row,), _ = read(READERS, index(ARTICLE))
    assert named(row)["contractor"] == "One (DME MAC); Two (DME MAC)"
    assert (named(row)["retirement_date"], named(row)["note"]) == ("2025-06-26", "Retired")
    assert named(row)["title"] == "Billing, of Bone Things"


def test_a_document_may_stand_twice_with_other_dates():
    later = LCD.replace(",45,", ",46,").replace("ver=45", "ver=46").replace("08/14/2025", "01/01/2026")
    _, rows, refused = read(READERS, index(LCD, later))
    assert COVERAGE_LAYOUT.dated and not refused
    assert [(row.key, named(row)["effective_date"]) for row in rows] == [
        ("L99999", "2025-08-14"),
        ("L99999", "2026-01-01"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("08/14/2025", "14/08/2025", "effective_date"),
        ("08/14/2025", "8/14/2025", "effective_date"),
        ("08/14/2025", "N/A", "effective_date"),
        ("N/A", "", "retirement_date"),
        ("N/A", "02/30/2025", "retirement_date"),
        ("L99999", "DL99999", "document_display_id"),
        ("L99999", "A99999", "document_display_id"),
        (",LCD,", ",Proposed LCD,", "document_type"),
        (",45,", ",4.5,", "document_version"),
        ("ver=45", "ver=44", "url"),
        ("https://www.cms.gov", "https://cms.example", "url"),
        ("Bone Things", "", "title"),
        ("20250806133001", "2025", "updated_on_sort"),
        ("Bone Things,", "", "contractor_name_type"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(old, new, column):
    table, rows, (refused,) = read(READERS, index(LCD.replace(old, new), ARTICLE, "\n"))
    assert (refused.line, refused.column) == (3, column)
    assert [row.key for row in rows] == ["A99998"] and table.passed_over == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("note", "remark", "column 7: expected 'note', found 'remark'"),
        (",url", "", "column 12: expected 'url', found 'nothing'"),
        (",url", ",url,more", "column 13: expected 'nothing', found 'more'"),
    ],
)
def test_another_header_is_refused(old, new, message):
    with pytest.raises(SourceError, match=rf"table\.csv:1: {message}"):
        read(READERS, index(LCD, header=HEADER.replace(old, new)))


def test_other_tables_are_not_taken_for_the_index():
    assert not READERS[0].matches(head_of(table_file("document,title\n")))
    assert not READERS[0].matches(head_of(table_file("")))


def test_a_file_cut_off_anywhere_gives_only_true_rows():
    whole = HEADER + LCD + ARTICLE.rstrip()
    true = {(row.key, row.cells) for row in read(READERS, table_file(whole))[1]}
    refusals = 0
    for end in range(len(HEADER), len(whole)):
        try:
            _, rows, refused = read(READERS, table_file(whole[:end]))
        except SourceError:
            refusals += 1
            continue
        refusals += len(refused)
        assert {(row.key, row.cells) for row in rows} <= true
    assert refusals > len(LCD)


@pytest.mark.realdata
def test_the_index_of_august_2025(shared_data):
    table, rows, refused = read(READERS, real_file(shared_data / "lcd" / "mcd_documents_2025-08.csv"))
    assert (len(rows), refused, table.passed_over) == (3133, [], 1)
    found = [named(row) for row in rows]
    assert Counter(row["document_type"] for row in found) == {"Article": 2161, "LCD": 972}
    assert sum(bool(row["retirement_date"]) for row in found) == 94
    assert all((row["note"] == "Retired") == bool(row["retirement_date"]) for row in found)
    assert sum(count > 1 for count in Counter(row.key for row in rows).values()) == 12
    assert len({(row.key, row.cells[2]) for row in rows}) == len(rows), "an id and its version stand once"
    assert len({(row.key, row.cells[4]) for row in rows}) == len(rows), "and so do an id and its date"
    drug = next(named(row) for row in rows if row.key == "L36668")
    assert (drug["effective_date"], drug["updated_on"]) == ("2025-08-14", "2025-08-06")
