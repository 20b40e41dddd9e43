"""Words that may tie diagnoses of one list to those of another: a second code, a rank, one from each group.

Such a list is not shown, since one code of it would seem to do. Words that can be read both ways count as tying.
"""

from __future__ import annotations

import re

from pipeline.sources.diagnoses.ties import plain_words

_HCPCS = r"(?:[0-9]{4}[0-9FTUM]|[A-V][0-9]{4})"
_OF_PROCEDURES = rf"(?:CPT|HCPCS|procedures?|modifiers?|imaging|ultrasound|{_HCPCS})\b"
_DIAGNOSIS = r"(?:ICD\b|diagnos\w+|codes?\b)"

_DISEASE = (
    r"(?:generali[sz]ed\W+|locali[sz]ed\W+|bilateral\W+|unilateral\W+)*(?:osteo\w*|arthr\w*|malign\w*|neoplas\w*"
    r"|tumou?r\w*|cancer\w*|hypertens\w*|gout\w*|care|lymph\w*|open-angle|progressive|insomnia|biliary|amyloid\w*)\b"
)
_ALONE = r"(?:alone|by itself|by themselves|on (?:its|their) own)\b"
_BESIDE_A_PROCEDURE = rf"\W+(?:with|to|by)?\W*(?:the\W+|an?\W+)?{_OF_PROCEDURES}"
_CALLS = re.compile(
    "|".join(
        (
            # a rank among the diagnoses of a claim
            rf"\b(?:primary|secondary|principal|tertiary|first[- ]listed|dual)\b(?!\W+{_DISEASE})",
            # not by itself
            rf"\b(?:reported|billed|coded|used|submitted|listed|stand)\W+(?:\w+\W+){{0,2}}?{_ALONE}",
            rf"\b{_ALONE}\W+(?:is|are|does|do|will|cannot|may)\b|\binsufficient\b|\bnot (?:sufficient|enough)\b",
            r"\bsole(?:ly)?\W+diagnos\w+|\bas the (?:only|sole)\b|\bonly\W+as\b",
            # beside something else
            rf"\b(?:in\s+(?:addition\s+to|conjunction)|combination)\b(?!{_BESIDE_A_PROCEDURE})"
            r"(?!\W+with\W+(?:the\W+|this\W+)?(?:\w+\W+)?(?:LCD|local coverage|policy|article|determination)\b)",
            rf"(?:\b(?:combined|together|along)\s+with\b|\b(?:alongside|accompan\w+|paired|pairing|plus)\b)"
            rf"(?!{_BESIDE_A_PROCEDURE})",
            r"\bcode\s+(?:first|also)\b|\bsequenc\w+|\bmanifestation\b|\bas well as\s+(?:an?|one|any)\b",
            r"\b(?:concurrent\w*|coexist\w*|co-exist\w*)\s+(?:\w+\s+){0,2}?(?:code|diagnos|condition)\w*",
            # more than one
            r"\b(?:two|three|(?:at least|minimum of)\s+\d|multiple|several|second|third|both|another|additional"
            r"|more than one)\s+"
            r"(?:or\s+more\s+)?(?:of\s+(?:the|these|those)\s+)?(?:(?!CPT|HCPCS|procedure)\w+[\s-]+){0,2}?"
            rf"(?<!CPT ){_DIAGNOSIS}",
            r"\bboth\s+(?:an?|of|must|are|lists?|groups?)\b|\b(?:from|of|in)\s+each\b|\beach\s+(?:group|list|column|table)\b",
        )
    ),
    re.IGNORECASE,
)
_IN_ADDITION = re.compile(r"\bin\s+addition\b", re.IGNORECASE)
_NAMES_DIAGNOSES = re.compile(rf"\b{_DIAGNOSIS}", re.IGNORECASE)
_WITH = re.compile(
    r"\bwith\s+(?:at\s+least\s+)?(?:(?:an?|one|any|either|the|its|appropriate|corresponding)\s+)*"
    rf"(?:(?!CPT|HCPCS|procedure|modifier)\w+[\s-]+){{0,6}}?{_DIAGNOSIS}"
    r"|\bwith\s+(?:at\s+least\s+)?(?:one|any)\s+(?:or\s+more\s+)?of\s+(?:the\s+(?:following|below|above)|these|those)\b",
    re.IGNORECASE,
)
_WITH_ITS_OWN = re.compile(
    r"with\s+(?:at\s+least\s+)?(?:an?|one|any)\s+(?:or\s+more\s+)?(?:of\s+)?(?:the\s+)?"
    r"(?:(?:ICD\S*|diagnos\w+|codes?)\s+)*(?:following|below|listed)\b",
    re.IGNORECASE,
)
_PATIENT = re.compile(
    r"\b(?:patients?|beneficiar\w+|individuals?|persons?)\s+(?:\w+\s+){0,2}?$", re.IGNORECASE
)
_SERVICE = re.compile(rf"\b{_HCPCS}\b|\b(?:CPT|HCPCS|procedures?|services?|injections?)\b", re.IGNORECASE)
_OF_A_LIST = re.compile(r"\b(?:these|those|above|group|ICD|diagnos\w+)\b", re.IGNORECASE)

