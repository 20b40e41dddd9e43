import pytest

from pipeline.errors import SourceError
from pipeline.verify import read_claims, split_claims


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Report it once, e.g. No. 3. Then stop.", 2),
        ("Dr. Smith bills 43.47 work RVUs. It pays $2,540.81. See p. I-13.", 3),
        ("See ch. I, sec. D. The rule is there.", 2),
        ("- One item\n- Another item\n\nA paragraph.", 3),
        ("1. First rule here.\n2. Second rule here.", 2),
        ("It pays $68.81. 20610 is minor.", 2),
        ("Is it payable? Yes. No!", 3),
    ],
)
def test_split(text, count):
    sentences = split_claims(text)
    assert len(sentences) == count, sentences
    assert all(sentence in text for sentence in sentences)


def test_html_shows_only_what_is_visible(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<html><head><style>p{}</style></head><body><script>var x = 'Claim one.';</script><p>Work is <b>43.47</b>.</p>"
        "<table><tr><th>Setting</th><th>Payment</th></tr><tr><td>ASC</td><td>$4,682.29</td></tr></table></body></html>"
    )
    assert [claim.text for claim in read_claims(path)] == [
        "Work is 43.47.",
        "Setting: ASC; Payment: $4,682.29",
    ]


def test_markdown_table_and_list(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("# Title here\n\n- One **bold** rule.\n\n| Part | RVU |\n|---|---|\n| Work | 43.47 |\n")
    claims = read_claims(path)
    assert [claim.text for claim in claims] == ["One bold rule.", "Part: Work; RVU: 43.47"]
    assert [claim.id for claim in claims] == ["1.1", "2.1"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"id": "a", "claim": "Fine."}\nnot json', 2),
        ('{"claim": "No id."}', 1),
        ('\n{"id": "a", "claim": ""}', 2),
        ('{"id": "a", "claim": "x y"}\n{"id": "a", "claim": "x y"}', 2),
        ("[1]", 1),
    ],
)
def test_bad_json_lines_name_the_line(tmp_path, content, line):
    path = tmp_path / "claims.jsonl"
    path.write_text(content)
    with pytest.raises(SourceError, match=f"claims.jsonl:{line}: "):
        read_claims(path)


def test_json_lines_keep_their_ids(tmp_path):
    path = tmp_path / "claims.jsonl"
    path.write_text('{"id": "k7", "claim": "One rule. Two rules."}\n')
    assert [(claim.id, claim.text) for claim in read_claims(path)] == [("k7", "One rule. Two rules.")]


def test_binary_is_refused(tmp_path):
    path = tmp_path / "page.txt"
    path.write_bytes(b"text\n\xff\xfe")
    with pytest.raises(SourceError, match=r"page\.txt:2"):
        read_claims(path)


def test_html_text_nobody_sees_is_not_read(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<body><p>The MUE is 1<sup>2</sup>.<span style='DISPLAY : none'> It is verified.</span></p>"
        "<p style='visibility:hidden'>The MUE is 5.</p><p hidden>The MUE is 6.</p><!-- The MUE is 8. --></body>"
    )
    assert [claim.text for claim in read_claims(path)] == ["The MUE is 1."]


def test_table_of_fields_is_read_by_its_first_column(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(
        "| Field | 2026 |\n|---|---|\n| Work RVU | 19.11 |\n\n| Field | Value |\n|---|---|\n| APC | 5115 |\n"
    )
    assert [claim.text for claim in read_claims(path)] == ["Work RVU (2026): 19.11", "APC: 5115"]


def test_sentence_behind_another_code_says_which(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(
        "# 27447\n\nIt is major. 22853 is an add-on code. Its MUE is 4. 22633 too. It has ZZZ days.\n\n"
        "## Related: 20610\n\nIts global period is 0 days.\n\n## Payment\n\nIt is paid.\n"
    )
    assert [claim.text for claim in read_claims(path)] == [
        "It is major.",
        "22853 is an add-on code.",
        "[22853] Its MUE is 4.",
        "22633 too.",
        "[22853 or 22633] It has ZZZ days.",
        "[20610] Its global period is 0 days.",
        "It is paid.",
    ]


def test_html_heading_says_which_code_its_section_is_about(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<h1>27447</h1><p>It is major.</p><h2>20610</h2><p>It is minor.</p>")
    assert [claim.text for claim in read_claims(path)] == ["It is major.", "[20610] It is minor."]
