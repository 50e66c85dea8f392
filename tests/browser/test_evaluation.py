"""Inspection and golden questions: a journey, and pages that everybody can use."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from evaluation.tasks import reconcile, work
from instances.tenancy import tenant
from tests.browser.test_administration import is_accessible
from tests.cast import Cast
from tests.evaluation.factories import (
    EvaluationResultFactory,
    EvaluationRunFactory,
    GoldenQuestionFactory,
    HeldChangeFactory,
)

PATIENCE_MS = 20_000
EVALUATION = "/i/law/evaluation/"
LEAVE = "Combien de jours de congé ont les doctorants ?"
FOREIGN = "Quelle est la capitale de la Mongolie ?"


@pytest.fixture
def golden(library: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The library, whose workers are this test."""
    for module in ("evaluation.runs.starting", "evaluation.tasks"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", lambda _task: None)
    return library


def finish_runs(page: Page) -> None:
    """Do what workers do, until the page shows the end; in a thread without an event loop."""

    def work_and_reconcile() -> None:
        try:
            for _slice in range(4):
                work()
            reconcile()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as worker:
        worker.submit(work_and_reconcile).result()
    # The page reloads itself when its runs have ended, perhaps before the change is decided.
    expect(page.locator("run-progress")).to_have_count(0, timeout=PATIENCE_MS)
    page.reload()


def test_refused_question_is_inspected_and_a_change_held_back(
    page_for: Callable[..., Page], golden: Cast
) -> None:
    page = page_for(golden.owner)
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    # A refused question, inspected and kept as one to be refused.
    page.goto("/i/law/")
    page.locator("chat-composer textarea").fill(FOREIGN)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Inspect the search for this answer").click()
    expect(page.locator(".badge-danger")).to_have_text("Would be refused")
    expect(page.get_by_text("Words that no document uses:")).to_contain_text("Mongolie")
    page.go_back()
    page.get_by_role("button", name="Keep as a golden question").click()
    expect(page.get_by_label("must be refused")).to_be_checked()
    # A golden question, typed; and changes that are held back.
    page.get_by_role("link", name="Golden questions").first.click()
    page.get_by_role("link", name="Add a question").click()
    page.get_by_label("Question", exact=True).fill(LEAVE)
    page.get_by_label("Expected document").fill("conges.txt")
    page.get_by_label("Expected words").fill("vingt-cinq jours")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("link", name="Schedule and changes").click()
    page.get_by_label("Hold back changes that lower the score").check()
    page.get_by_role("button", name="Save").click()
    # Before the change, both pass.
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("button", name="Run now").click()
    finish_runs(page)
    expect(page.locator(".usage-totals")).to_contain_text("2/2")
    # Where every passage must be nearly certain, the first is refused: the change is held back.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrieval.relevance.THRESHOLDS", {"balanced": 0.5, "strict": 1.01})
        page.goto("/i/law/settings/answers/")
        page.get_by_label("Strictness").select_option("strict")
        page.get_by_role("button", name="Save").click()
        expect(page.locator(".badge").first).to_contain_text("Being tried")
        finish_runs(page)
    expect(page.locator(".badge").first).to_contain_text("Held back")
    differing = page.locator("#differing + .table-wrap").get_by_role("row").last
    expect(differing).to_contain_text("It was refused.")
    golden.instance.refresh_from_db()
    assert golden.instance.strictness == "balanced"
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator(".badge").first).to_contain_text("Discarded")
    page.goto("/i/law/settings/answers/")
    expect(page.get_by_label("Strictness")).to_have_value("balanced")


@pytest.fixture
def filled(golden: Cast) -> Cast:
    """The library with golden questions, a run and a held change."""
    law = golden.instance
    for question in (LEAVE, "Combien d'ouvrages peut-on emprunter à la bibliothèque ?"):
        GoldenQuestionFactory(
            instance=law,
            question=question,
            must_be_refused=False,
            document_name="conges.txt",
            words="vingt-cinq",
        )
    GoldenQuestionFactory(instance=law, question=FOREIGN)
    return golden


def test_answer_of_a_run_is_drawn_as_markdown_and_loads_nothing(
    page_for: Callable[..., Page], cast: Cast
) -> None:
    answer = (
        "**25 days** [1]\n\n| who | days |\n|---|---|\n| staff | 25 |\n\n"
        "<img src=x onerror=alert(1)> ![a picture](https://elsewhere.example/x.png)"
    )
    run = EvaluationRunFactory(instance=cast.instance, status="done")
    EvaluationResultFactory(
        instance=cast.instance, run=run, answer=answer, passed=True, asked_at=timezone.now()
    )
    page = page_for(cast.owner)
    page.set_default_timeout(PATIENCE_MS)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{EVALUATION}runs/{run.pk}/")
    assert not any("markdown-view" in url for url in requested)
    page.locator("main td details summary").click()
    drawn = page.locator("markdown-text.prose")
    expect(drawn.locator("strong")).to_have_text("25 days", timeout=PATIENCE_MS)
    expect(drawn.locator("td")).to_have_count(2)
    expect(drawn).to_contain_text("<img src=x onerror=alert(1)>")
    assert drawn.locator("img, script").count() == 0
    assert not any("elsewhere.example" in url for url in requested)


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390), ("fr-FR", "dark", 320)],
)
def test_pages_are_accessible(
    page_for: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    filled: Cast,
    locale: str,
    scheme: str,
    width: int,
) -> None:
    page = page_for(filled.owner, locale=locale, scheme=scheme, width=width)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{EVALUATION}runs/")
    page.locator("main form button[type=submit]").click()
    run = page.url
    is_accessible(page, axe)
    finish_runs(page)
    with tenant(filled.instance):
        change = HeldChangeFactory(instance=filled.instance, status="held")
    paths = [
        "",
        "questions/add/",
        "questions/import/",
        "runs/",
        "comparison/",
        "changes/",
        f"changes/{change.pk}/",
    ]
    for address in [run, *(EVALUATION + path for path in paths)]:
        page.goto(address)
        for details in page.locator("main details").all():
            details.locator("summary").first.click()
        is_accessible(page, axe)
    page.goto(f"{EVALUATION}inspect/")
    page.locator("textarea[name=question]").fill(LEAVE)
    page.locator("main details summary").first.click()
    page.locator("input[name=top_k]").fill("2")
    page.locator("textarea[name=question]").focus()
    page.keyboard.press("Tab")
    page.locator("main form button[type=submit]").press("Enter")
    page.locator(".inspections").wait_for()
    assert page.locator("section.inspection").count() == 2
    for details in page.locator("section.inspection details").all():
        details.locator("summary").first.click()
    is_accessible(page, axe)
