"""A sentence as the checks read it: tokens for all that is checkable, polarity written on every modifier.

Polarity is decided on the words next to a modifier: `yes:mod#57` is asserted, `no:mod#25` is denied ("never 25",
"25 is not appropriate", "57 rather than 25"), `unread:mod#25` stands in a form that is not read safely ("without
modifier 25 …"). A negation that governs nothing known stays in the text, and no rule speaks about such a sentence.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cached_property, lru_cache
from importlib import resources

from pydantic import Field

from pipeline.data import Record
from pipeline.verify.mentions import mark_mentions
from pipeline.verify.pairs import read_pairs
from pipeline.verify.quotes import normalise_quote

_TOKEN = re.compile(r"(?:(?:yes|no|unread):)?[a-z]+#[^\s,;()]*[^\s,;().:]|line#")
_WORD = re.compile(
    r"(?:(?:yes|no|unread):)?[a-z]+#[^\s,;()]*[^\s,;().:]|line#|[^\W\d_]+(?:['_-][^\W\d_]+)*|\d[\d.]*"
)
_SPLIT = re.compile(
    r"\s*(?:;|\.(?=\s)|:(?=\s)|,?\s\bbut\b|,?\s\bwhile\b|,?\s\bwhereas\b|,?\s\balthough\b|,\s*(?:and"
    r"|yet|so)\b(?=.*\b(?:is|are|takes?|pays?|has)\b))\s*"
)
_CODE = re.compile(r"\bcode#(\w{5})")
_FIGURE = re.compile(r"(?:usd|num|cnt|pct|apc|gd|ind)#")

_GLUE = (
    r"(?:(?:an?|the|to|be|ever|just|simply|with|by|us(?:e|es|ing|ed)|append(?:s|ed|ing)?|report(?:s"
    r"|ed|ing)?|bill(?:s|ed|ing)?"
    r"|add(?:s|ed|ing)?|takes?|carry|carries|requires?|required|needs?|needed|accepts?|attach(?:es"
    r"|ed|ing)?|put|calls? for|it|em|code"
    r"|allowed|permitted|appropriate|acceptable|correct|valid|necessary|have|get|gets|wear|bear"
    r"|go with|through|of|that|same|for)\s+){0,7}"
)
# One way only to split what stands between two modifiers: else the time doubles with each of a long list.
_MODS = r"mod#\w+(?:(?: ?, ?| )(?:(?:or|and) )?mod#\w+)*"
_DOUBLE = re.compile(
    rf"\b(?:not|never|can not|no)\b([^;.]{{0,50}}?)\b(?:without|unless)\s+((?:\w+\s+){{0,5}}?)({_MODS})"
)
_DENIED_BEFORE = re.compile(
    r"\b(?:(?:do|does|should|must|may|can|shall|will|would|is|are)\s+)?(?:never|not|no|nor|neither"
    r"|avoid(?:s|ing)?|rather than|instead of|in place of"
    r"|as opposed to|(?:it is |is |would be )?(?:inappropriate|incorrect|improper|wrong|an error"
    r"|a mistake)\s+to)\s+"
    rf"{_GLUE}({_MODS})"
)
_FIT = (
    r"(?:appropriate|required|needed|allowed|used|valid|correct|enough|appl(?:y|ies)|appended"
    r"|reported|billed|suffic(?:e|es|ient)"
    r"|necessary|acceptable|permitted|supported|right|fit|fits|proper|payable|the right (?:one"
    r"|modifier|choice)|an option|warranted|attached|added|accepted|carried)"
)
_DENIED_AFTER = re.compile(
    rf"({_MODS})((?:\s+alone)?)\s*,?\s*(?:(?:is|are|was|does|do|should|must|may|can|will|would"
    rf"|shall)\s+)?(?:never|not)\s+(?:be\s+|ever\s+|an?\s+)*{_FIT}\b"
    rf"|({_MODS})((?:\s+alone)?)\s+(?:is|are|would be|will be)\s+(?:always\s+)?(?:an?\s+"
    rf"|the\s+)?(?:inappropriate|incorrect|wrong|invalid|insufficient|improper|error|mistake|denied"
    rf"|prohibited)\b(?:\s+(?:modifier|choice|one))?"
    rf"|({_MODS})((?:\s+alone)?)\s+has\s+no\s+(?:place|role|effect)\b"
)
_UNREAD_BEFORE = re.compile(rf"\b(?:without|unless|except|absent|lacking|missing)\s+{_GLUE}({_MODS})")
# Who pays is turned round, or somebody pays whom Medicare does not pay: the words of right sentences in another order.
_TURNED_PAYMENT = re.compile(
    r"\b(?:surgeons?|physicians?|clinicians?|providers?|practitioners?|doctors?|patients?|beneficiar(?:y|ies)|assistants?)"
    r"(?: (?!medicare|\d)\w+)? (?:pays?|owes?|reimburses?)\b"
    r"|\bpatients?\b(?=[^.;]*\$)|\$[^;]*\bpatients?\b|\bmedicare (?:is|gets|was|be) (?:\w+ )?paid\b"
    r"|\b(?:pays?|paid|payment|share|fee)\b[^.;]{0,60}?(?<!\w)(?:to |pays? |paid )"
    r"(?:the |an? )?(?:patients?|medicare|beneficiar(?:y|ies))\b",
    re.IGNORECASE,
)
# A sign before or behind a figure makes it another figure, or a bound.
_SIGN = re.compile(
    r"[<>≤≥±~≈*+−‒–—-]+\s*(?=(?:usd|num|cnt|pct|gd|ind)#)|(?<=#)(\d[\d.:a-z]*)\s?[+*](?=[\s.,;)]|$)"
)
_ONE_MOD = re.compile(r"(?<![:\w])mod#")


class _Lexicon(Record):
    concepts: tuple[dict[str, str], ...]
    payments: tuple[dict[str, str], ...]
    negations: str
    not_asserted: str
    other_payers: str
    frequency: str
    anatomy: str
    services: str
    actors: str
    adjusted: str
    shifting: str
    beside_amounts: str
    plain: str = Field(min_length=1)


class Reading(Record):
    """A sentence read. `canonical` is lower-cased and tokenised; `code` is the only code it can be about, or None."""

    text: str
    canonical: str

    @cached_property
    def pairs(self) -> tuple[str, ...]:
        """Its labels with their values, where it is made of such pairs."""
        return read_pairs(self.canonical)

    @cached_property
    def clauses(self) -> tuple[str, ...]:
        """The canonical text cut where a new assertion starts; fragments stay with what they follow.

        Labels with their values are a clause each.
        """
        if self.pairs:
            return self.pairs
        clauses: list[str] = []
        for piece in _SPLIT.split(self.canonical):
            if not piece.strip():
                continue
            own_figure = "code#" in piece and _FIGURE.search(piece)
            if clauses and len(_WORD.findall(piece)) <= 5 and not own_figure:
                clauses[-1] += " , " + piece
            else:
                clauses.append(piece)
        return tuple(clauses)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that some check has to account for, in order."""
        return tuple(token.strip(".,") for token in _TOKEN.findall(self.canonical))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Tokens and words in order."""
        return tuple(word.rstrip(".") for word in _WORD.findall(self.canonical))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Tokens and stems of words, without those that any sentence may use."""
        return frozenset(stem(word) for word in self.words) - vocabulary().plain

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """HCPCS codes named, upper case, first mention first."""
        return tuple(dict.fromkeys(codes_in(self.canonical)))

    @cached_property
    def asserted(self) -> bool:
        """False where the sentence asks, reports what others say, supposes, addresses the checker, or says that the
        wrong ones pay."""
        turned = _TURNED_PAYMENT.search(self.text) is not None
        return not turned and vocabulary().not_asserted.search(self.canonical) is None

    @cached_property
    def other_payers(self) -> bool:
        """True where it speaks of payers or places that national Medicare rows say nothing about."""
        return vocabulary().other_payers.search(self.canonical) is not None

    @cached_property
    def frequency_words(self) -> tuple[str, ...]:
        """Words that claim how often something happens."""
        return tuple(match.group() for match in vocabulary().frequency.finditer(self.canonical))


