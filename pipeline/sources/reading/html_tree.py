"""The tree of a page, walked without recursion: a page may be nested deeper than Python's stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import SourceError
from pipeline.sources.reading.characters import clean

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_DEPTH = 10_000
"""Time to parse grows with the square of the depth: a second here, minutes at ten times as deep."""

LEFT_OUT = frozenset(
    "script style nav aside noscript template head title svg iframe object canvas audio video select datalist "
    "textarea input dialog".split()
)
APART = frozenset(
    "p div section article main header footer blockquote figure figcaption address center fieldset legend details "
    "summary form hr pre ul ol menu dir li dl dt dd table caption thead tbody tfoot tr td th hgroup search h1 h2 h3 "
    "h4 h5 h6 body html".split()
)
"""Elements that no sentence runs into or out of."""

_OPENED = re.compile(
    r"<(?P<close>/?)(?:div|section|article|span|ul|ol|dl|blockquote|font|b|i|em|strong|center)\b", re.I
)


class Step(NamedTuple):
    """An element that begins or ends, or (`begins`) a text."""

    node: LexborNode
    begins: bool


def parse_page(text: str, *, name: str) -> LexborNode | None:
    """The body of a page, None where there is none.

    Raises SourceError for one nested deeper than MAX_DEPTH, or so strange that the parser gives up.
    """
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    depth = 0
    for tag in _OPENED.finditer(text):
        depth = max(depth - 1, 0) if tag["close"] else depth + 1
        if depth > MAX_DEPTH:
            raise SourceError(
                f"the elements of {name} are nested more than {MAX_DEPTH:,} deep; save the page's text as a .txt "
                "file and add that"
            )
    try:
        return LexborHTMLParser(text).body
    except SelectolaxError as error:
        raise SourceError(
            f"the markup of {name} cannot be parsed ({error}); save the page's text as a .txt file and add that"
        ) from error


def steps(root: LexborNode, *, enters: Callable[[LexborNode], bool]) -> Iterator[Step]:
    """What stands below `root`, in order. Of an element that `enters` refuses nothing is given."""
    above: list[LexborNode] = []
    node = root.child
    while node is not None or above:
        if node is None:
            node = above.pop()
            yield Step(node, begins=False)
            node = node.next
        elif node.is_text_node:
            yield Step(node, begins=True)
            node = node.next
        elif node.is_element_node and enters(node):
            yield Step(node, begins=True)
            above.append(node)
            node = node.child
        else:
            node = node.next


def text_of(node: LexborNode) -> str:
    """The words of an element on one line, its blocks and lines parted by blanks."""
    pieces: list[str] = []
    for step in steps(node, enters=lambda one: one.tag not in LEFT_OUT):
        if step.node.is_text_node:
            pieces.append(step.node.text_content or "")
        elif step.node.tag in APART or step.node.tag == "br":
            pieces.append(" ")
    return " ".join(clean("".join(pieces)).split())
