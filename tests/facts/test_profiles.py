"""Code profiles: the composed sentences, and everything the loader refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.facts.profiles import (
    CATEGORIES,
    REGIONS,
    TAGS,
    compose_summary,
    describe_difference,
    load_profiles,
)

STARTER = Path(__file__).parents[2] / "sources" / "starter" / "codes.toml"
FILE = """\
[10001]
category = "Nerve"
region = "knee"
family = "invented"
tags = ["open", "knee"]
[10001.attributes]
action = "frees"
tissue = "an invented nerve"
site = "at the knee"
approach = "by open surgery"

[10002]
category = "Nerve"
region = "knee"
family = "invented"
tags = ["knee", "endoscopic"]
[10002.attributes]
action = "frees"
tissue = "an invented nerve"
site = "at the knee"
approach = "through an endoscope"
scope = "counting included"

[10003]
category = "Hardware removal"
region = "any site"
family = "another"
tags = ["any-site"]
related = ["10001"]
[10003.attributes]
action = "removes"
tissue = "an invented peg"
examples = "a wooden one"
"""


def _load(tmp_path: Path, old: str = "", new: str = "") -> object:
    assert old in FILE
    path = tmp_path / "codes.toml"
    path.write_text(FILE.replace(old, new, 1) if old else FILE, encoding="utf-8")
    return load_profiles(path)


def test_summary_and_differences_are_composed(tmp_path: Path) -> None:
    path = tmp_path / "codes.toml"
    path.write_text(FILE, encoding="utf-8")
    profiles = load_profiles(path)
    assert list(profiles) == ["10001", "10002", "10003"]
    assert (
        profiles["10002"].summary
        == "Frees an invented nerve at the knee through an endoscope, counting included."
    )
    assert profiles["10003"].summary == "Removes an invented peg (for example a wooden one)."
    assert profiles["10002"].tags == ("endoscopic", "knee")
    assert profiles["10002"].locator == "codes.toml [10002]"
    assert profiles["10001"].siblings == {
        "10002": "technique: through an endoscope (this code: by open surgery); "
        "scope: counting included (this code: not named).",
        "10003": "another service: removes an invented peg (for example a wooden one).",
    }
    assert profiles["10003"].siblings.keys() == {"10001"}


def test_equal_attributes_have_no_difference() -> None:
    phrases = {"action": "frees", "tissue": "a nerve"}
    assert describe_difference(phrases, dict(phrases)) == ""
    assert compose_summary(phrases) == "Frees a nerve."


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"a wooden one"', '"a wooden one"\n[1001]\nregion = "knee"', r"\[1001\]: expected a code of five"),
        (
            'category = "Nerve"',
            'category = "Nerves"',
            r"\[10001\]: category: expected one of .*found 'Nerves'",
        ),
        ('region = "knee"', 'region = "leg"', r"\[10001\]: region: expected one of .*found 'leg'"),
        ('"open", "knee"', '"opne", "knee"', r"\[10001\]: tags: 'opne' is not in the vocabulary"),
        ('"open", "knee"', '"open", "hip"', r"\[10001\]: tags: expected knee for the region 'knee'"),
        ('"open", "knee"', '"open", "knee", "open"', r"\[10001\]: tags: expected each tag once"),
        (
            'action = "frees"',
            'verb = "frees"',
            r"\[10001\]: attributes: expected one of action.*found 'verb'",
        ),
        ('tissue = "an invented nerve"', "", r"\[10001\]: attributes: expected 'tissue'"),
        ('"at the knee"', '"at the knee."', r"\[10001\]: attributes.site: expected a phrase"),
        ('"at the knee"', '" "', r"\[10001\]: attributes.site: expected a phrase"),
        ('family = "invented"', 'famly = "invented"', r"\[10001\]: fam"),
        ('tags = ["open", "knee"]', "tags = 5", r"\[10001\]: tags: .*found 5"),
        ('related = ["10001"]', 'related = ["10009"]', r"\[10003\]: related: expected another code"),
        ('related = ["10001"]', 'related = ["10003"]', r"\[10003\]: related: expected another code"),
        (
            'region = "any site"\nfamily = "another"',
            'region = "any site"\nfamily = "invented"',
            "of the same family",
        ),
        (
            'approach = "through an endoscope"\nscope = "counting included"',
            'approach = "by open surgery"',
            "expected something that tells it from 10002",
        ),
        ('category = "Nerve"', "category = ", "cannot be read as TOML"),
    ],
)
def test_a_broken_profile_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        _load(tmp_path, old, new)
    assert "codes.toml" in str(caught.value)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        load_profiles(tmp_path / "codes.toml")


def test_starter_profiles_are_whole() -> None:
    profiles = load_profiles(STARTER)
    assert len(profiles) == 54
    assert {profile.category for profile in profiles.values()} == CATEGORIES
    assert {profile.region for profile in profiles.values()} == REGIONS.keys()
    assert {tag for profile in profiles.values() for tag in (profile.tags or ())} <= TAGS
    assert len({profile.summary for profile in profiles.values()}) == 54


def test_siblings_name_each_other_and_agree() -> None:
    profiles = load_profiles(STARTER)
    for code, profile in profiles.items():
        for sibling in profile.siblings:
            assert code in profiles[sibling].siblings
            if profiles[sibling].family == profile.family:
                assert profiles[sibling].category == profile.category
                assert profiles[sibling].region == profile.region


@pytest.mark.parametrize(
    ("code", "must", "must_not"),
    [
        ("20956", ("without skin", "iliac crest"), ("overlying",)),
        ("20970", ("overlying skin", "iliac crest", "magnification"), ("without skin",)),
        ("20962", ("other than the fibula, the iliac crest or a metatarsal",), ("overlying", "great toe")),
        ("20969", ("other than the iliac crest, a metatarsal or the great toe",), ("without skin", "fibula")),
        ("29880", ("both the medial and the lateral",), (" or the lateral",)),
        ("29881", ("the medial or the lateral side but not on both",), ()),
        ("27486", ("one component",), ("femoral",)),
        ("27487", ("the femoral and the whole tibial component",), ()),
        ("25607", ("outside the joint",), ("into the joint", "three")),
        ("25609", ("into the joint", "three or more"), ("outside",)),
        ("22612", ("posterior or posterolateral", "lumbar"), ("between the vertebral bodies", "interbody")),
        ("22630", ("between the vertebral bodies", "posterior", "lumbar"), ("posterolateral",)),
        ("22633", ("posterolateral", "combined", "between the vertebral bodies"), ()),
        ("20936", ("own bone", "same incision"), ("donor",)),
        ("20930", ("donor bone", "small pieces"), ("own bone",)),
        ("20610", ("large joint", "no ultrasound"), ("medium",)),
        ("20611", ("large joint", "under ultrasound"), ("without", "no ultrasound")),
    ],
)
def test_the_word_that_makes_the_code_is_in_its_summary(
    code: str, must: tuple[str, ...], must_not: tuple[str, ...]
) -> None:
    summary = load_profiles(STARTER)[code].summary
    assert all(words in summary for words in must)
    assert not any(words in summary for words in must_not)
