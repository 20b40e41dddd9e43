"""The change feed: an Atom entry for each publication, the newest first."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as xml

from pipeline.page.text import visible
from pipeline.review.publish import Publication, page_name
from pipeline.selector import code_system
from pipeline.site.corrections import Correction

FEED = "feed.xml"
ENTRIES = 100
"""More than these, the newest, a feed does not hold; the log has them all."""

_ATOM = "http://www.w3.org/2005/Atom"
_SPACE = uuid.UUID("6f6b5ad2-5f0c-4d0e-9d1b-0e3a1f6f2c11")  # of our own ids; any fixed one will do
_SAID = {"published": "published", "rolled_back": "rolled back", "unpublished": "taken down"}
_IN_ENTRY = 20


def render_feed(
    log: Sequence[Publication], corrections: Sequence[Correction], *, site_name: str, up: frozenset[str]
) -> str:
    """The feed as XML. `log` is not empty and oldest first; `up` are the folders of pages that are published now.

    Ids are made of the code and the place in the log, so that they stay what they are.
    """
    root = xml.Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _text(root, "title", f"{site_name}: changes to procedure code pages")
    _text(root, "id", _urn("feed", site_name))
    _text(root, "updated", max(one.published_at for one in log).isoformat())
    xml.SubElement(root, "link", rel="self", type="application/atom+xml", href=FEED)
    xml.SubElement(root, "link", rel="alternate", type="text/html", href="index.html")
    _text(xml.SubElement(root, "author"), "name", site_name)
    by_publication: dict[tuple[str, str], list[Correction]] = {}
    for one in corrections:
        by_publication.setdefault(
            (page_name(one.hcpcs_code, one.as_of), one.published_at.isoformat()), []
        ).append(one)
    numbered: list[tuple[str, Publication]] = []
    seen: Counter[str] = Counter()
    for publication in log:
        seen[publication.name] += 1
        numbered.append((_urn("entry", publication.name, str(seen[publication.name])), publication))
    for urn, publication in reversed(numbered[-ENTRIES:]):
        found = by_publication.get((publication.name, publication.published_at.isoformat()), [])
        _entry(root, urn, publication, found, up)
    xml.indent(root, space=" ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"


def _entry(
    root: xml.Element, urn: str, publication: Publication, found: Sequence[Correction], up: frozenset[str]
) -> None:
    entry = xml.SubElement(root, "entry")
    dated = f" for services on {publication.as_of}" if publication.as_of else ""
    named = f"{code_system(publication.hcpcs_code)} {publication.hcpcs_code}{dated}"
    _text(entry, "title", f"{named} {_SAID[publication.kind]}")
    _text(entry, "id", urn)
    _text(entry, "updated", publication.published_at.isoformat())
    href = f"{publication.name}/page.html" if publication.name in up else "corrections.html"
    xml.SubElement(entry, "link", rel="alternate", type="text/html", href=href)
    _text(entry, "summary", _summary(publication, found))


def _summary(publication: Publication, found: Sequence[Correction]) -> str:
    signed = "not reviewed by a person" if publication.unreviewed else f"approved by {publication.reviewer}"
    if publication.kind == "unpublished":
        signed = f"by {publication.reviewer}"
    parts = [signed, publication.reason]
    claims = [one for one in found if one.claim_id]
    parts += [f"“{one.said}” → {f'“{one.says}”' if one.says else 'withdrawn'}" for one in claims[:_IN_ENTRY]]
    if len(claims) > _IN_ENTRY:
        parts.append(f"{len(claims) - _IN_ENTRY} more corrections")
    return "; ".join(filter(None, parts))


def _urn(*parts: str) -> str:
    return uuid.uuid5(_SPACE, "/".join(parts)).urn


def _text(parent: xml.Element, tag: str, text: str) -> None:
    xml.SubElement(parent, tag).text = visible(text)
