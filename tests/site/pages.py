"""Pages to publish: the sample page under another code, or with a claim that says something else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.data import Page, Statement
from pipeline.publishing import LOCK_NAME, Published, Ready, Site, publish_pages
from tests.page.sample import sample_page

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
AGAIN = datetime(2026, 5, 3, 8, tzinfo=UTC)


def page_of(code: str = "20970") -> Page:
    """The sample page as that of a code."""
    return sample_page().model_copy(update={"hcpcs_code": code})


def first_statement(page: Page) -> Statement:
    """The first statement of the first section."""
    return page.sections[0].statements[0]


def with_text(page: Page, text: str) -> Page:
    """The page with the first statement of its first section saying something else, under the same ids."""
    statement = first_statement(page)
    claim = statement.claims[0].model_copy(update={"text": text})
    changed = statement.model_copy(update={"text": text, "claims": (claim, *statement.claims[1:])})
    return _with_first(page, (changed,))


def with_claim(page: Page, *, name: str, subject: str, text: str = "") -> Page:
    """The page with its first claim under another id and subject, and maybe in other words; nothing derives from it."""
    page = with_text(page, text or first_statement(page).claims[0].text)
    statement = first_statement(page)
    claim = statement.claims[0]
    renamed = claim.model_copy(update={"id": name, "subject": subject})
    changed = statement.model_copy(update={"claims": (renamed, *statement.claims[1:])})
    verdicts = page.verdicts | {name: page.verdicts[claim.id]}
    return _with_first(without_first(page).model_copy(update={"verdicts": verdicts}), (changed,), replacing=0)


def without_first(page: Page) -> Page:
    """The page without that statement, nor what derives from it."""
    gone = {claim.id for claim in first_statement(page).claims}
    sections = tuple(
        section.model_copy(
            update={"statements": tuple(s for s in section.statements if s.derived_from not in gone)}
        )
        for section in page.sections
    )
    return _with_first(page.model_copy(update={"sections": sections}), ())


def _with_first(page: Page, statements: tuple[Statement, ...], *, replacing: int = 1) -> Page:
    first = page.sections[0]
    kept = first.model_copy(update={"statements": (*statements, *first.statements[replacing:])})
    return page.model_copy(update={"sections": (kept, *page.sections[1:])})


def site_at(folder: Path) -> Site:
    """A site in the folder."""
    return Site(root=folder / "outputs", name="Test site")


def publish(site: Site, *pages: Page, now: datetime = NOW, by: str = "A. Coder", **more) -> Published:
    """Publish the pages as the current ones of their codes."""
    return publish_pages([Ready(page) for page in pages], site, approve=lambda _: by, now=now, **more)


def files_of(root: Path) -> dict[str, bytes]:
    """Every file under a folder but the lock, by its path there."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != LOCK_NAME
    }
