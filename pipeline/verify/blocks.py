"""Blocks out of Markdown and HTML: what a reader takes in as one paragraph, list item, table row or heading.

What is no statement of the page is left out: footnotes and their marks, which hold the evidence; navigation, and a
site's own header and footer; what nobody sees; the list of references.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline.errors import SourceError
from pipeline.verify.marks import without_marks, without_releases

if TYPE_CHECKING:
    from selectolax.parser import HTMLParser, Node

MAX_DEPTH = 500
"""Browsers stop at 512; beyond it parsing takes time that grows with the square of the depth."""

_READ_APART = (
    "p, li, dt, dd, blockquote, "
    "figcaption, caption, summary, td, th, pre, address, div, section, article, main"
)
_HEADINGS = "h1, h2, h3, h4, h5, h6"
_NO_TEXT = ["script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select"]
_NO_STATEMENTS = ", ".join(
    (
        "[hidden]",
        "[aria-hidden=true]",
        "[role=doc-footnote]",
        "[role=doc-endnotes]",
        "[role=doc-endnote]",
        "[role=doc-noteref]",
        "[role=doc-backlink]",
        "[role=doc-bibliography]",
        "[role=navigation]",
        "[role=banner]",
        "[role=contentinfo]",
        "details.fn",
        "section.footnotes",
        "nav",
        "body > header",
        "body > footer",
        "a.skip",
    )
)
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_MARK = re.compile(r"[\s\d,;*†‡§\[\]()a-e]*")
# Stand before headings in the text of a body; a title names what the whole text is about.
_TITLE, _HEADING = "\x01", "\x02"
_FIELD_COLUMN = re.compile(
    r"|field|item|metric|measure|attribute|element|category|indicator|policy|topic|data point", re.IGNORECASE
)
_VALUE_COLUMN = re.compile(r"|values?|details?|amounts?|answer|result|figure|status", re.IGNORECASE)

_UNREAD = re.compile(r"<!--.*?-->|<(script|style|template|svg)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-z][a-z0-9-]*)[^<>]*?(?P<self>/?)>", re.IGNORECASE)
# Without an end tag of their own, or with one that may be left out: they do not nest by themselves.
_FLAT = frozenset(
    "area base br col embed hr img input link meta source track wbr html head body p li dt dd option optgroup thead "
    "tbody tfoot tr td th colgroup caption rp rt".split()
)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_DEFINITION = re.compile(r"^ {0,3}\[\^[^\]\s]+\]:")
_REFERENCE = re.compile(r"\[\^[^\]\s]+\]")
_TASK_BOX = re.compile(r"^\[[ xX]\]\s+")


class Block(NamedTuple):
    """A piece of text read as a whole. A `title` names what the text is about, a `heading` its section."""

    text: str
    kind: Literal["text", "title", "heading"] = "text"


def _row_sentence(header: list[str], cells: list[str]) -> str:
    """ "header: cell; header: cell"; a row of a table of fields and values as "field: value"."""
    if len(header) == len(cells) == 2 and _FIELD_COLUMN.fullmatch(header[0]):
        release = "" if _VALUE_COLUMN.fullmatch(header[1]) else f" ({header[1]})"
        return f"{cells[0]}{release}: {cells[1]}"
    named = [
        f"{name}: {cell}" if name else cell
        for name, cell in zip([*header, *[""] * len(cells)], cells, strict=False)
        if cell
    ]
    return "; ".join(named)


def read_markdown(text: str) -> list[Block]:
    """The blocks of a Markdown text: headings, paragraphs, list items, table rows."""
    from markdown_it import MarkdownIt

    blocks: list[Block] = []
    header: list[str] = []
    cells: list[str] = []
    in_head = in_table = False
    kind: Literal["text", "title", "heading"] = "text"
    source = _without_footnotes(_without_front_matter(text))
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        elif token.type == "heading_open":
            kind = "title" if token.tag == "h1" else "heading"
        elif token.type == "heading_close":
            kind = "text"
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            if in_head:
                header = cells
            else:
                blocks.append(Block(_row_sentence(header, cells)))
        elif token.type == "inline":
            plain = _TASK_BOX.sub("", _inline_text(token.children or []))
            if in_table:
                cells.append(without_marks(plain))
            else:
                blocks.append(Block(plain, kind))
    return blocks


def _without_front_matter(text: str) -> str:
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        return text[4:].split("\n---\n", 1)[1]
    return text


def _without_footnotes(text: str) -> str:
    """The text without footnote definitions, with what is indented below them, and without references to them."""
    kept: list[str] = []
    in_footnote = in_code = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            in_code = not in_code
        if not in_code and _DEFINITION.match(line):
            in_footnote = True
        elif in_footnote and line.strip() and not line.startswith(("    ", "\t")):
            in_footnote = False
        if not in_footnote:
            kept.append(line if in_code else _REFERENCE.sub("", line))
    return "\n".join(kept)


def _inline_text(children: list) -> str:
    pieces = []
    for child in children:
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
    return "".join(pieces).strip()


def read_html(text: str) -> list[Block]:
    """The blocks of an HTML page as a reader sees it. Raises SourceError for one nested too deeply."""
    from selectolax.parser import HTMLParser

    _bound_depth(text)
    tree = HTMLParser(text)
    if tree.body is None:
        return []
    _drop_unread(tree)
    _join_pairs(tree)
    for table in tree.css("table"):
        table.replace_with("\n\n" + "\n\n".join(_table_rows(table)) + "\n\n")
    for block in tree.body.css(f"{_READ_APART}, {_HEADINGS}"):
        block.insert_before("\n\n")
        block.insert_after("\n\n")
    for heading in tree.body.css(_HEADINGS):
        heading.insert_before(_TITLE if heading.tag == "h1" else _HEADING)
    for line_break in tree.body.css("br"):
        line_break.replace_with("\n\n")
    pieces = [" ".join(piece.split()) for piece in re.split(r"\n\s*\n", tree.body.text(separator=""))]
    return [_marked(piece) for piece in pieces if piece]


def _marked(piece: str) -> Block:
    if piece.startswith(_TITLE):
        return Block(piece.strip(_TITLE + " "), "title")
    if piece.startswith(_HEADING):
        return Block(piece.strip(_HEADING + " "), "heading")
    return Block(piece)


def _bound_depth(text: str) -> None:
    """Count open elements in the source: parsing a page of a hundred thousand is what would take the time."""
    depth = 0
    for tag in _TAG.finditer(_UNREAD.sub("", text)):
        if tag["name"].lower() in _FLAT or tag["self"]:
            continue
        depth = max(depth - 1, 0) if tag["close"] else depth + 1
        if depth > MAX_DEPTH:
            raise SourceError(
                f"elements are nested more than {MAX_DEPTH} deep; hand in the page's text instead"
            )


def _drop_unread(tree: HTMLParser) -> None:
    tree.strip_tags(_NO_TEXT)
    unread = tree.css(_NO_STATEMENTS)
    unread += [node for node in tree.css("[style]") if _UNSEEN.search(node.attributes.get("style") or "")]
    unread += [node for node in tree.css("sup") if _MARK.fullmatch(node.text())]
    for node in unread:
        node.decompose()


def _join_pairs(tree: HTMLParser) -> None:
    """A term with its definition, and a card's label with its value and small print, as "label: value (rest)"."""
    for term in tree.css("dt"):
        value = _next(term)
        if value is not None and value.tag == "dd":
            _join(term, [value])
    for label in tree.css(".label"):
        value = _next(label)
        if value is not None and "value" in _classes(value):
            rest = _next(value)
            small = rest is not None and rest.tag == value.tag and len(_text(rest)) <= 200
            _join(label, [value, rest] if small and rest is not None else [value])


