"""Our own classification of codes: taxonomy, attributes, and the sentences composed from them.

A profile file is TOML, one table a code:

    [20970]
    category = "Bone and flap grafts"      # what kind of service; one of CATEGORIES
    region = "any site"                    # where it is done; one of REGIONS
    family = "free vascularized grafts"    # codes to be told apart; members share category and region
    tags = ["flap-graft", "any-site"]      # what notes select by; from TAGS
    related = ["20900"]                    # optional: near codes of another family; read both ways
    [20970.attributes]                     # short phrases in our own words, see ATTRIBUTES
    action = "transfers"
    tissue = "living bone"

A tag holds for the code's service, or for one of the alternatives that the code names; a component that may be
missing ("with or without", "when done") gets no tag. Global days and payment status are facts, not profiles. No CPT
descriptor is stored anywhere: the summary is composed from the attributes, and so is the difference between
two codes, so that sibling pages cannot contradict each other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import Field, ValidationError

from pipeline.data import CodeProfile, Currency, Fact, HcpcsCode, Record, RowEvidence
from pipeline.errors import SourceError
from pipeline.identity import evidence_id

CLASSIFIED_FROM = date(2026, 1, 1)  # the edition of CPT that the profiles were written for
CATEGORIES = frozenset(
    {
        "Arthroscopy",
        "Bone and flap grafts",
        "Foot and toe correction",
        "Fracture care",
        "Hardware removal",
        "Injections",
        "Joint replacement",
        "Nerve",
        "Spinal surgery",
        "Tendon and soft tissue",
    }
)
# Each region with the tags of which a code of that region carries at least one.
REGIONS: dict[str, frozenset[str]] = {
    "any site": frozenset({"any-site"}),
    "shoulder": frozenset({"shoulder"}),
    "upper arm and elbow": frozenset({"upper-arm", "elbow"}),
    "wrist and hand": frozenset({"hand-wrist"}),
    "spine": frozenset({"spine"}),
    "hip": frozenset({"hip"}),
    "knee": frozenset({"knee"}),
    "ankle": frozenset({"ankle"}),
    "foot": frozenset({"foot"}),
}
# By what they speak of. `autograft` and `allograft` are said of grafts without a blood supply of their own.
_TAG_GROUPS = {
    "approach": "open arthroscopic endoscopic percutaneous closed-treatment injection",
    "region": (
        "shoulder elbow upper-arm hand-wrist hip knee ankle foot spine cervical lumbar any-site lower-leg thigh"
    ),
    "graft": (
        "bone-graft flap-graft skin-component donor-fibula donor-iliac-crest donor-metatarsal donor-great-toe "
        "donor-other spinal-graft morselized allograft autograft microsurgery"
    ),
    "spine": (
        "arthrodesis decompression interbody instrumentation anterior-approach posterior-approach discectomy "
        "laminectomy laminotomy"
    ),
    "joint and bone": (
        "arthroplasty primary-arthroplasty revision-arthroplasty fracture-care internal-fixation intramedullary "
        "implant-removal osteotomy bunionectomy hammertoe"
    ),
    "soft tissue": (
        "rotator-cuff biceps tendon meniscectomy synovectomy loose-body ligament-reconstruction capsulorrhaphy "
        "subacromial-decompression nerve-decompression carpal-tunnel trigger-finger"
    ),
    "endoscopy": "diagnostic-endoscopy surgical-arthroscopy",
    "needle": "joint-injection tendon-sheath-injection ultrasound-guided without-ultrasound",
    "coding": "add-on separate-procedure",
}
TAGS = frozenset(tag for group in _TAG_GROUPS.values() for tag in group.split())
# In the order of the sentence, each with the word that labels it where two codes are set against each other.
ATTRIBUTES = {
    "action": "action",
    "tissue": "structure",
    "site": "site",
    "examples": "examples",
    "approach": "technique",
    "extent": "extent",
    "scope": "scope",
}
_REQUIRED = ("action", "tissue")
_AFTER_COMMA = ("extent", "scope")
_CONTRASTS = 3


class _Entry(Record):
    category: str
    region: str
    family: str = Field(min_length=1)
    tags: tuple[str, ...]
    related: tuple[HcpcsCode, ...] = ()
    attributes: dict[str, str]


def compose_summary(attributes: Mapping[str, str]) -> str:
    """One sentence from a code's attributes: extent and scope follow after commas, examples in parentheses."""
    phrases = {**attributes}
    if "examples" in phrases:
        phrases["examples"] = f"(for example {phrases['examples']})"
    head = " ".join(phrases[name] for name in ATTRIBUTES if name in phrases and name not in _AFTER_COMMA)
    sentence = ", ".join([head, *(phrases[name] for name in _AFTER_COMMA if name in phrases)])
    return f"{sentence[0].upper()}{sentence[1:]}."


def _named(attributes: Mapping[str, str], name: str) -> str:
    return attributes.get(name, "not named").rstrip(",")


