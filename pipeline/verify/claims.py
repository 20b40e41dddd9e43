"""Claims out of a text: a sentence splitter for coding prose, and readers for what people hand in."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.verify.mentions import find_mentions

_STOPS = (
    r"(?:e\.g|i\.e|etc|vs|cf|al|approx|incl|excl|esp|resp|ca|Dr|Mr|Mrs|Ms|Prof|St|No|Nos|p|pp|Ch|ch|chap|Sec|sec|Fig|fig|Tab|Vol|vol|Ed|ed"
    r"|Inc|Ltd|U\.S|D\.O|M\.D|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|[A-Z])"
)
_BOUNDARY = re.compile(
    r"(?P<stop>[.!?]+[\"'”’)\]]*)(?P<gap>\s+)(?=[\"'“‘(\[]?(?:[A-Z0-9$]|-\d))"
    r"|(?P<block>\n[ \t]*\n\s*|\n(?=[ \t]*(?:[-*•–]|\d{1,2}[.)])\s))"
)
_ABBREVIATED = re.compile(rf"(?<![A-Za-z0-9]){_STOPS}$")
_ALWAYS_INSIDE = re.compile(
    r"(?:e\.g|i\.e|vs|cf|Dr|Mr|Mrs|Ms|Prof|No|Nos|pp?|[Cc]h|[Ss]ec|[Ff]ig|Vol|approx|[A-Z])$"
)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_WORD = re.compile(r"[A-Za-z]{2}")
# Stands before a heading below the title; a title names what the whole text is about.
_HEADING = "\x02"
_BLOCKS = (
    "p, li, h1, h2, h3, h4, h5, h6, dt, dd, blockquote, "
    "figcaption, caption, summary, td, th, pre, address, div, section, article, main"
)


_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:font-size|opacity)\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_FOOTNOTE = re.compile(r"[\s\d,;*†‡§\[\]()a-e]*")
_FIELD_COLUMN = re.compile(
    r"|field|item|metric|measure|attribute|element|category|indicator|policy|topic|data point", re.IGNORECASE
)
_VALUE_COLUMN = re.compile(r"|values?|details?|amounts?|answer|result|figure|status", re.IGNORECASE)


class InputClaim(Record):
    """A sentence handed in: its id, the statement (block or line) it stands in, its text."""

    id: str
    statement_id: str
    text: str


def split_claims(text: str) -> list[str]:
    """The sentences of a text in order, each an exact piece of it without bullet and outer white space.

    A full stop ends a sentence when white space and a capital, figure or opening bracket follow and what stands
    before it is no abbreviation ("e.g.", "No. 3", "Dr.", "p. I-13"); decimals and amounts never contain such a
    place. Blank lines and list items end one too. Pieces without a word are left out.
    """
    sentences: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if match["stop"]:
            before = text[start : match.start("stop")]
            if match["stop"][0] == "." and _is_abbreviation(before, text[match.end() :]):
                continue
            end = match.end("stop")
        else:
            end = match.start()
        sentences.append(text[start:end])
        start = match.end()
    sentences.append(text[start:])
    cleaned = (_BULLET.sub("", sentence).strip() for sentence in sentences)
    return [sentence for sentence in cleaned if _WORD.search(sentence)]


def _is_abbreviation(before: str, after: str) -> bool:
    found = _ABBREVIATED.search(before)
    if found is None:
        return before.strip().isdigit()
    if _ALWAYS_INSIDE.search(found.group()):
        return not (len(found.group()) == 1 and re.match(r"(?:The|A|An|It|This|For|In|Modifier|No)\b", after))
    return re.match(r"[A-Z](?:[a-z]|\b)", after) is None


def read_claims(path: Path) -> list[InputClaim]:
    """Sentences of a file: text, Markdown (.md), HTML (.html, .htm) or JSON Lines (.jsonl) with `id` and `claim`.

    Ids are `BLOCK.SENTENCE`, counted from 1; JSON Lines keep their own. A table row is read as one sentence
    "header: cell; header: cell". A sentence that names no code, behind one that does, gets that code before it in
    brackets ("[22853] It is …"), since it need not be about the code of the text; nothing is said of one behind two.
    Raises SourceError naming the file and the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error}); name a text file") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise SourceError(
            f"{path}:{line}: not UTF-8 text; save it as UTF-8, or export its text first"
        ) from error
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise SourceError(f"{path}:{line}: not a text file; export its text first")
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return _read_json_lines(path, text)
    if suffix in (".html", ".htm", ".xhtml"):
        blocks = _html_blocks(text)
    elif suffix in (".md", ".markdown"):
        blocks = _markdown_blocks(text)
    else:
        blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return _number(blocks)


