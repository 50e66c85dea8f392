"""The main job from the start: ``./run``, log in, upload, ask, open the cited page.

Every part is real, workers and embedding model included; answers are extracts. The test runs
in French, then in English.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from docx import Document as WordDocument
from playwright.sync_api import Browser, Page, expect

from bench.stack import Stack, running_stack

NEW_PASSWORD = "un nouveau mot de passe assez long"
PATIENCE_MS = 60_000
QUESTION = "Combien de temps dure une mission de conseil ?"
SECOND_PAGE = (
    "Une mission de conseil dure au plus trente-deux jours par année universitaire. "
    "Elle est autorisée par le président de l’université."
)
REGULATION = f"""<!doctype html><html lang="fr"><meta charset="utf-8"><title>Règlement</title>
<style>section {{ break-after: page; }}</style>
<section><h1>Activités accessoires</h1><p>Les personnels déclarent leurs activités accessoires
auprès de la direction des ressources humaines avant de les commencer.</p></section>
<section><h1>Missions de conseil</h1><p>{SECOND_PAGE}</p></section></html>"""

WORDS = {
    "fr-FR": {"add": "Ajouter des fichiers", "language": "fr"},
    "en-GB": {"add": "Add files", "language": "en"},
}


@pytest.fixture(scope="module")
def newcomer() -> Iterator[Stack]:
    """A first ``./run`` on an empty data directory."""
    with running_stack() as stack:
        yield stack


@pytest.fixture
def files(browser: Browser, tmp_path: Path) -> list[Path]:
    """A PDF of two pages and a Word file, in French."""
    page = browser.new_page()
    page.set_content(REGULATION)
    pdf = tmp_path / "règlement intérieur.pdf"
    page.pdf(path=pdf)
    page.close()
    word = WordDocument()
    word.add_heading("Télétravail", 1)
    word.add_paragraph("Le télétravail est limité à deux jours par semaine.")
    docx = tmp_path / "télétravail.docx"
    word.save(str(docx))
    return [pdf, docx]


@pytest.mark.parametrize("locale", WORDS)
def test_login_upload_question_and_highlighted_page(
    newcomer: Stack, browser: Browser, files: list[Path], locale: str
) -> None:
    context = browser.new_context(base_url=newcomer.url, locale=locale)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    log_in(page, newcomer)
    page.locator("a[href^='/i/decouverte/']").first.click()
    assert page.locator("html").get_attribute("lang") == WORDS[locale]["language"]
    page.get_by_role("link", name="Documents", exact=True).first.click()
    expect(page.get_by_role("button", name=WORDS[locale]["add"])).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(files)
    for file in files:
        expect(page.locator(f"tr[data-name='{file.name}']")).to_have_attribute(
            "data-status", "ready"
        )

    page.goto("/i/decouverte/")
    page.locator("chat-composer textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    answer = page.locator("chat-answer").last
    expect(answer).to_have_attribute("data-status", "complete")
    expect(answer).to_contain_text("trente-deux jours")
    answer.locator(".cite").first.click()
    panel = page.locator("citation-panel dialog")
    expect(panel.locator("mark").first).to_contain_text("trente-deux jours")
    expect(panel).to_contain_text(re.compile(r"page 2", re.I))
    expect(panel.locator("pdf-page img")).to_be_visible()
    expect(panel.locator("pdf-page .pdf-mark").first).to_be_visible()
    context.close()


def log_in(page: Page, stack: Stack) -> None:
    """Log in with the printed password and change it; later, with the new one."""
    printed = re.search(r"password\s+(\S+)", stack.progress())
    assert printed is not None
    page.goto("/")
    submit_login(page, NEW_PASSWORD)
    if page.locator("[aria-invalid=true], .notice-danger, .errorlist").count():
        submit_login(page, printed[1])
        page.wait_for_url(re.compile("password/change"))
        page.locator("input[name=oldpassword]").fill(printed[1])
        page.locator("input[name=password1]").fill(NEW_PASSWORD)
        page.locator("input[name=password2]").fill(NEW_PASSWORD)
        page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.url}/")


def submit_login(page: Page, password: str) -> None:
    """Fill the login form and wait for the next page."""
    page.locator("input[name=login]").fill("admin")
    page.locator("input[name=password]").fill(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")
