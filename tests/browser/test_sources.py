"""Sources of documents: a journey with a site that changes, and pages that everybody can use."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from sources.tasks import work
from tests.browser.test_administration import is_accessible
from tests.cast import Cast
from tests.sources.factories import SourceFactory, SourceRunFactory
from tests.sources.scripted_site import ScriptedSite, serving

PATIENCE_MS = 20_000
SOURCES = "/i/law/sources/"
_TEXT = "Doctoral students have twenty-five days of leave in each year. "


@pytest.fixture
def school(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A site of two pages that may be read; workers are this test."""
    for module in ("sources.runs.starting", "sources.tasks"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", lambda _task: None)
    with serving(ScriptedSite()) as site:
        settings.OUTBOUND_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
        settings.OUTBOUND_PORTS = [site.port]
        settings.SOURCE_DELAY_S = 0.0
        site.put("/school/", f"<main><p>{_TEXT * 5}</p><a href='fees.html'>Fees</a></main>")
        site.put("/school/fees.html", f"<main><p>{'The fees are 391 euros. ' * 10}</p></main>")
        yield site


def finish_runs(page: Page) -> None:
    """Do what workers do, until the page shows the end; in a thread without an event loop."""

    def work_to_the_end() -> None:
        try:
            for _slice in range(6):
                work()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as worker:
        worker.submit(work_to_the_end).result()
    expect(page.locator("run-progress")).to_have_count(0, timeout=PATIENCE_MS)


def test_source_is_added_run_changed_and_deleted(
    page_for: Callable[..., Page], cast: Cast, transactional_db: None, school: ScriptedSite
) -> None:
    page = page_for(cast.editor)
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto("/i/law/documents/")
    page.get_by_role("link", name="Sources").click()
    page.get_by_role("link", name="Add Web site").click()
    # An address inside the deployment is refused with a reason; what was typed remains.
    page.get_by_role("textbox", name="Name", exact=True).fill("The school")
    page.get_by_role("textbox", name="Address", exact=True).fill("http://169.254.169.254/latest/")
    page.get_by_role("button", name="Add and run").click()
    expect(page.locator(".field-error")).to_contain_text("This site may not reach this address.")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("The school")
    page.get_by_role("textbox", name="Address", exact=True).fill(f"{school.url}/school/")
    page.get_by_label("days of grace").fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("run-progress")).to_be_visible()
    finish_runs(page)
    expect(page.locator(".source-figures").first).to_contain_text("2 added")
    # The site changes.
    school.put("/school/", f"<main><p>{_TEXT * 5}</p><a href='new.html'>New</a></main>")
    school.put("/school/new.html", f"<main><p>{'A new degree has opened. ' * 10}</p></main>")
    page.get_by_role("button", name="Run now").click()
    finish_runs(page)
    figures = page.locator(".source-figures").first
    expect(figures).to_contain_text("1 added")
    expect(figures).to_contain_text("1 changed")
    expect(figures).to_contain_text("1 removed")
    page.goto("/i/law/documents/")
    expect(page.locator(".documents-link", has_text="new.html")).to_be_visible()
    expect(page.locator(".documents-link", has_text="fees.html")).to_have_count(0)
    # The source goes, its documents stay.
    page.goto(SOURCES)
    page.get_by_role("link", name="The school").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".badge").first).to_have_text("Paused")
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the source").click()
    expect(page.get_by_text("The source is deleted.")).to_be_visible()
    page.goto("/i/law/documents/")
    expect(page.locator(".documents-link", has_text="new.html")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390), ("fr-FR", "dark", 320)],
)
def test_pages_are_accessible(
    page_for: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    cast: Cast,
    transactional_db: None,
    school: ScriptedSite,
    locale: str,
    scheme: str,
    width: int,
) -> None:
    page = page_for(cast.owner, locale=locale, scheme=scheme, width=width)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(SOURCES)
    is_accessible(page, axe)
    source = SourceFactory(instance=cast.instance, name="Le site de l’école doctorale")
    lines = [
        {"name": "fees.html", "url": "https://x.example/fees", "outcome": "added", "code": ""},
        {
            "name": "a-rather-long-name-of-a-file-that-could-not-be-read-in-time.pdf",
            "url": "https://x.example/long.pdf",
            "outcome": "failed",
            "code": "too_slow",
        },
    ]
    SourceRunFactory(
        instance=cast.instance,
        source=source,
        status="failed",
        error_code="access_denied",
        added=1,
        failed=1,
        lines=lines,
        is_truncated=True,
    )
    kinds = ("web", "feed", "oai", "hal", "webdav", "s3", "zotero", "moodle", "imap")
    pages = [f"{source.pk}/", f"{source.pk}/edit/", f"{source.pk}/delete/"]
    for path in ["", *pages, *(f"add/{kind}/" for kind in kinds)]:
        page.goto(f"{SOURCES}{path}")
        is_accessible(page, axe)
    page.goto(f"{SOURCES}add/webdav/")
    page.locator("main form button[type=submit]").evaluate("form => form.form.noValidate = true")
    page.locator("main form button[type=submit]").press("Enter")
    page.locator(".field-error").first.wait_for()
    is_accessible(page, axe)