def _number(blocks: list[str]) -> list[InputClaim]:
    claims: list[InputClaim] = []
    count = 0
    section: tuple[str, ...] = ()
    for block in blocks:
        heading = block.startswith(_HEADING)
        if heading:
            section = _codes(block)
        sentences = split_claims(block.removeprefix(_HEADING))
        if not sentences:
            continue
        count += 1
        before: tuple[str, ...] = ()
        for index, sentence in enumerate(sentences, 1):
            text = " ".join(sentence.split())
            named = _codes(text)
            about = () if named or heading else before or section
            shown = f"[{' or '.join(about)}] {text}" if about else text
            claims.append(InputClaim(id=f"{count}.{index}", statement_id=str(count), text=shown))
            before = tuple(dict.fromkeys((*before, *named)))
    return claims


def _codes(text: str) -> tuple[str, ...]:
    mentions = (mention for mention in find_mentions(text) if mention.kind == "code")
    return tuple(dict.fromkeys(mention.value for mention in mentions))


def _read_json_lines(path: Path, text: str) -> list[InputClaim]:
    claims: list[InputClaim] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise SourceError(
                f"{path}:{number}: not a JSON object ({error.msg} at column {error.colno})"
            ) from error
        if not isinstance(item, dict) or not isinstance(item.get("id"), str | int):
            raise SourceError(f'{path}:{number}: expected an object with "id" and "claim"')
        claim, identity = item.get("claim"), str(item["id"])
        if not isinstance(claim, str) or not claim.strip():
            raise SourceError(f'{path}:{number}: "claim" has to be a sentence, found {claim!r:.60}')
        if identity in seen:
            raise SourceError(
                f"{path}:{number}: id {identity!r} was used in line {seen[identity]}; give each claim its own"
            )
        seen[identity] = number
        statement = item.get("statement_id", identity)
        claims.append(InputClaim(id=identity, statement_id=str(statement), text=" ".join(claim.split())))
    return claims


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


def _markdown_blocks(text: str) -> list[str]:
    from markdown_it import MarkdownIt

    blocks: list[str] = []
    header: list[str] = []
    cells: list[str] = []
    in_head = in_table = in_heading = False
    for token in MarkdownIt("commonmark").enable("table").parse(_without_front_matter(text)):
        if token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
        elif token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open" and token.tag != "h1"
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            if in_head:
                header = cells
            else:
                blocks.append(_row_sentence(header, cells))
        elif token.type == "inline":
            plain = _inline_text(token.children or [])
            if in_heading:
                blocks.append(_HEADING + plain)
            elif in_table:
                cells.append(plain)
            else:
                blocks.append(plain)
    return blocks


def _without_front_matter(text: str) -> str:
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        return text[4:].split("\n---\n", 1)[1]
    return text


def _inline_text(children: list) -> str:
    pieces = []
    for child in children:
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append(" ")
    return "".join(pieces).strip()


def _html_blocks(text: str) -> list[str]:
    from selectolax.parser import HTMLParser

    tree = HTMLParser(text)
    tree.strip_tags(["script", "style", "noscript", "template", "head", "svg", "iframe", "object", "select"])
    hidden = tree.css("[hidden], [aria-hidden=true]")
    hidden += [node for node in tree.css("[style]") if _UNSEEN.search(node.attributes.get("style") or "")]
    hidden += [node for node in tree.css("sup") if _FOOTNOTE.fullmatch(node.text())]
    for node in hidden:
        node.decompose()
    for table in tree.css("table"):
        header: list[str] = []
        rows: list[str] = []
        for row in table.css("tr"):
            cells = [" ".join(cell.text(separator=" ").split()) for cell in row.css("td, th")]
            if not header and not row.css("td"):
                header = cells
            else:
                rows.append(_row_sentence(header, cells))
        table.replace_with("\n\n" + "\n\n".join(rows) + "\n\n")
    if tree.body is None:
        return []
    for block in tree.body.css(_BLOCKS):
        block.insert_before("\n\n")
        block.insert_after("\n\n")
    for heading in tree.body.css("h2, h3, h4, h5, h6"):
        heading.insert_before(_HEADING)
    for line_break in tree.body.css("br"):
        line_break.replace_with("\n\n")
    return [" ".join(block.split()) for block in re.split(r"\n\s*\n", tree.body.text(separator=""))]