def _join(label: Node, parts: list[Node]) -> None:
    value, *rest = [_text(part) for part in parts]
    name = _text(label).rstrip(" :")
    small = "".join(f" ({part})" for part in _small_print(rest[0]) if part) if rest else ""
    for part in parts:
        part.decompose()
    label.replace_with(f"\n\n{name}: {value}{small}\n\n")


def _small_print(text: str) -> tuple[str, str]:
    """What the small print says, and the releases behind it."""
    left, releases = without_releases(f" {without_marks(text)}")
    return left.strip(), " ".join(sorted(releases))


def _next(node: Node) -> Node | None:
    following = node.next
    while following is not None and following.tag == "-text" and not following.text().strip():
        following = following.next
    return following


def _classes(node: Node) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _text(node: Node) -> str:
    return " ".join(node.text(separator=" ").split())


def _table_rows(table: Node) -> list[str]:
    header: list[str] = []
    rows: list[str] = []
    for row in table.css("tr"):
        cells = [without_marks(_text(cell)) for cell in row.iter() if cell.tag in ("td", "th")]
        if not any(cells):
            continue
        if not header and not any(cell.tag == "td" for cell in row.iter()):
            header = cells
        elif not header and len(cells) == 2 and any(cell.tag == "th" for cell in row.iter()):
            rows.append(f"{cells[0].rstrip(' :')}: {cells[1]}")
        else:
            rows.append(_row_sentence(header, cells))
    return rows
