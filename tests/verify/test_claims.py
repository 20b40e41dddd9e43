import time

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


def texts(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return [claim.text for claim in read_claims(path)]


def test_footnotes_and_what_surrounds_a_page_are_not_read(tmp_path):
    page = (
        "<header><p>A site about coding.</p></header><nav>Modifier 25 is here.</nav><main><p>The MUE is 1."
        "<a role='doc-noteref' href='#n'>3</a> It is final.</p><details class='fn'><p>The MUE is 8.</p></details>"
        "<aside role='doc-footnote'><p>The MUE is 9.</p></aside><section><header><p>It is major.</p></header></section>"
        "<h2>References</h2><p>A manual is cited.</p><h2>Payment</h2><p>It is paid.</p></main>"
        "<footer><p>It is ours.</p></footer>"
    )
    assert texts(tmp_path, "page.html", page) == [
        "The MUE is 1.",
        "It is final.",
        "It is major.",
        "It is paid.",
    ]


def test_html_pairs_are_read_with_their_labels(tmp_path):
    page = (
        "<dl><dt>Work RVU</dt><dd>0.79</dd></dl><ul><li><p class='label'>Total, facility</p><p class='value'>1.19</p>"
        "<p class='setting'>Non-facility: 2.06 <span>RVU26D</span></p></li></ul>"
        "<table><tr><th>MUE</th><td>2</td></tr></table>"
        "<table><tr><th>Part</th><th>RVU</th></tr><tr><th>Work</th><td>0.79</td></tr></table>"
    )
    assert texts(tmp_path, "page.html", page) == [
        "Work RVU: 0.79",
        "Total, facility: 1.19 (Non-facility: 2.06) (RVU26D)",
        "MUE: 2",
        "Part: Work; RVU: 0.79",
    ]


def test_markdown_footnotes_and_boxes_are_not_read(tmp_path):
    page = (
        "- [ ] Name the side.[^1]\n- [x] Give the date. (from the requirement at footnote 6)[^2]\n\n"
        "[^1]: The MUE is 9.\n\n    It is 8.\n\nIt is paid.\n"
    )
    assert texts(tmp_path, "page.md", page) == ["Name the side.", "Give the date.", "It is paid."]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("The MUE is one.[12] It is final [^3].", ["The MUE is one.", "It is final [^3]."]),
        ("Modifier 57 is right.¹ It is major[2].", ["Modifier 57 is right.", "It is major."]),
        ("The global period is 090 days.[1][2]", ["The global period is 090 days."]),
        ("The MUE is [2].", ["The MUE is [2]."]),
        (
            "It is paid.\n\nRVU25D says so, not confirmed for 2026.",
            ["It is paid.", "RVU25D says so, not confirmed for 2026."],
        ),
    ],
)
def test_marks_behind_a_sentence_are_no_part_of_it(tmp_path, text, read):
    assert texts(tmp_path, "page.txt", text) == read


@pytest.mark.parametrize("page", ["<table><tr><td>" * 3_000, "<div>" * 100_000, "<b>" * 20_000])
def test_deep_nesting_is_refused_at_once(tmp_path, page):
    path = tmp_path / "page.html"
    path.write_text(f"<body>{page}It is paid.")
    began = time.perf_counter()
    with pytest.raises(SourceError, match=r"page\.html: elements are nested more than 500 deep"):
        read_claims(path)
    assert time.perf_counter() - began < 2


def test_a_long_page_is_not_a_deep_one(tmp_path):
    page = "<ul>" + "<li><p>It is paid.<br>" * 3_000 + "</ul>" + "<table><tr><td>One is paid.</table>" * 600
    assert len(texts(tmp_path, "page.html", page)) == 3_600


def test_json_lines_are_split_at_line_feeds_only(tmp_path):
    path = tmp_path / "claims.jsonl"
    path.write_text('{"id": 7, "claim": "One\u2028rule holds."}\r\n', encoding="utf-8")
    assert [(claim.id, claim.text) for claim in read_claims(path)] == [("7", "One rule holds.")]


@pytest.mark.parametrize(
    "line",
    [
        '{"id": true, "claim": "One rule."}',
        '{"id": 1.5, "claim": "One rule."}',
        f'{{"id": {"9" * 10_000}, "claim": "One rule."}}',
        '{"id": "a", "claim": "One rule.", "statement_id": 3}',
        "[" * 100_000,
    ],
)
def test_ids_of_json_lines_are_strings_or_integers(tmp_path, line):
    path = tmp_path / "claims.jsonl"
    path.write_text(f'{{"id": "first", "claim": "Fine."}}\n{line}')
    with pytest.raises(SourceError, match=r"claims\.jsonl:2: "):
        read_claims(path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("page.txt", b"%PDF-1.7\n%\xe2\xe3", r"a PDF cannot be checked; .*`briefwright sources add`"),
        ("page.html", b"\n%PDF-1.4\n", "a PDF cannot be checked"),
        ("page.md", b"PK\x03\x04\x14\x00\x06", r"page\.md:1: not a text file; hand in text, Markdown"),
        ("page.jsonl", b"fine\n\x01\x02", r"page\.jsonl:2: not a text file"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match=message):
        read_claims(path)


def test_a_claim_knows_its_sentence_and_the_headings_that_state_nothing(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(
        "# 22853\n\n## RVUs\n\n22853 is a cage. It has 4.25 RVUs.\n\n## References\n\nA book.\n\n## More\n\nIt is so.\n"
    )
    found = read_claims(path)
    assert [(claim.text, claim.sentence, claim.headings) for claim in found] == [
        ("22853 is a cage.", "22853 is a cage.", ("22853", "RVUs")),
        ("[22853] It has 4.25 RVUs.", "It has 4.25 RVUs.", ()),
        ("It is so.", "It is so.", ("More",)),
    ]
