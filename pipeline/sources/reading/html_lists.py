"""Open lists of a page: the mark before each item's words, and how deep it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data import BlockKind

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

BULLET = "• "
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


class Lists:
    """What of lists is open where the walk stands."""

    def __init__(self) -> None:
        self._open: list[_List] = []

    @property
    def level(self) -> int:
        """How many lists are open."""
        return len(self._open)

    @property
    def term(self) -> bool:
        """Whether the words are a term, which waits for its meaning."""
        return bool(self._open) and self._open[-1].in_term

    def begin(self, node: LexborNode) -> None:
        """Take in that a list or an item begins."""
        if node.tag in ("li", "dt", "dd"):
            if not self._open:  # broken markup: an item without its list
                self._open.append(_List(node, implied=True))
            self._open[-1].begin_item(node)
        else:
            self._open.append(_List(node, implied=False))

    def end(self, node: LexborNode) -> None:
        """Take in that a list or an item ends."""
        if not self._open:
            return
        if node.tag in ("li", "dt", "dd"):
            self._open[-1].in_item = self._open[-1].in_term = False
            if self._open[-1].implied:
                self._open.pop()
        else:
            self._open.pop()

    def place(self, text: str) -> tuple[BlockKind, int, str]:
        """Kind, level and words of what is said here: an item with its mark, or a paragraph that continues it."""
        if not self._open or not self._open[-1].in_item:
            return BlockKind.PARAGRAPH, self.level, text
        mark, self._open[-1].mark = self._open[-1].mark, ""
        return (BlockKind.ITEM if mark else BlockKind.PARAGRAPH), self.level, mark + text


class _List:
    """One open list. `mark` waits for the first words of the item that has begun."""

    def __init__(self, node: LexborNode, *, implied: bool) -> None:
        attributes = node.attributes
        self.implied = implied
        self.in_item = self.in_term = False
        self.mark = ""
        self._ordered = node.tag == "ol"
        self._style = attributes.get("type") or "1"
        self._step = -1 if "reversed" in attributes else 1
        self._next = _number(attributes.get("start"), default=1)

    def begin_item(self, node: LexborNode) -> None:
        self.in_item, self.in_term = True, node.tag == "dt"
        if not self._ordered:
            self.mark = BULLET
            return
        number = _number(node.attributes.get("value"), default=self._next)
        self._next = number + self._step
        self.mark = f"{_numeral(number, self._style)}. "


def _number(value: str | None, *, default: int) -> int:
    """An integer attribute; what is none, or beyond all reason, counts as missing."""
    try:
        number = int(value or "")
    except ValueError:
        return default
    return number if abs(number) < 1_000_000 else default


def _numeral(number: int, style: str) -> str:
    """The number as a list of the style shows it: 1, a, A, i or I."""
    if style in "aA" and 1 <= number <= 26:
        return chr(ord(style) + number - 1)
    if style in "iI" and 1 <= number < 400:
        roman = ""
        for value, letters in _ROMAN:
            count, number = divmod(number, value)
            roman += letters * count
        return roman.upper() if style == "I" else roman
    return str(number)
