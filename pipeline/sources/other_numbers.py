"""Numbers in the form of a HCPCS code that a text says are something else: documents, addresses, counts, diagnoses."""

from __future__ import annotations

import re

_DASH = r"\s?[-‐‑–—]\s?"
_NUMBER = r"(?:[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4})\b"

# What a number is of, before it, in any case; not a section that begins a range, as CPT has sections of its own.
_OF = (
    r"box",
    r"change\s+requests?(?:\s*\(CRs?\))?",
    r"fax",
    r"fed(?:eral|\.)?\s+reg(?:ister)?",
    r"forms?(?:\s+(?:CMS|HHS|SSA))?",
    r"LCD",
    r"orders?(?=\s*#)",
    r"pages?",
    r"patents?",
    r"phone",
    r"pmid",
    r"pp?(?=\.)",
    r"revenue\s+codes?",
    r"rfc",
    r"sections?(?=\W+[0-9]{5}\b(?!\s?[-–—]))",
    r"tel(?:ephone)?",
    r"transmittals?",
    r"zip(?:\s+code)?",
)
# What has numbers of its own only where the text says "number": "claim #29881", but "a claim 29881 stands on".
_NUMBERED = "account case claim contract docket invoice policy"
# "May" is no month here, as it asks: "May 29881 be reported …?"
_MONTHS = "January February March April June July August September October November December"
_LABEL = "|".join(
    (
        *(f"[{word[0].upper()}{word[0]}](?i:{word[1:]})" for word in _OF),
        *(
            f"[{word[0].upper()}{word[0]}](?i:{word[1:]}s?)\\s*(?:#|(?i:nos?|numbers?)\\b)"
            for word in _NUMBERED.split()
        ),
        *(f"{word}|{word[:3]}" for word in _MONTHS.split()),
        r"Sept|CRs?|F\.?R|MM|Rev|USD|[Nn](?=\s?=)",
    )
)
_LABELLED = re.compile(
    rf"\b(?:{_LABEL})\.?\s{{0,3}}(?:(?i:nos?\b\.?|numbers?)|[#:=])?\s{{0,3}}{_NUMBER}(?:(?:{_DASH}|\s(?:and|&)\s){_NUMBER})*"
    rf"|[$€£§]\s+{_NUMBER}"
)

# What is counted, behind the number; where the text speaks of codes or lists them ("CPT 29881 claims", "29880 and 29881
# claims") it counts nothing. "29881 procedures", "20610 injections" and "29881 cases" are those of the code.
_COUNTED = re.compile(
    r"\b[0-9]{5}(?<!CPT .{5})(?<!HCPCS .{5})(?<!ode .{5})(?<!odes .{5})(?<![0-9], .{5})(?<![0-9] and .{5})"
    r"(?<![0-9] or .{5})(?<![-–—/].{5})\s+"
    r"(?:adults|beneficiaries|children|claims|days|dollars|enrollees|hours|members|men|miles|minutes|months|participants"
    r"|patients|people|percent|persons|physicians|providers|surgeons|units|women|years)\b(?!\s{0,3}[:=]?\s{0,3}[0-9])"
)

# ZIP codes behind a state, where their first digits are that state's: no addresses are "29880 OR 29881", "CT 70450" and
# "Smith, MD 29881". IN and OR, being words, need a comma besides.
_ZIP = re.compile(
    r"(?:\b[A-Z][A-Za-z.]{1,20}\s+(?!IN|OR)|[A-Za-z.],\s*)(?:(?:CT|MA|ME|NH|NJ|RI|VT)\s+0|(?:DE|NY|PA)\s+1|(?:DC|D\.C\.)\s+20"
    r"|MD\s+2[01]|VA\s+2[0-4]|WV\s+2[4-6]|NC\s+2[78]|SC\s+29|(?:AL|FL|GA|MS|TN)\s+3|(?:IN|KY|MI|OH)\s+4"
    r"|(?:IA|MN|MT|ND|SD|WI)\s+5|(?:IL|KS|MO|NE)\s+6|(?:AR|LA|OK|TX)\s+7|(?:AZ|CO|ID|NM|NV|UT|WY)\s+8"
    r"|(?:AK|CA|HI|OR|WA)\s+9)[0-9]{3,4}\b"
)

# Diagnoses without their dot, named as such: behind the words, in a list.
_ICD_9 = r"[0-9EV][0-9]{3,4}\b(?!\.[0-9])"
_ICD_10 = r"[A-Z][0-9][0-9A-Z]{2,5}\b(?!\.[0-9])"
_AND = rf"(?:{_DASH}|\s*[,/&]\s*|,?\s+(?:and|or|to|through)\s+)"
_OF_CODES = r"(?:\s+(?i:diagnos[ie]s))?(?:\s+(?i:codes?))?\s{0,3}[:(]?\s{0,3}"
_DIAGNOSES = re.compile(
    rf"\bICD-?\s?9(?:-?\s?CM)?{_OF_CODES}{_ICD_9}(?:{_AND}{_ICD_9})*"
    rf"|\b(?:ICD-?\s?10(?:-?\s?CM)?{_OF_CODES}|[Dd](?i:iagnos[ie]s)(?:\s+(?i:codes?)(?:\s?:)?|:)\s{{0,3}}|D[xX]:?\s+)"
    rf"{_ICD_10}(?:{_AND}{_ICD_10})*"
)
# M1000 to M1425 are measures of quality; where a text speaks of diagnoses, rather gout and its kin (M10.00 to M14.89).
_GOUT = re.compile(r"\bM1[0-4][0-9]{2}\b")
_SPEAKS_OF_DIAGNOSES = re.compile(r"\bICD|[Dd](?i:iagnos)|\b[A-TV-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,4}\b")


def without_other_numbers(text: str) -> str:
    """The text with `;` in the place of such numbers; offsets change."""
    for pattern in (_LABELLED, _COUNTED, _ZIP, _DIAGNOSES):
        text = pattern.sub(";", text)
    return _GOUT.sub(";", text) if _GOUT.search(text) and _SPEAKS_OF_DIAGNOSES.search(text) else text
