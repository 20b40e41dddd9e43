"""Typed mentions in a sentence, and the canonical spelling they are given.

A sentence is rewritten so that every checkable thing in it is one token `kind#value`, whatever way it was
written; the layers above read tokens, never raw figures:

    usd#2540.81  num#43.47  pct#62.5   money, plain numbers, percents ('.' decimal, no thousands separators)
    code#20970  range#29866-29889      HCPCS codes
    mod#57                             modifiers, from "modifier 57", "-57", "modifiers 80, 82 or AS", XS, LT …
    gd#090                             global days, from 090, "90-day global", "global period of 90 days", ZZZ
    cnt#2:unit                         counts with their unit, number words too
    date#2026-01-01  yr#2026  rel#rvu25d   dates, years, releases
    apc#5114  ind#j8  adj#97  loc#i-13  icd#m17.11
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"ninety": "90", "single": "1"}
_WORDS = "|".join(_NUMBER_WORDS)
_UNIT = (
    "units?|levels?|compartments?|days?|surgeons?|specialt(?:y|ies)|sides?|lines?|times|weeks?|months?|years?|hours?"
    "|minutes?|joints?|knees|shoulders|hips|lesions?|muscles?|visits?|injections?"
)
_CODE = r"(?:\d{5}|[A-V]\d{4}|\d{4}[TFUM])"
_MOD = r"(?:\d{2}|[A-Z][A-Z0-9])"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_MONTH_NUMBER = {name.lower(): number for number, name in enumerate(_MONTHS.split("|"), 1)}
MODIFIERS = frozenset(
    "22 23 24 25 26 27 32 47 50 51 52 53 54 55 56 57 58 59 62 63 66 73 74 76 77 78 79 80 81 82 91 99".split()
)

_MENTION = re.compile(
    rf"""
    (?:(?<!\w)|(?=[$§]))  # none begins inside a word; said first, it saves trying them all there
    (?:
    (?P<usd>(?:\$|\bUSD)\s?(?P<usd_a>\d[\d,]*(?:\.\d+)?)(?P<usd_scale>\s?(?:k\b|thousand|million))?
        |\b(?P<usd_b>\d[\d,]*(?:\.\d+)?)\s?(?:dollars|USD)\b)
  | (?P<pct>(?<![\w.])(?P<pct_a>\d+(?:\.\d+)?)\s?(?:%|percent\b|per\ cent\b))
  | (?P<rel>\bRVU\s?(?P<rel_a>\d\d[A-D]R?)\b
        |\b(?P<rel_b>(?:(?:OPPS|ASC|MUE|PTP|NCCI|AOC)[- ])?20\d\d[ ]?Q[1-4]|(?:OPPS|ASC)-20\d\d-\d\d)\b)
  | (?P<date>\b(?P<iso>(?:19|20)\d\d-\d\d-\d\d)\b
        |\b(?P<month_a>{_MONTHS})\s+(?P<day_a>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year_a>(?:19|20)\d\d)\b
        |\b(?P<day_b>\d{{1,2}})\s+(?P<month_b>{_MONTHS})\s+(?P<year_b>(?:19|20)\d\d)\b
        |\b(?P<month_c>{_MONTHS})\s+(?P<year_c>(?:19|20)\d\d)\b
        |\b(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})/(?P<y>(?:19|20)\d\d)\b)
  | (?P<adj>\b(?:CARC|CO|PR|OA|PI)[- ]?(?P<adj_a>\d{{1,3}})\b
        |\b(?:adjustment|denial|claim)\s(?:reason\s)?codes?\s(?:CO-?)?(?P<adj_b>\d{{1,3}})\b)
  | (?P<apc>\bAPC\s*(?:code|group|number)?\s*[:=\#]?\s*(?P<apc_a>\d{{4}})\b)
  | (?P<loc>(?:\bpp?\.\s?|\bpages?\s)?\b(?P<loc_a>(?:Intro|[IVX]{{1,4}})-\d{{1,3}})\b
        |\b(?:lines?|rows?|items?|steps?|footnotes?|tables?|figures?|notes?|versions?)\s(?P<loc_d>\d{{1,6}})\b(?![.,]\d)
        |(?:§+\s?|\bsections?\s)(?P<loc_b>\d[\d.]*\d|\d)
        |\b(?:ch\.|chapter)\s?(?P<loc_c>[IVX]{{1,4}}|\d{{1,2}})\b)
  | (?P<gd>\b(?P<gd_a>\d{{1,3}}|{_WORDS})[- ]?days?[- ](?:global|post-?op(?:erative)?\s(?:period|global)
            |surgical\sglobal)
        |(?P<gd_label>\bglobal(?:\s|(?=:))(?:surgery\s|surgical\s)?(?:fee\s|days?\s)?(?:period|package|indicator|days|status)?\s*(?:value\s|status\s)?
            (?:of|is|are|=|:|runs|lasts|for)?\s*(?P<gd_not>not\s+)?)(?P<gd_b>\d{{1,3}}|{_WORDS})
            (?P<gd_days>[- ]days?)?(?![\w]|\.\d|[- ]day)
        |(?<![\w.$/,\#-])(?P<gd_c>0[019]0)(?:[- ]days?)?(?![\w%]|\.\d)
        |\b(?P<gd_d>XXX|YYY|ZZZ|MMM)\b)
  | (?P<range>(?<![\w.$])(?P<range_a>{_CODE})\s?(?:-|to|through|thru)\s?(?P<range_b>{_CODE})\b)
  | (?P<codemod>(?<![\w.$])(?P<cm_code>{_CODE})-(?P<cm_mod>{_MOD}(?:-{_MOD})*)\b)
  | (?P<mods>\b[Mm]odifiers?\s+(?P<mods_a>-?{_MOD}\b(?:\s*(?:,\s*or|,\s*and|,|/|\bor\b|\band\b|&)\s*-?{_MOD}\b)*)
        |(?<![\w.$])-?(?-i:(?P<mods_b>{_MOD}))\s+modifiers?\b
        |(?<![\w.\])/-])-(?P<mods_c>{_MOD})\b
        |\b(?P<mods_d>X[ESPU]|LT|RT|TC|AS)\b)
  | (?P<code>(?<![\w.,$])(?P<code_a>{_CODE})(?![\w]|[.,]\d))
  | (?P<icd>\b(?P<icd_a>[A-TV-Z]\d[0-9AB]\.[0-9A-Z]{{1,4}}|[A-TV-Z]\d[0-9])\b)
  | (?P<ind>\b(?P<ind_label>(?:indicators?|MAI|status\scode|CCMI|status\sindicator|payment\sindicator))
        \s*(?:value\s)?(?:of|is|=|:|,)?\s*["']?(?P<ind_a>\d[A-Z]?|[A-Z]\d|[B-HJ-Z]|A(?!\s[a-z]))["']?(?![\w])(?![.]\d))
  | (?P<lab>\b(?P<lab_label>(?:MUEs?|indicators?|MAI)(?:\s(?:value|limit))?\s(?:of|is)\s)(?P<lab_w>{_WORDS})\b
        (?![\s-](?:{_UNIT})\b))
  | (?P<cnt>(?<![\w.$])(?P<cnt_a>\d{{1,3}}|{_WORDS})[- ](?:different\s|separate\s|additional\s)?(?P<cnt_u>{_UNIT})\b)
  | (?P<yr>\b(?:CY\s?|FY\s?)?(?P<yr_a>(?:19|20)\d\d)(?![\w]|[.,]\d))
  | (?P<num>(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?![\w])|(?<![\w])\.\d+|\b\d+(?=[A-Za-z]))
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Indicator letters, modifiers and codes are capitals in print; "as", "an" and "a" are words.
_CASED = {"mods_d", "mods_a", "mods_b", "mods_c", "cm_mod", "code_a", "icd_a", "ind_a", "gd_d", "loc_a"}
_UNITS_NEXT = re.compile(
    r"[ ]*(?:rvu|%|percent|unit|day|level|lab#|dollar|work|total|pe\b|\.\d)", re.IGNORECASE
)
_BARE_BEFORE = re.compile(
    r"(?:^|[(,;/]|\b(?:such as|never|not|no|use|uses|append|appends|takes?|carry|carries|with|without|and|or|by|bill"
    r"|add|report|requires?"
    r"|needs?|than|attach|wants?|of|put|gets?|apply|wrong|a|the|only|but|is|yes|use:|correct|right|hence|then|under))\s*$",
    re.IGNORECASE,
)
_BARE_AFTER = re.compile(
    r"\s*(?:$|[.,;:)/]|(?:for|on|to|when|if|is|applies|never|not|rather|instead|and|or|here|alone|may|should|cannot|can|must"
    r"|does|by|only|in|as|at|after|with|goes|belongs|means|covers|says|opens|bypasses|unbundles)\b)",
    re.IGNORECASE,
)
_MODIFIER_TALK = re.compile(
    r"modifier|e\s?[/&]\s?m\b|evaluation and management|decision|decid|visit|assistant|co-?surg|append|team|unbundl|"
    r"bilateral|staged|return to|unrelated",
    re.IGNORECASE,
)


class Mention(NamedTuple):
    """One typed mention: `kind` and canonical `value` as in the module's table."""

    kind: str
    value: str

    @property
    def token(self) -> str:
        """The mention as it stands in a canonical sentence."""
        return f"{self.kind}#{self.value}"


def mark_mentions(text: str) -> str:
    """`text` with every mention replaced by its token; everything else is left as written."""
    modifier_talk = _MODIFIER_TALK.search(text) is not None
    pieces: list[str] = []
    position = 0
    for match in _MENTION.finditer(text):
        if match.start() < position:
            continue
        tokens = _tokens(match, text, modifier_talk)
        if tokens is None:
            continue
        pieces += [text[position : match.start()], " ", tokens, " "]
        position = match.end()
    return "".join([*pieces, text[position:]])


def find_mentions(text: str) -> list[Mention]:
    """The mentions of a sentence in order, for callers that need no more than these."""
    return [Mention(kind, value) for kind, value in re.findall(r"(?<!\S)([a-z]+)#(\S+)", mark_mentions(text))]


def _tokens(match: re.Match[str], text: str, modifier_talk: bool) -> str | None:
    groups = match.groupdict()
    if any(groups[name] and not _is_upper(groups[name]) for name in _CASED):
        return None
    # The group that closes last is the one around the whole mention: its kind.
    return _SPELL[match.lastgroup or "num"](groups, match, text, modifier_talk)


def _is_upper(written: str) -> bool:
    return not any(
        part != part.upper() for part in re.split(r"\s*(?:,|/|&|\bor\b|\band\b)\s*", written) if part
    )


def _number(written: str) -> str:
    plain = _NUMBER_WORDS.get(written.lower(), written).replace(",", "")
    return plain if "." in plain else str(int(plain))


def _money(groups: dict, match: re.Match[str], text: str, talk: bool) -> str:
    plain = (groups["usd_a"] or groups["usd_b"]).rstrip(",").replace(",", "")
    return f"usd#{plain}{(groups['usd_scale'] or '').strip()}"


def _date(groups: dict, match: re.Match[str], text: str, talk: bool) -> str:
    if groups["iso"]:
        return f"date#{groups['iso']}"
    if groups["month_c"]:
        return f"date#{groups['year_c']}-{_MONTH_NUMBER[groups['month_c'].lower()]:02}"
    month = groups["month_a"] or groups["month_b"]
    number = _MONTH_NUMBER[month.lower()] if month else int(groups["m"] or 1)
    year = groups["year_a"] or groups["year_b"] or groups["y"]
    day = int(groups["day_a"] or groups["day_b"] or groups["d"] or 1)
    return f"date#{year}-{number:02}-{day:02}"


def _global_days(groups: dict, match: re.Match[str], text: str, talk: bool) -> str | None:
    if groups["gd_d"]:
        return f"gd#{groups['gd_d'].lower()}"
    if groups["gd_b"] and not groups["gd_days"] and len(groups["gd_b"]) < 3:
        return None
    written = groups["gd_a"] or groups["gd_b"] or groups["gd_c"] or "0"
    number = int(_NUMBER_WORDS.get(written.lower(), written))
    label = "global is not " if groups["gd_not"] else "global " if groups["gd_a"] or groups["gd_b"] else ""
    return f"{label}gd#{number:03}"


def _modifiers(groups: dict, match: re.Match[str], text: str, talk: bool) -> str | None:
    written = groups["mods_a"] or groups["mods_b"] or groups["mods_c"] or groups["mods_d"]
    if groups["mods_c"] and written.isdigit() and written not in MODIFIERS:
        return None
    listed = [part for part in re.split(r"\s*(?:,|/|&|\bor\b|\band\b|-)\s*", written) if part]
    return " , ".join(f"mod#{part.lower()}" for part in listed)


def _plain(groups: dict, match: re.Match[str], text: str, talk: bool) -> str:
    written = match.group()
    bare = talk and written in MODIFIERS and not _UNITS_NEXT.match(text, match.end())
    if bare and _BARE_BEFORE.search(text[: match.start()]) and _BARE_AFTER.match(text, match.end()):
        return f"mod#{written}"
    return f"num#{written.replace(',', '')}"


_SPELL = {
    "usd": _money,
    "pct": lambda g, *_: f"pct#{g['pct_a']}",
    "rel": lambda g, *_: (
        f"rel#rvu{g['rel_a'].lower()}" if g["rel_a"] else f"rel#{re.sub('[^a-z0-9]', '', g['rel_b'].lower())}"
    ),
    "date": _date,
    "adj": lambda g, *_: f"adj#{int(g['adj_a'] or g['adj_b'])}",
    "apc": lambda g, *_: f"apc#{g['apc_a']}",
    "loc": lambda g, *_: f"loc#{(g['loc_a'] or g['loc_b'] or g['loc_c'] or g['loc_d']).lower()}",
    "gd": _global_days,
    "range": lambda g, *_: f"range#{g['range_a']}-{g['range_b']}",
    "codemod": lambda g, *_: (
        f"code#{g['cm_code']} " + " ".join(f"mod#{part.lower()}" for part in g["cm_mod"].split("-"))
    ),
    "mods": _modifiers,
    "code": lambda g, *_: f"code#{g['code_a']}",
    "icd": lambda g, *_: f"icd#{g['icd_a'].lower()}",
    "ind": lambda g, *_: f"{g['ind_label'].lower()} ind#{g['ind_a'].lower()}",
    "lab": lambda g, *_: f"{g['lab_label'].lower()} num#{_number(g['lab_w'])}",
    "cnt": lambda g, *_: f"cnt#{_number(g['cnt_a'])}:{_singular(g['cnt_u'].lower())}",
    "yr": lambda g, *_: f"yr#{g['yr_a']}",
    "num": _plain,
}


def _singular(unit: str) -> str:
    if unit.startswith("specialt"):
        return "specialty"
    return unit.rstrip("s") if unit != "times" else "time"
