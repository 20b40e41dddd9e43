"""The ledger: written and read back without loss, refused when it is of another kind."""

import json

import pytest

from pipeline.errors import SourceError
from pipeline.page.ledger import SCHEMA_ID, dump_ledger, json_ld, ledger_schema, load_ledger
from tests.page.sample import sample_page


def test_it_reads_back_what_it_wrote() -> None:
    page = sample_page(hostile='<b> \u202e é 漢 \\ "')
    assert load_ledger(dump_ledger(page)) == page


def test_equal_pages_give_equal_text_whatever_the_order_of_their_maps() -> None:
    page = sample_page()
    turned = page.model_copy(update={"evidence": dict(reversed(page.evidence.items()))})
    assert list(turned.evidence) != list(page.evidence)
    assert dump_ledger(turned) == dump_ledger(page)


def test_it_is_readable_utf8_in_model_order() -> None:
    text = dump_ledger(sample_page(hostile="é"))
    assert text.startswith(f'{{\n "$schema": "{SCHEMA_ID}",\n "schema_version": 1,\n "hcpcs_code": "20970",')
    assert "é" in text and text.endswith("}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no schema_version"),
        ('{"hcpcs_code": "20970"}', "no schema_version"),
        ('{"schema_version": 2}', "schema version 2, this program reads 1"),
        ('{"schema_version": 1, "hcpcs_code": "2097"}', "damaged at hcpcs_code"),
    ],
)
def test_other_ledgers_are_refused_in_one_clear_sentence(text: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        load_ledger(text)


def test_a_field_of_no_meaning_is_refused() -> None:
    fields = json.loads(dump_ledger(sample_page()))
    fields["verdicts"][next(iter(fields["verdicts"]))]["mood"] = "fine"
    with pytest.raises(SourceError, match="mood"):
        load_ledger(json.dumps(fields))


def test_the_schema_names_every_field_of_the_ledger() -> None:
    schema = ledger_schema()
    written = json.loads(dump_ledger(sample_page()))
    assert set(written) == set(schema["properties"])  # type: ignore[arg-type]
    assert {"Claim", "Verdict", "RowEvidence", "QuoteEvidence"} <= set(schema["$defs"])  # type: ignore[arg-type]
    json.dumps(schema)


def test_json_ld_cites_every_source_and_claims_no_review_by_a_person() -> None:
    page = sample_page()
    data = json_ld(page)
    assert data["@type"] == "MedicalWebPage" and data["dateModified"] == "2026-01-16"
    citations = data["citation"]
    assert isinstance(citations, list) and len(citations) == len(page.sources)
    assert "reviewedBy" not in data and "lastReviewed" not in data
