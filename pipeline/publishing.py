"""Publishing, taking down and rolling back pages, with the log, the corrections and the site that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from pipeline.changes.diff import ledger_sha256
from pipeline.data import Page, Record
from pipeline.errors import PublishError, SourceError, UsageError
from pipeline.page.files import PAGE_FILES, render_files
from pipeline.page.ledger import load_ledger
from pipeline.review.publish import LOG_NAME, Publication, page_name, published_now, read_log
from pipeline.review.swap import FolderChange, folder_change
from pipeline.site.build import build_site, copy_site
from pipeline.site.corrections import CORRECTIONS_LOG, page_corrections, page_withdrawn
from pipeline.store import exclusive_lock, file_hashes, holds_files
from pipeline.verify.mentions import mark_mentions

LOCK_NAME = ".publish.lock"
_REASONS = 5  # that a message lists
UNREVIEWED = "Starter content: no person has reviewed this page yet"

# Who approved this very page; raises PublishError where nobody did.
Approve = Callable[[Page], str]


class Site(Record):
    """Where pages are published: the folder, what the site is called, how long to wait for another process there."""

    root: Path
    name: str
    wait_s: float = 0

    @property
    def lock(self) -> Path:
        """In the folder itself, so that it keeps apart whoever publishes there, from whatever state folder."""
        return self.root / LOCK_NAME


class Ready(NamedTuple):
    """A page to be published. `dated`: its date of service was asked for, so that it stands apart."""

    page: Page
    dated: bool = False


class Published(Record):
    """What became of the pages, in their order: those that went out, and the folders of those that were up already.

    `held` says by folder why a page stayed behind.
    """

    publications: tuple[Publication, ...]
    unchanged: tuple[str, ...] = ()
    held: dict[str, str] = Field(default_factory=dict)


def publish_pages(
    ready: Iterable[Ready],
    site: Site,
    *,
    approve: Approve,
    now: datetime,
    kind: Literal["published", "rolled_back"] = "published",
    reason: str = "",
    unreviewed: bool = False,
    hold_back: bool = False,
) -> Published:
    """Publish all of the pages or none, log them and what they correct, and bring the site up to date.

    A page that is up with these very words is passed over, unless it was unreviewed and now somebody signs for it.
    `hold_back`: pages that nobody approved stay behind instead of all, where others need not.

    Raises PublishError, which names what keeps the run back, StateError, SourceError for a damaged log.
    """
    done: list[Publication] = []
    unchanged: list[str] = []
    held: dict[str, str] = {}
    with _changing(site) as (change, log):
        up = published_now(log)
        for page, dated in ready:
            name = page_name(page.hcpcs_code, page.as_of if dated else None)
            if any(one.name == name for one in done):
                raise UsageError(f"{name} is to be published twice; name each page once")
            contents = render_files(
                page,
                site_name=site.name,
                home="../" * (name.count("/") + 1),
                note=UNREVIEWED if unreviewed else "",
            )
            hashes = file_hashes(contents)
            if _is_up(up.get(name), hashes, site.root / name, unreviewed=unreviewed):
                unchanged.append(name)
                continue
            try:
                if unreviewed and name in up and not up[name].unreviewed:
                    raise PublishError(
                        f"the page {name} that is up was reviewed; publish it without --unreviewed"
                    )
                signed = _signed(approve(page), page.hcpcs_code, unreviewed=unreviewed)
            except (PublishError, SourceError) as error:
                held[name] = str(error)
                continue
            publication = Publication(
                kind=kind,
                hcpcs_code=page.hcpcs_code,
                as_of=page.as_of if dated else None,
                sha256=hashes,
                fingerprint=page.fingerprint,
                reviewer=signed,
                reason=reason.strip(),
                unreviewed=unreviewed,
                published_at=now,
            )
            change.place(name, contents)
            change.append(LOG_NAME, publication.model_dump_json())
            old = _published_page(site.root / name) if name in up else None
            for one in page_corrections(old, page, publication, mark=mark_mentions) if old else ():
                change.append(CORRECTIONS_LOG, one.model_dump_json())
            done.append(publication)
        if held and not (hold_back and (done or unchanged)):
            raise PublishError(_kept_back(held))
    return Published(publications=tuple(done), unchanged=tuple(unchanged), held=held)


def unpublish_pages(
    codes: Sequence[str],
    site: Site,
    *,
    reviewer: str,
    reason: str,
    now: datetime,
    as_of: date | None = None,
) -> list[Publication]:
    """Take down all pages of the codes, or with `as_of` the ones for that date of service, and log each.

    Raises PublishError without a name or a reason, UsageError for a code of which no page is up, StateError.
    """
    signed = _signed(reviewer, ", ".join(dict.fromkeys(codes)), unreviewed=False)
    if not reason.strip():
        raise PublishError("a page is taken down for a reason that readers are told; give --reason TEXT")
    with _changing(site) as (change, log):
        up = published_now(log)
        done = [
            Publication(
                kind="unpublished",
                hcpcs_code=one.hcpcs_code,
                as_of=one.as_of,
                sha256={},
                fingerprint=one.fingerprint,
                reviewer=signed,
                reason=reason.strip(),
                published_at=now,
            )
            for code in dict.fromkeys(codes)
            for one in _pages_of(code, up, as_of)
        ]
        for publication in done:
            change.drop(publication.name)
            change.append(LOG_NAME, publication.model_dump_json())
            change.append(CORRECTIONS_LOG, page_withdrawn(publication).model_dump_json())
    return done


def roll_back(page: Page, site: Site, *, reviewer: str, reason: str, now: datetime) -> Published:
    """Publish an earlier revision of a page again. Raises PublishError for one that was never out as reviewed."""
    if not reason.strip():
        raise PublishError("a page is rolled back for a reason that readers are told; give --reason TEXT")
    ledger = ledger_sha256(page)
    if not any(
        one.hcpcs_code == page.hcpcs_code
        and one.as_of is None
        and not one.unreviewed
        and one.sha256.get(PAGE_FILES[-1]) == ledger
        for one in read_log(site.root)
    ):
        raise PublishError(
            f"revision {ledger[:12]} of {page.hcpcs_code} was never published as reviewed; only what "
            f"was approved once is rolled back to. {LOG_NAME} names those that were, by the SHA-256 of {PAGE_FILES[-1]}"
        )
    return publish_pages(
        [Ready(page)],
        site,
        approve=lambda _: reviewer,
        now=now,
        kind="rolled_back",
        reason=reason,
    )


def finish_publishing(site: Site, *, to: Path | None = None) -> int:
    """Carry an interrupted publication to its end, bring the site's files up to date, make `to` the same site.

    The number of files written to `to`. Raises UsageError where there is no site to copy, StateError.
    """
    with _changing(site) as (_, log):
        build_site(site.root, site_name=site.name)
        if to is None:
            return 0
        inside = site.root.resolve()
        target = to.resolve()
        if target == inside or inside in target.parents or target in inside.parents:
            raise UsageError(
                f"{to} lies in, or around, {site.root}, where the site is made; choose a folder elsewhere"
            )
        if not log:
            raise UsageError(f"nothing was ever published to {site.root}; `briefwright publish CODES` first")
        return copy_site(site.root, to)


@contextmanager
def _changing(site: Site) -> Iterator[tuple[FolderChange, list[Publication]]]:
    """A change of the site under its lock, with the log as it stands before."""
    finish = partial(build_site, site_name=site.name)
    with (
        exclusive_lock(site.lock, what="publishing", timeout_s=site.wait_s),
        folder_change(site.root, finish=finish) as change,
    ):
        yield change, read_log(site.root)


def _kept_back(held: Mapping[str, str]) -> str:
    reasons = list(dict.fromkeys(held.values()))
    more = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return "; ".join(reasons[:_REASONS]) + more


def _signed(reviewer: str, codes: str, *, unreviewed: bool) -> str:
    name = " ".join(reviewer.split())
    if not name and not unreviewed:
        raise PublishError(f"{codes}: a page is published under a reviewer's name; give --reviewer NAME")
    return name


def _is_up(last: Publication | None, hashes: Mapping[str, str], folder: Path, *, unreviewed: bool) -> bool:
    """Whether the same files are there, approved at least as well."""
    if last is None or last.sha256 != hashes or (last.unreviewed and not unreviewed):
        return False
    return holds_files(folder, hashes)


def _pages_of(code: str, up: Mapping[str, Publication], as_of: date | None) -> list[Publication]:
    found = [one for one in up.values() if one.hcpcs_code == code and (as_of is None or one.as_of == as_of)]
    if not found:
        dated = f" for services on {as_of}" if as_of else ""
        raise UsageError(f"no page of {code}{dated} is published; `briefwright status` lists those that are")
    return found


def _published_page(folder: Path) -> Page | None:
    """What is up; None where its ledger cannot be read: the publication is its mending."""
    try:
        return load_ledger((folder / PAGE_FILES[-1]).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SourceError):
        return None
