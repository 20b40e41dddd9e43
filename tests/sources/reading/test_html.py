"""Pages of the web into blocks: their main text, its structure, and what hostile pages cost."""

from pipeline.data import BlockKind
from pipeline.sources.reading.html import read_html_blocks

H, P, I, R = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.ROW  # noqa: E741
WORDS = "This invented article says which of our codes a claim for an invented service may carry."
MORE = "Each of them is followed by what the account of the visit must say about it."


def read(body: str, *, head: str = "") -> list[tuple[BlockKind, int, str]]:
    page = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    return [(one.kind, one.level, one.text) for one in read_html_blocks(page.encode(), name="invented.html")]


def test_headings_paragraphs_and_breaks():
    body = f"<h1>Guide</h1><p>{WORDS}<br><br>{MORE}</p><h3>Units &amp; <i>sides</i></h3><div>{WORDS}<p>{MORE}</div>"
    assert read(body) == [
        (H, 1, "Guide"),
        (P, 0, WORDS),
        (P, 0, MORE),
        (H, 3, "Units & sides"),
        (P, 0, WORDS),
        (P, 0, MORE),
    ]


def test_lists_show_what_a_reader_sees():
    body = f"""<p>{WORDS}</p>
      <ol start=3><li>Third<ol type=a><li>Right</li><li><p>Left</p><p>More of it</p></li></ol></li>
      <li value=7>Seventh</li><li>Eighth</li></ol>
      <ul><li>A bullet<ul><li>below</ul></ul><ol type=I reversed start=4><li>x<li>y</ol>"""
    assert read(body)[1:] == [
        (I, 1, "3. Third"),
        (I, 2, "a. Right"),
        (I, 2, "b. Left"),
        (P, 2, "More of it"),
        (I, 1, "7. Seventh"),
        (I, 1, "8. Eighth"),
        (I, 1, "• A bullet"),
        (I, 2, "• below"),
        (I, 1, "IV. x"),
        (I, 1, "III. y"),
    ]


def test_a_term_stands_with_its_meaning():
    body = f"<p>{WORDS}</p><dl><dt>Twin joint:<dd>Two of ours.<dd>Or more.<dt>Side<dt>Limb<dd>One.<dt>Lonely</dl>"
    assert read(body)[1:] == [
        (I, 1, "• Twin joint: Two of ours."),
        (I, 1, "• Or more."),
        (I, 1, "• Side"),
        (I, 1, "• Limb: One."),
        (I, 1, "• Lonely"),
    ]


def test_tables_are_rows():
    body = f"""<p>{WORDS}</p><table><caption>Group 1</caption><thead><tr><th>Code</th><th>Work</th><th>Side</th></tr>
      </thead><tr><td rowspan=2>10001</td><td>Joint<br>work</td><td></td></tr><tr><td colspan=2><p>Graft</p>of ours</td>
      </tr><tr><td></td><td></td></tr><tr><td>10002</td><td></td><td>Left</td></tr></table>"""
    assert read(body)[1:] == [
        (P, 0, "Group 1"),
        (R, 0, "Code | Work | Side"),
        (R, 0, "10001 | Joint work"),
        (R, 0, "10001 | Graft of ours"),
        (R, 0, "10002 |  | Left"),
    ]


def test_a_table_that_lays_out_a_page_is_no_table():
    inner = "<table><tr><th>Code</th><td>10001</td></tr></table>"
    assert read(f"<table><tr><td><h1>Guide</h1><p>{WORDS}</p></td><td>{inner}</td></tr></table>") == [
        (H, 1, "Guide"),
        (P, 0, WORDS),
        (R, 0, "Code | 10001"),
    ]


CODES = "".join(f"<tr><td>M{n:02}.1</td><td>Invented ailment {n}</td></tr>" for n in range(40))


def test_nothing_of_a_coverage_article_is_lost():
    """Whatever trafilatura makes of short tables, code lists, terms and accordions."""
    body = f"""<header><a href=/>Invented House</a></header><nav><ul><li><a href=/a>Articles</a></ul></nav>
      <form id=aspnet><main><h1>Invented article</h1>
      <table><tr><th>Article ID</th><td>A00000</td></tr><tr><th>Effective</th><td>01/01/2026</td></tr></table>
      <p><strong>Coding guidance</strong></p><p>{WORDS}</p><p>{MORE}</p>
      <dl><dt>Twin joint<dd>Two of ours.</dl>
      <h2><button>CPT codes</button></h2><table><tr><th>Code</th><th>Work</th></tr><tr><td>10001</td><td>Cast</td></tr>
      </table><h2>ICD-10 codes</h2><table><tr><th>Code</th><th>Ailment</th></tr>{CODES}</table>
      <h2>Revision history</h2><table><tr><th>R1</th><td>01/01/2026</td></tr></table></main></form>
      <aside>Subscribe to our letter</aside><footer>Imprint</footer><script>var x = "<p>unseen</p>"</script>"""
    found = read(body)
    assert [text for kind, _, text in found if kind is H] == [
        "Invented article",
        "Coding guidance",
        "CPT codes",
        "ICD-10 codes",
        "Revision history",
    ]
    texts = [text for _, _, text in found]
    assert texts[1] == "Article ID | A00000" and texts[-1] == "R1 | 01/01/2026"
    assert {f"M{n:02}.1 | Invented ailment {n}" for n in range(40)} <= set(texts)
    assert {WORDS, MORE, "• Twin joint: Two of ours.", "10001 | Cast"} <= set(texts)
    assert not {"Invented House", "• Articles", "Imprint", "Subscribe to our letter"} & set(texts)


def test_links_around_the_text_of_a_page_without_main_are_left_out():
    links = "".join(
        f"<li><a href=/{n}>Another invented page of the house, number {n}</a></li>" for n in range(9)
    )
    body = f"""<div class=top><ul>{links}</ul></div><div class=content><h1>Guide</h1><p>{WORDS}</p><p>{MORE}</p>
      <p>{WORDS[:-1]} or not.</p><p>{MORE[:-1]} in words.</p></div><div class=bottom><ul>{links}</ul></div>"""
    assert [text for _, _, text in read(body)] == [
        "Guide",
        WORDS,
        MORE,
        f"{WORDS[:-1]} or not.",
        f"{MORE[:-1]} in words.",
    ]


def test_what_trafilatura_loses_is_kept():
    """It leaves out the items here, and half of a page nested deeper than lxml reads."""
    items = "".join(f"<li>Item {n}</li>" for n in range(9))
    assert len(read(f"<p>{WORDS}</p><ul>{items}</ul>")) == 10
    texts = [
        text for _, _, text in read(f"<p>{WORDS} {WORDS}</p>{'<div>' * 600}<p>{MORE}</p>{'</div>' * 600}")
    ]
    assert texts == [f"{WORDS} {WORDS}", MORE]


def test_preformatted_text_is_read_as_a_plain_text():
    assert read(f"<p>{WORDS}</p><pre>Section 3\n\nWords that were\nwrapped.\n\n1. One.\n2. Two.</pre>")[
        1:
    ] == [
        (H, 2, "Section 3"),
        (P, 0, "Words that were wrapped."),
        (I, 1, "1. One."),
        (I, 1, "2. Two."),
    ]
