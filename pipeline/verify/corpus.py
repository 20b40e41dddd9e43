"""The sentences of the sources at hand, found by the words they share with a claim, or by a code they name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.data import Applicability, Passage, SourceDocument
from pipeline.verify.claims import split_claims
from pipeline.verify.reading import stem, vocabulary

_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"(?<![\w.$])(?:\d{5}|[A-V]\d{4}|\d{4}[TFUM])\b")
_PARAGRAPH = re.compile(r"\S.*?(?=\n\s*\n|\Z)", re.DOTALL)
_EVERYWHERE = Applicability()
# The share of the words of a claim, and of a sentence, that both have; and how many such sentences are looked at.
_SHARED, _NEAREST = 0.5, 24
_FEWEST, _LONGEST = 4, 1_200  # characters; shorter is no sentence, longer is a table


class Sentence(NamedTuple):
    """A sentence of a stored document, from `start` to `end` of its text; `applies_to` says which codes it is for."""

    document_id: str
    passage_id: str
    text: str
    start: int
    end: int
    applies_to: Applicability = _EVERYWHERE


class Corpus:
    """All sentences of the sources, in order; the look-ups are made on first use."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._given = sentences
        self._sentences: list[Sentence] = []
        self._lengths: list[int] = []
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        self._by_code: dict[str, list[int]] = defaultdict(list)
        self._near: dict[str, tuple[Sentence, ...]] = {}
        self._made = False

    def near(self, text: str) -> tuple[Sentence, ...]:
        """The sentences that share half of the telling words, theirs and the text's; those with most of them first."""
        if text not in self._near:
            self._make()
            wanted = _stems(text)
            shared = Counter(number for one in wanted for number in self._by_stem.get(one, ()))
            found = [
                (-count, number)
                for number, count in shared.items()
                if count >= _SHARED * max(len(wanted), self._lengths[number])
            ]
            self._near[text] = tuple(self._sentences[number] for _, number in sorted(found)[:_NEAREST])
        return self._near[text]

    def naming(self, hcpcs_code: str) -> list[Sentence]:
        """The sentences that name a code, in order."""
        self._make()
        return [self._sentences[number] for number in self._by_code.get(hcpcs_code, ())]

    def _make(self) -> None:
        if self._made:
            return
        for number, sentence in enumerate(self._given):
            self._sentences.append(sentence)
            stems = _stems(sentence.text)
            self._lengths.append(len(stems))
            for one in stems:
                self._by_stem[one].append(number)
            for code in set(_CODE.findall(sentence.text)):
                self._by_code[code].append(number)
        self._made = True


def sentences_of_passages(passages: Iterable[Passage]) -> Iterator[Sentence]:
    """Each sentence of passages."""
    for passage in passages:
        for start, text in _split(passage.text):
            at = passage.start + start
            yield Sentence(passage.document_id, passage.id, text, at, at + len(text), passage.applies_to)


def sentences_of_document(document: SourceDocument) -> Iterator[Sentence]:
    """Each sentence of a document, paragraph by paragraph; its passages need not be made for that."""
    for paragraph in _PARAGRAPH.finditer(document.text):
        for start, text in _split(paragraph.group()):
            at = paragraph.start() + start
            yield Sentence(document.id, "", text, at, at + len(text), document.applies_to)


def _split(text: str) -> Iterator[tuple[int, str]]:
    position = 0
    for sentence in split_claims(text):
        start = text.find(sentence, position)
        if start >= 0:  # what was cleaned in splitting stands nowhere, and cannot be quoted
            position = start + len(sentence)
            if _FEWEST <= len(sentence) <= _LONGEST:
                yield start, sentence


def _stems(text: str) -> set[str]:
    plain = vocabulary().plain
    return {
        root for word in _WORD.findall(text.lower()) if (root := stem(word)) not in plain and len(word) > 1
    }
