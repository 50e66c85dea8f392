"""The page *Search index*: another model while people ask, compared, and the way back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from evaluation.runs.working import work
from evaluation.tasks import reconcile
from ingestion.reindexing import building
from instances.models import Instance
from tests.browser.test_administration import is_accessible
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory

PATIENCE_MS = 20_000
PAGE = "/i/law/settings/search-index/"
LEAVE = "Combien de jours de congé ont les doctorants ?"


@pytest.fixture
def golden(library: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The library with a golden question and a second model; its workers are this test."""
    for module in ("evaluation.runs.starting", "evaluation.tasks"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", lambda _task: None)
    settings.EMBEDDING_MODELS = {
        "short": {
            "model": settings.EMBEDDING_MODEL,
            "label": "E5 small, 256 dimensions",
            "dimensions": 256,
            "query_prefix": "query: ",
            "passage_prefix": "passage: ",
        }
    }
    GoldenQuestionFactory(
        instance=library.instance,
        question=LEAVE,
        must_be_refused=False,
        document_name="conges.txt",
    )
    return library


def in_worker(*tasks: Callable[[], object]) -> None:
    """Do what workers do, in a thread without an event loop."""

    def run() -> None:
        try:
            for task in tasks:
                while task() is not None:
                    pass
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as worker:
        worker.submit(run).result()


def test_another_model_is_prepared_compared_used_and_left_again(
    page_for: Callable[..., Page], axe: Callable[[Page], list[str]], golden: Cast
) -> None:
    page = page_for(golden.owner)
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto(PAGE)
    page.get_by_label("Embedding model").select_option("short")
    page.get_by_label("Use it as soon as it is complete").uncheck()
    page.get_by_role("button", name="Estimate the cost").click()
    expect(page.get_by_text("What it will take")).to_be_visible()
    is_accessible(page, axe)
    page.get_by_role("button", name="Start").click()
    expect(page.locator("run-progress progress")).to_be_visible()
    is_accessible(page, axe)
    in_worker(building.work)
    # The page reloads itself at the end.
    expect(page.get_by_role("button", name="Use the new index")).to_be_visible()
    in_worker(reconcile, work)
    page.reload()
    expect(page.get_by_role("row", name="Passed")).to_contain_text("1/1 (100%)")
    is_accessible(page, axe)
    page.get_by_role("button", name="Use the new index").click()
    expect(page.get_by_role("definition").first).to_have_text("E5 small, 256 dimensions")
    page.get_by_role("button", name="Return to this index").click()
    expect(page.get_by_role("definition").first).to_have_text("intfloat/multilingual-e5-small")
    assert Instance.objects.get(slug="law").index_generation == 0


@pytest.mark.parametrize(
    ("locale", "scheme", "width"), [("fr-FR", "light", 1440), ("fr-FR", "dark", 320)]
)
def test_page_is_accessible(
    page_for: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    golden: Cast,
    locale: str,
    scheme: str,
    width: int,
) -> None:
    page = page_for(golden.owner, locale=locale, scheme=scheme, width=width)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(PAGE)
    is_accessible(page, axe)
    page.locator("select").select_option("short")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#estimate")).to_be_visible(timeout=PATIENCE_MS)
    is_accessible(page, axe)
    page.locator("main form button[type=submit]").first.click()
    in_worker(building.work)
    in_worker(reconcile, work)
    page.goto(PAGE)
    is_accessible(page, axe)
