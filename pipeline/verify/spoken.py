"""Words and tokens of a reading as a person would write them: findings are read by reviewers and by models."""

from __future__ import annotations

_KINDS = {
    "code": "code {}", "range": "codes {}", "mod": "modifier {}", "num": "{}", "pct": "{}%", "usd": "${}",
    "gd": "global period {}", "apc": "APC {}", "ind": "indicator {}", "adj": "adjustment code {}", "date": "{}",
    "yr": "{}", "icd": "diagnosis {}", "lab": "the figure's name ({})", "set": "the setting ({})",
}  # fmt: skip
_PHRASES = {
    "pay#yes": "that it is paid or reported",
    "pay#no": "that it is not paid or not reported",
    "pay#unclear": "whether it is paid",
    "cmp#max": "at most",
    "cmp#min": "at least, or more than",
    "doc#need": "that documentation is required",
    "doc#none": "that no documentation is required",
    "doc#with": "with documentation",
    "doc#unless": "unless documented",
}
_CAPITALS = ("code", "range", "mod", "icd")


def is_token(word: str) -> bool:
    """Whether a word of a reading stands for something checkable."""
    return "#" in word


def speak(word: str) -> str:
    """A word or token of a reading as a person would write it."""
    if not is_token(word):
        return word
    polarity, _, bare = word.rpartition(":") if ":mod#" in word else ("", "", word)
    if bare in _PHRASES:
        return _PHRASES[bare]
    kind, _, value = bare.partition("#")
    if kind == "cnt":
        number, _, unit = value.partition(":")
        return f"{number} {unit}".strip()
    said = _KINDS.get(kind, "{}").format(value.upper() if kind in _CAPITALS else value)
    return f"not {said}" if polarity == "no" else said