class Vocabulary:
    """lexicon.toml, compiled."""

    def __init__(self, lexicon: _Lexicon) -> None:
        self.concepts = tuple((re.compile(item["find"]), item["to"]) for item in lexicon.concepts)
        self.payments = tuple((re.compile(item["find"]), item["to"]) for item in lexicon.payments)
        self.negations = re.compile(lexicon.negations)
        self.not_asserted = re.compile(lexicon.not_asserted)
        self.other_payers = re.compile(lexicon.other_payers)
        self.frequency = re.compile(lexicon.frequency)
        self.anatomy = re.compile(lexicon.anatomy)
        self.services = re.compile(lexicon.services)
        self.actors = re.compile(lexicon.actors)
        self.adjusted = re.compile(lexicon.adjusted)
        self.shifting = frozenset(stem(word) for word in lexicon.shifting.split())
        self.beside_amounts = frozenset(stem(word) for word in lexicon.beside_amounts.split())
        self.plain = frozenset(stem(word) for word in lexicon.plain.split())


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The shared vocabulary, read once."""
    text = resources.files("pipeline.verify").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return Vocabulary(_Lexicon.model_validate(tomllib.loads(text)))


@lru_cache(maxsize=8_192)
def read_sentence(text: str) -> Reading:
    """Rewrite a sentence into its canonical form; see the module's and mentions' docstrings for the tokens."""
    canonical = " ".join(mark_mentions(_without_accents(normalise_quote(text))).lower().split())
    canonical = _SIGN.sub(r"\1 sign#unread ", canonical)
    for pattern, token in vocabulary().concepts:
        canonical = pattern.sub(token, canonical)
    canonical = " ".join(_mark_polarity(" ".join(canonical.split())).split())
    for pattern, token in vocabulary().payments:
        canonical = pattern.sub(token, canonical)
    return Reading(text=text, canonical=" ".join(canonical.split()))


def _without_accents(text: str) -> str:
    """ "nót" is read as "not", as a reader reads it."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    return "".join(each for each in apart if not unicodedata.combining(each))


