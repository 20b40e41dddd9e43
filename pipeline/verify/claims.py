"""Claims out of a text: a sentence splitter for coding prose, and readers for what people hand in."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pipeline.data import Record
from pipeline.errors import SourceError
from pipeline.verify.blocks import Block, read_html, read_markdown
from pipeline.verify.marks import without_marks
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
# Control characters that no text holds; a form feed ends a page of one.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SECTION_OF_SOURCES = re.compile(r"(?:references|bibliography|footnotes|endnotes)\W*", re.IGNORECASE)
# Words that make a heading a statement.
_VERB = re.compile(
    r"\b(?:is|are|has|have|does|do|must|may|can|cannot|never|always|pays?|takes?|requires?|needs?|gets?|allows?)\b",
    re.IGNORECASE,
)
_NAMES_ONLY = frozenset({"code", "range", "loc", "yr", "rel", "date", "num", "icd"})


class InputClaim(Record):
    """A sentence handed in: its id, the statement (block or line) it stands in, its text.

    Of a text, `sentence` is the sentence as it stands there, of which the claim may be a part; `headings` stand between
    the block before and this one, and state nothing.
    """

    id: str
    statement_id: str
    text: str
    sentence: str = ""
    headings: tuple[str, ...] = ()


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
    "header: cell; header: cell", a term with its definition as "term: definition". A sentence that names no code,
    behind one that does, gets that code before it in brackets ("[22853] It is …"), since it need not be about the
    code of the text; nothing is said of one behind two. Left out are footnotes and their marks, lists of references,
    and headings that state nothing.

    Raises SourceError naming the file and, where there is one, the line.
    """
    text = read_text(path)
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return _read_json_lines(path, text)
    if suffix in (".html", ".htm", ".xhtml"):
        try:
            return _number(read_html(text))
        except SourceError as error:
            raise SourceError(f"{path}: {error}") from error
    if suffix in (".md", ".markdown"):
        return _number(read_markdown(text))
    return _number([Block(block) for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))])


def read_text(path: Path) -> str:
    """The file's characters. Raises SourceError for one that is no text, naming the line where that shows."""
    use = "hand in text, Markdown, HTML or JSON Lines"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror or error}); name a text file") from error
    if data.lstrip()[:5] == b"%PDF-":
        raise SourceError(
            f"{path}: a PDF cannot be checked; {use} (a PDF that is a source comes in by `briefwright sources add`)"
        )
    place = next(iter(_BINARY.finditer(data)), None)
    if place is not None:
        line = data[: place.start()].count(b"\n") + 1
        raise SourceError(f"{path}:{line}: not a text file; {use}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SourceError(f"{path}:{line}: not UTF-8 text; save it as UTF-8, or {use}") from error


def _number(blocks: list[Block]) -> list[InputClaim]:
    claims: list[InputClaim] = []
    count = 0
    section: tuple[str, ...] = ()
    of_sources = False
    over: tuple[str, ...] = ()
    for block in blocks:
        if block.kind == "heading":
            section = codes_named(block.text)
        if block.kind != "text":
            of_sources = _SECTION_OF_SOURCES.fullmatch(block.text) is not None
        if of_sources or (block.kind != "text" and not _states(block.text)):
            over = () if of_sources else (*over, " ".join(block.text.split()))
            continue
        sentences = split_claims(without_marks(block.text))
        if not sentences:
            continue
        count += 1
        before: tuple[str, ...] = ()
        for index, sentence in enumerate(sentences, 1):
            text = " ".join(sentence.split())
            named = codes_named(text)
            about = () if named or block.kind != "text" else before or section
            shown = f"[{' or '.join(about)}] {text}" if about else text
            claims.append(
                InputClaim(
                    id=f"{count}.{index}", statement_id=str(count), text=shown, sentence=text, headings=over
                )
            )
            over = ()
            before = tuple(dict.fromkeys((*before, *named)))
    return claims


def _states(heading: str) -> bool:
    """Whether a heading says something: a question does not, nor does a bare name of a topic, a code or a date."""
    if heading.rstrip().endswith("?"):
        return False
    if any(mention.kind not in _NAMES_ONLY for mention in find_mentions(heading)):
        return True
    return _VERB.search(heading) is not None


def codes_named(text: str) -> tuple[str, ...]:
    """The codes that a text names, each once, in order."""
    mentions = (mention for mention in find_mentions(text) if mention.kind == "code")
    return tuple(dict.fromkeys(mention.value for mention in mentions))


def _read_json_lines(path: Path, text: str) -> list[InputClaim]:
    claims: list[InputClaim] = []
    seen: dict[str, int] = {}
    # Only line feeds end a line of JSON; other separators, such as U+2028, may stand inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        item = _read_object(path, number, line)
        claim, identity = item.get("claim"), _identity(item.get("id"))
        if identity is None:
            raise SourceError(
                f'{path}:{number}: expected an object with "id" and "claim"; an id is a string or an integer'
            )
        if not isinstance(claim, str) or not claim.strip():
            raise SourceError(f'{path}:{number}: "claim" has to be a sentence, found {claim!r:.60}')
        statement = item.get("statement_id", identity)
        if not isinstance(statement, str):
            raise SourceError(f'{path}:{number}: "statement_id" has to be a string, found {statement!r:.60}')
        if identity in seen:
            raise SourceError(
                f"{path}:{number}: id {identity!r} was used in line {seen[identity]}; give each claim its own"
            )
        seen[identity] = number
        claims.append(InputClaim(id=identity, statement_id=statement, text=" ".join(claim.split())))
    return claims


def _read_object(path: Path, number: int, line: str) -> dict[str, object]:
    try:
        item = json.loads(line)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{path}:{number}: not a JSON object ({error.msg} at column {error.colno})"
        ) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # a number of thousands of digits; brackets nested as deeply
        raise SourceError(
            f"{path}:{number}: not JSON that can be read (a number too long, or nested too deeply)"
        ) from error
    return item if isinstance(item, dict) else {}


def _identity(found: object) -> str | None:
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return str(found)