def describe_difference(here: Mapping[str, str], other: Mapping[str, str]) -> str:
    """How the other code differs from the one of this page; empty when all attributes agree.

    Where both do the same and at most three attributes differ, these are set against each other:
    `site: from the fibula (this code: from the iliac crest).`. Otherwise the other code's own sentence says
    more than a list of contrasts: `another service: revises one component of a total knee replacement.`.
    """
    differing = [name for name in ATTRIBUTES if here.get(name) != other.get(name)]
    if not differing:
        return ""
    if "action" in differing or len(differing) > _CONTRASTS:
        sentence = compose_summary(other)
        return f"another service: {sentence[0].lower()}{sentence[1:]}"
    contrasts = (
        f"{ATTRIBUTES[name]}: {_named(other, name)} (this code: {_named(here, name)})" for name in differing
    )
    return "; ".join(contrasts) + "."


def load_profiles(path: Path) -> dict[str, CodeProfile]:
    """Read a profile file; the result is sorted by code, each profile's siblings and tags too.

    Siblings are the other codes of the family and those named as related by either side. Raises SourceError
    naming file, code and expectation, also for a value outside the vocabularies above, for a family whose
    members differ in category or region, and for two siblings that no attribute tells apart.
    """
    try:
        tables = tomllib.loads(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as TOML ({error})") from error
    entries = {code: _read_entry(code, tables[code], path=path) for code in sorted(tables)}
    _refuse_split_families(entries, path=path)
    return {
        code: CodeProfile(
            hcpcs_code=code,
            category=entry.category,
            region=entry.region,
            family=entry.family,
            summary=compose_summary(entry.attributes),
            tags=tuple(sorted(entry.tags)),
            siblings=_siblings(code, entries, path=path),
            locator=f"{path.name} [{code}]",
        )
        for code, entry in entries.items()
    }


def unclassified(hcpcs_code: str) -> CodeProfile:
    """The profile of a code that no profile file names."""
    return CodeProfile(
        hcpcs_code=hcpcs_code, category="", region="", family="", summary="", tags=None, locator=""
    )


def _read_entry(code: str, table: object, *, path: Path) -> _Entry:
    where = f"{path}: [{code}]"
    if not re.fullmatch(r"[0-9A-Z][0-9]{3}[0-9A-Z]", code):
        raise SourceError(f"{where}: expected a code of five characters as the table's name")
    try:
        entry = _Entry.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(step) for step in first["loc"]) or "the table"
        raise SourceError(f"{where}: {name}: {first['msg']}, found {first['input']!r:.60}") from error
    if entry.category not in CATEGORIES:
        raise SourceError(
            f"{where}: category: expected one of {', '.join(sorted(CATEGORIES))}; found {entry.category!r}"
        )
    if entry.region not in REGIONS:
        raise SourceError(f"{where}: region: expected one of {', '.join(REGIONS)}; found {entry.region!r}")
    for tag in entry.tags:
        if tag not in TAGS:
            raise SourceError(
                f"{where}: tags: {tag!r} is not in the vocabulary; add it to TAGS or correct it"
            )
    if len(set(entry.tags)) < len(entry.tags):
        raise SourceError(f"{where}: tags: expected each tag once")
    if not REGIONS[entry.region] & set(entry.tags):
        wanted = " or ".join(sorted(REGIONS[entry.region]))
        raise SourceError(f"{where}: tags: expected {wanted} for the region {entry.region!r}")
    for name, phrase in entry.attributes.items():
        if name not in ATTRIBUTES:
            raise SourceError(f"{where}: attributes: expected one of {', '.join(ATTRIBUTES)}; found {name!r}")
        if not phrase.strip() or phrase != phrase.strip() or phrase.endswith("."):
            raise SourceError(
                f"{where}: attributes.{name}: expected a phrase, no blanks or full stop at its ends"
            )
    for name in _REQUIRED:
        if name not in entry.attributes:
            raise SourceError(f"{where}: attributes: expected {name!r}, without which there is no sentence")
    return entry


def _refuse_split_families(entries: Mapping[str, _Entry], *, path: Path) -> None:
    first: dict[str, str] = {}
    for code, entry in entries.items():
        head = entries[first.setdefault(entry.family, code)]
        for name in ("category", "region"):
            mine, theirs = getattr(entry, name), getattr(head, name)
            if mine != theirs:
                raise SourceError(
                    f"{path}: [{code}]: {name}: expected {theirs!r} as for {first[entry.family]} of the same "
                    f"family {entry.family!r}; found {mine!r}"
                )


def _siblings(code: str, entries: Mapping[str, _Entry], *, path: Path) -> dict[str, str]:
    entry = entries[code]
    for other in entry.related:
        if other not in entries or other == code:
            raise SourceError(
                f"{path}: [{code}]: related: expected another code of this file; found {other!r}"
            )
    found: dict[str, str] = {}
    for other, their in entries.items():
        near = their.family == entry.family or other in entry.related or code in their.related
        if other == code or not near:
            continue
        found[other] = describe_difference(entry.attributes, their.attributes)
        if not found[other]:
            raise SourceError(f"{path}: [{code}]: attributes: expected something that tells it from {other}")
    return found


def classification_row(profile: CodeProfile) -> RowEvidence:
    """Our classification of a code as a row of our own table; never shown as a CMS row."""
    fact = Fact(
        hcpcs_code=profile.hcpcs_code,
        field="classification",
        value=profile.summary,
        release="starter classification",
        valid_from=CLASSIFIED_FROM,
        locator=profile.locator,
    )
    return RowEvidence(
        id=evidence_id(fact.key, fact.value),
        fact=fact,
        currency=Currency.IN_FORCE,
        in_force_release=fact.release,
        level="classification",
    )
