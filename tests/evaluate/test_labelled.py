"""Files of labelled pairs: what is read, and which line is at fault."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.evaluate.labelled import load_pairs

GOOD = '{"evidence": "It rained.", "claim": "It was wet.", "label": "supported"}'


def written(folder: Path, *lines: str) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_rows_with_and_without_what_is_optional(tmp_path):
    full = (
        '{"id": 7, "subset": "rain", "group": "g", "evidence": "It rained.\u2028Twice.", "claim": "It hailed.",'
        ' "label": "refuted", "label_orig": "no", "gold_sentences": [1]}'
    )
    rows = load_pairs(written(tmp_path, "\ufeff" + GOOD, "", full, GOOD.replace("{", '{"subset": null, ')))
    assert [row.id for row in rows] == ["line 1", "7", "line 4"]
    assert [row.subset for row in rows] == ["", "rain", ""]
    assert [row.set_apart for row in rows] == ["It rained.", "g", "It rained."]
    assert rows[1].pair.evidence == "It rained.\u2028Twice."


def test_what_verify_calls_not_enough_info_is_not_supported(tmp_path):
    (row,) = load_pairs(written(tmp_path, GOOD.replace('"supported"', '"not_enough_info"')))
    assert row.label == "not_supported"


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"evidence": "It rained.", "claim": "It was wet."}',
        GOOD.replace("supported", "true"),
        GOOD.replace("It was wet.", " "),
        GOOD.replace('"It rained."', "null"),
        '{"evidence": "\\ud800", "claim": "It was wet.", "label": "supported"}',
        "[" * 50_000,
    ],
)
def test_a_bad_line_is_named_in_one_sentence(tmp_path, line):
    with pytest.raises(SourceError, match=r"pairs\.jsonl:2: no row of evidence, claim and label") as raised:
        load_pairs(written(tmp_path, GOOD, line))
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


def test_bytes_that_are_no_text_are_named_too(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(GOOD.encode() + b'\n{"evidence": "\xff", "claim": "c", "label": "supported"}')
    with pytest.raises(SourceError, match=r"pairs\.jsonl:2"):
        load_pairs(path)


def test_an_id_stands_once_and_an_empty_file_is_no_set(tmp_path):
    row = GOOD.replace("{", '{"id": "a", ')
    with pytest.raises(SourceError, match=r"pairs\.jsonl:3: the id 'a' was used before"):
        load_pairs(written(tmp_path, row, "", row))
    with pytest.raises(SourceError, match="holds no row"):
        load_pairs(written(tmp_path, "", ""))
    with pytest.raises(SourceError, match="cannot be read"):
        load_pairs(tmp_path / "none.jsonl")