def codes_in(canonical: str) -> list[str]:
    """HCPCS codes in a piece of canonical text, upper case, in order."""
    return [code.upper() for code in _CODE.findall(canonical)] if "code#" in canonical else []


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A light stem: enough to let plural, tense and adverb forms meet; no dictionary."""
    if len(word) <= 3 or "#" in word:
        return word
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: len(word) - len(ending)] + replacement
    return word


_ENDINGS = (
    ("ications", "ic"), ("ication", "ic"), ("ations", "at"), ("ation", "at"), ("ies", "y"), ("ied", "y"),
    ("ingly", ""), ("edly", ""), ("ably", "abl"), ("able", "abl"), ("ings", ""), ("ing", ""), ("sses", "ss"),
    ("ment", ""), ("ments", ""), ("ly", ""), ("es", ""),
    ("ed", ""), ("ss", "ss"), ("s", ""), ("e", ""),
)  # fmt: skip


def _mark_polarity(text: str) -> str:
    text = _DOUBLE.sub(lambda m: f"{m[1]} {m[2]}" + _tag("yes", m[3]), text)
    text = _DENIED_BEFORE.sub(lambda m: _tag("no", m[1]), text)
    text = _DENIED_AFTER.sub(lambda m: _tag("no", m[1] or m[3] or m[5]) + (m[2] or m[4] or m[6] or ""), text)
    text = _UNREAD_BEFORE.sub(lambda m: _tag("unread", m[1]), text)
    return _ONE_MOD.sub("yes:mod#", text)


def _tag(polarity: str, mods: str) -> str:
    return " " + _ONE_MOD.sub(f"{polarity}:mod#", mods) + " "
