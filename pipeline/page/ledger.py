"""The claim ledger as JSON: written, read back, described by a schema, and summed up for search engines."""

from __future__ import annotations

import json

from pydantic import JsonValue, ValidationError

from pipeline.data import Page, SourceUse
from pipeline.errors import SourceError
from pipeline.page.text import one_line, visible, web_link
from pipeline.selector import code_system

SCHEMA_VERSION: int = Page.model_fields["schema_version"].default
SCHEMA_ID = f"urn:briefwright:ledger:{SCHEMA_VERSION}"
"""What a ledger names as its schema, and the schema as its id."""
_MAPPINGS = ("evidence", "verdicts", "documents")


def dump_ledger(page: Page) -> str:
    """The page as `page.json`: its schema, then fields in model order, maps sorted by id, one blank of indent, UTF-8.

    Equal pages give equal text.
    """
    ordered = page.model_copy(
        update={
            name: {key: getattr(page, name)[key] for key in sorted(getattr(page, name))} for name in _MAPPINGS
        }
    )
    text = ordered.model_dump_json(indent=1)
    return f'{{\n "$schema": "{SCHEMA_ID}",{text.removeprefix("{")}\n'


def load_ledger(text: str) -> Page:
    """Read `page.json` back. Raises SourceError for other JSON, another schema version, or a damaged field."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"the page ledger is not JSON ({error}); regenerate the page") from error
    if not isinstance(fields, dict) or "schema_version" not in fields:
        raise SourceError("the page ledger names no schema_version; regenerate the page")
    if fields["schema_version"] != SCHEMA_VERSION:
        raise SourceError(
            f"the page ledger has schema version {fields['schema_version']!r}, this program reads "
            f"{SCHEMA_VERSION}; regenerate the page with this version"
        )
    fields.pop("$schema", None)
    try:
        return Page.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise SourceError(
            f"the page ledger is damaged at {where}: {first['msg']}; regenerate the page"
        ) from error


def ledger_schema() -> dict[str, JsonValue]:
    """JSON Schema (2020-12) of what `dump_ledger` writes."""
    schema = Page.model_json_schema(mode="serialization")
    named: dict[str, JsonValue] = {"$schema": {"const": SCHEMA_ID}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "properties": {**named, **schema["properties"]},
        "title": "Briefwright claim ledger",
    }


def json_ld(page: Page) -> dict[str, JsonValue]:
    """The page in schema.org terms: what it is about, when it was verified, what it cites."""
    return {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": f"{code_system(page.hcpcs_code)} {page.hcpcs_code}",
        "description": visible(one_line(page.summary.text)) if page.summary else "",
        "inLanguage": "en",
        "about": {
            "@type": "MedicalCode",
            "codeValue": page.hcpcs_code,
            "codingSystem": code_system(page.hcpcs_code),
        },
        "dateModified": page.verified_on.isoformat(),
        "version": page.fingerprint,
        "citation": [_cited(source) for source in page.sources],
    }


def _cited(source: SourceUse) -> JsonValue:
    cited: dict[str, JsonValue] = {
        "@type": "CreativeWork",
        "name": visible(source.title),
        "publisher": {"@type": "Organization", "name": visible(source.publisher)},
        "version": visible(source.edition),
    }
    if link := web_link(source.url):
        cited["url"] = link
    return cited
