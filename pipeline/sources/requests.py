"""What is asked to be added to the documents, and what is said of it, checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pydantic import ValidationError

from pipeline.data import Applicability, Authority, Record
from pipeline.errors import SourceError, UsageError
from pipeline.selector import parse_code, parse_range
from pipeline.sources.documents import Description
from pipeline.sources.registry import UserSource

SCHEMES = ("https://", "http://")
_LONGEST_NAME = 300
_PAYER_SCOPE = "Medicare FFS"
_NOT_IN_ADDRESSES = frozenset(' "<>\\^`{|}')


class AddRequest(Record):
    """What is asked to be added: a path or a web address, and what is said of it; see `data.SourceDocument`.

    `known` is the key of a publisher of the registry, which fills in what is empty. `applies_to`: "20610, 29880-29881".
    `replace`: it may take the place of a held one that was described otherwise; see `documents.check_fits`.
    """

    source: str
    title: str
    edition: str
    known: str = ""
    publisher: str = ""
    authority: str = ""
    licence: str = ""
    url: str = ""
    payer_scope: str = ""
    effective_from: date | None = None
    applies_to: str = ""
    replace: bool = False


def read_manifest(path: Path) -> list[AddRequest]:
    """The requests of a TOML file, one `[[document]]` each with `file` or `url` and the options of `sources add`.

    Paths count from the manifest's folder. Raises SourceError naming the entry at fault.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("document", [])
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: cannot be read as a manifest ({error})") from error
    if not isinstance(entries, list) or not entries:
        raise SourceError(f"{path}: expected [[document]] entries, found none")
    requests = []
    for number, entry in enumerate(entries, 1):
        where = f"{path}: [[document]] {number}"
        if not isinstance(entry, dict) or (("file" in entry) and not isinstance(entry["file"], str)):
            raise SourceError(f"{where}: expected a table with file or url, title and edition")
        fields = dict(entry)
        source = str(path.parent / fields.pop("file")) if "file" in fields else str(fields.get("url", ""))
        if "from" in fields:
            fields["known"] = fields.pop("from")
        try:
            requests.append(AddRequest.model_validate({**fields, "source": source}))
        except ValidationError as error:
            first = error.errors()[0]
            raise SourceError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        if not source:
            raise SourceError(f"{where}: expected file or url")
    return requests


def describe(request: AddRequest, publishers: Mapping[str, UserSource], *, today: date) -> Description:
    """What is said of the document, checked: it stands on pages. Blanks are made even. Raises UsageError."""
    brought = _brought(request, publishers)
    publisher = request.publisher or (brought.publisher if brought else "")
    authority = request.authority or (brought.authority if brought else "educator")
    licence = request.licence or (brought.licence if brought else "not stated")
    is_address = request.source.startswith(SCHEMES)
    url = request.url or (request.source if is_address else brought.url if brought else "")
    if authority not in list(Authority):
        raise UsageError(f"{authority!r} is not an authority; expected one of {', '.join(Authority)}")
    payer_scope = request.payer_scope
    if not payer_scope and authority == Authority.LOCAL_COVERAGE:
        raise UsageError(
            "--payer-scope is missing: local coverage binds one contractor's area; name it, as in "
            "'Medicare FFS, Invented Administrators, jurisdiction X'"
        )
    named = {
        "--publisher": publisher,
        "--title": request.title,
        "--edition": request.edition,
        "--licence": licence,
        "--payer-scope": payer_scope or _PAYER_SCOPE,
    }
    for option, value in named.items():
        if not value.strip() or not value.isprintable() or len(value) > _LONGEST_NAME:
            raise UsageError(
                f"{option} {value!r:.60} cannot stand on a page; give 1 to {_LONGEST_NAME} printable characters"
            )
    if url and not (
        url.startswith(SCHEMES) and url.isprintable() and not _NOT_IN_ADDRESSES.intersection(url)
    ):
        raise UsageError(f"{url!r:.100} is not a web address; expected one that begins with https://")
    return Description(
        publisher=_even(named["--publisher"]),
        title=_even(named["--title"]),
        edition=_even(named["--edition"]),
        authority=Authority(authority),
        licence=_even(named["--licence"]),
        url=url,
        payer_scope=_even(named["--payer-scope"]),
        valid_from=request.effective_from or today,
        applies_to=parse_applies_to(request.applies_to),
        quote_words=brought.quote_words if brought else 0,
        page_words=brought.page_words if brought else 0,
    )


def parse_applies_to(text: str) -> Applicability:
    """Codes and ranges, separated by commas or blanks: "20610, 29880-29881". Raises UsageError."""
    parts = text.replace(",", " ").split()
    return Applicability(
        codes=tuple(parse_code(part) for part in parts if "-" not in part),
        ranges=tuple(parse_range(part) for part in parts if "-" in part),
    )


def _even(words: str) -> str:
    return " ".join(words.split())


def _brought(request: AddRequest, known: Mapping[str, UserSource]) -> UserSource | None:
    key = request.known
    if not key:
        return None
    if key not in known:
        raise UsageError(
            f"--from {key!r:.40} is no publisher of the registry; expected one of {', '.join(known)}"
        )
    if request.publisher and request.publisher != known[key].publisher:
        raise UsageError(f"--from {key} is of {known[key].publisher}; leave out --publisher, or --from")
    return known[key]