_NUMBERED = re.compile(
    r"\bgroups?\s+(?:numbers?\s+|#\s*)?(?P<numbers>\d{1,2}\b"
    r"(?:(?:[\s,/&–-]|\band\b|\bor\b|\bto\b|\bthrough\b|\bgroups?\b)+\d{1,2}\b)*)",
    re.IGNORECASE,
)
_LETTERED = re.compile(r"\b[Gg]roups?\s+(?:[A-Z]|[IVX]{1,4})\b")
_UNNUMBERED = re.compile(
    r"\b(?:other|another|either|both|each|all|any|every|these|those|previous|preceding|next|first|second|two|three)\s+"
    r"(?:of\s+)?(?:the\s+)?(?:(?!age|patient)\w+\s+){0,2}?(?<!age )(?<!patient )groups?\b(?!\s*#?\d)",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(\d+)(?:\s*(?:[-–]|\bto\b|\bthrough\b)\s*(\d+))?", re.IGNORECASE)
_ANY = "any"
_NEAR = 120
"""Characters in front of words that tell whom or what they speak of."""

_PROCEDURES_IN = re.compile(
    r"(?:CPT|HCPCS|procedures?)(?:\W+(?:HCPCS|CPT|codes?|listed|found|included|in|from|of|under|the))*\W*$",
    re.IGNORECASE,
)
_PROCEDURES_LISTED_IN = re.compile(
    rf"(?:CPT|HCPCS|procedures?)(?:\W+(?:{_HCPCS}|codes?|and|or|listed|found|included|in|from|of|under|the))*\W*$",
    re.IGNORECASE,
)
_ABOUT_DIAGNOSES = re.compile(r"\bICD|diagnos", re.IGNORECASE)
_MARKS_BEHIND = re.compile(r"\s*(?:paragraph|codes)?\s*:|\s+paragraph\b", re.IGNORECASE)
_PROCEDURES_BEHIND = re.compile(r"\W*(?:CPT|HCPCS|procedures?)\b", re.IGNORECASE)

_RANKS_DIAGNOSES = re.compile(
    rf"\b(?:primary|secondary|principal|dual|additional|second|two|both|another|first-listed)\b(?!\W+{_DISEASE})"
    r"[\w\s,/-]{0,40}?\bdiagnos\w+"
    r"|\bdiagnos\w+[^.;]{0,60}\bas\s+(?:an?\s+|the\s+)?(?:primary|secondary|principal)\b"
    r"|\bprimary\s+(?:\w+\s+)?and\s+(?:an?\s+)?secondary\b",
    re.IGNORECASE,
)
_REQUIRES = re.compile(
    r"\b(?:must|requir\w*|shall|should|need\w*|only|are to be|is to be|mandatory|necessary)\b", re.IGNORECASE
)


def calls_for_another(sentence: str, number: str) -> bool:
    """Whether words about the group of this number (empty: none) may tie its diagnoses to others beside them."""
    plain = plain_words(sentence)
    return bool(
        _CALLS.search(plain)
        or any(map(_adds_diagnosis, re.split(r"[.;]", plain)))
        or any(not _with_its_own(plain, match) for match in _WITH.finditer(plain))
        or _groups_named(plain) - {number}
    )


def ties_group(sentence: str, number: str) -> bool:
    """Whether words from elsewhere in the document may tie the diagnoses of the group of this number to others."""
    return speaks_of_group(sentence, number) and calls_for_another(sentence, number)


def speaks_of_group(sentence: str, number: str) -> bool:
    """Whether words speak of the group of diagnoses of this number, or of all groups."""
    return bool(_groups_named(plain_words(sentence)) & {number, _ANY})


def ranks_diagnoses(sentence: str) -> bool:
    """Whether words that name no group say that a claim needs more than one diagnosis, or one in a certain place."""
    plain = plain_words(sentence)
    return bool(_RANKS_DIAGNOSES.search(plain) and _REQUIRES.search(plain)) and not _groups_named(plain)


def _adds_diagnosis(clause: str) -> bool:
    added = _IN_ADDITION.search(clause)
    return bool(added and _NAMES_DIAGNOSES.search(clause, added.end()))


def _with_its_own(text: str, match: re.Match[str]) -> bool:
    """Whether "with one of the following codes" speaks of a service and its list, "with a diagnosis" of a patient."""
    before = text[max(0, match.start() - _NEAR) : match.start()]
    if _PATIENT.search(before):
        return True
    own = _WITH_ITS_OWN.match(text, match.start())
    return bool(own and _SERVICE.search(before) and not _OF_A_LIST.search(before))


def _groups_named(text: str) -> set[str]:
    """The numbers of the groups of diagnoses that a text speaks of; `_ANY` for groups without a number."""
    found: set[str] = set()
    for match in _NUMBERED.finditer(text):
        marks = match.start() == 0 and _MARKS_BEHIND.match(text, match.end())
        if not marks and not _is_of_procedures(text, match):
            for first, last in _SPAN.findall(match["numbers"]):
                found |= {str(number) for number in range(int(first), int(last or first) + 1)}
    for pattern in (_LETTERED, _UNNUMBERED):
        found |= {_ANY for match in pattern.finditer(text) if not _is_of_procedures(text, match)}
    return found


def _is_of_procedures(text: str, match: re.Match[str]) -> bool:
    """Whether "Group 1" is one of procedure codes: "CPT codes in Group 1", "Group 1 procedure codes"."""
    before = text[max(0, match.start() - _NEAR) : match.start()]
    if _PROCEDURES_BEHIND.match(text, match.end()) or _PROCEDURES_IN.search(before):
        return True
    return bool(_PROCEDURES_LISTED_IN.search(before) and not _ABOUT_DIAGNOSES.search(before))
