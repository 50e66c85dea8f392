"""The list of documents in a real browser: live rows, filters, selection, deletion."""

import json
import re

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from ingestion.models import Document
from instances.tenancy import tenant
from tests.browser.documents.listing import DROP, DROP_ON_DOCUMENTS, LIST, count, files, names, rows
from tests.factories import DocumentFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Status = Document.Status


def change(document: Document, **values) -> None:
    """Do a worker's work on a document."""
    with tenant(document.instance_id):
        Document.objects.filter(pk=document.pk).update(updated_at=timezone.now(), **values)


def test_ingestion_progress_is_shown_without_reload(people, page_for):
    document = DocumentFactory(
        instance=people.instance, name="Rapport.txt", status=Status.QUEUED, pages=0
    )
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    row = rows(page).first
    expect(row).to_contain_text("Waiting its turn")
    row.get_by_role("checkbox").check()
    change(document, status=Status.EMBEDDING, chunks=40, embedded_chunks=12, pages=3)
    expect(row).to_contain_text("Preparing: 12 passages of 40")
    row.get_by_role("button", name="Cancel the preparation").focus()
    change(document, embedded_chunks=30)
    expect(row).to_contain_text("30 passages of 40")
    expect(row.get_by_role("button", name="Cancel the preparation")).to_be_focused()
    change(document, status=Status.READY)
    expect(row).to_contain_text("Ready")
    expect(row).to_contain_text("3 pages")
    expect(page.locator("#list-announcements")).to_have_text("Rapport.txt is ready")
    expect(row.get_by_role("link", name="Rapport.txt", exact=True)).to_be_focused()
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(count(page, "ready")).to_have_text("1")


def test_changes_by_other_members_are_shown(people, page_for):
    DocumentFactory(instance=people.instance, name="a.txt")
    page = page_for(people.teammate)
    page.goto(LIST)
    added = DocumentFactory(instance=people.instance, name="b.txt")
    expect(rows(page).first).to_contain_text("b.txt")
    with tenant(people.instance):
        added.delete()
    # The events of an idle list are five seconds apart.
    expect(rows(page)).to_have_count(1, timeout=15_000)
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)


def test_failed_document_can_be_retried_cancelled_and_replaced(people, page_for, tmp_path):
    failed = DocumentFactory(
        instance=people.instance, name="x.pdf", status=Status.FAILED, error_code="parse_timeout"
    )
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    expect(page.get_by_text("took too long")).to_be_visible()
    page.get_by_role("button", name="Try again: x.pdf").click()
    expect(rows(page).first).to_contain_text("Waiting its turn")
    page.get_by_role("button", name="Cancel the preparation of x.pdf").click()
    expect(rows(page).first).to_contain_text("Cancelled")
    with tenant(people.instance):
        failed.refresh_from_db()
    assert (failed.status, failed.error_code) == (Status.FAILED, "cancelled")
    change(failed, error_code="corrupt")
    page.goto(f"{LIST}{failed.pk}/")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Replace the file: x.pdf").click()
    chooser.value.set_files(files(tmp_path, 1))
    expect(page.get_by_role("heading", name="note-0.txt")).to_be_visible()
    assert names(people.instance) == {"note-0.txt"}


@pytest.mark.parametrize("width", [390, 1440])
def test_file_dropped_on_a_conversation_leaves_the_composer_uncovered(people, page_for, width):
    page = page_for(people.owner, locale="en-GB", width=width)
    page.goto("/i/law/")
    page.evaluate(DROP_ON_DOCUMENTS, {"a.txt": "Un document.", "vide.txt": ""})
    panel = page.locator("[data-panel]")
    expect(panel).to_contain_text("vide.txt")
    bottom = panel.evaluate("panel => panel.getBoundingClientRect().bottom")
    assert bottom < page.locator("textarea").evaluate("area => area.getBoundingClientRect().top")


def test_question_starts_from_selected_documents_or_from_one(people, page_for, axe):
    for n in range(25):
        DocumentFactory(instance=people.instance, name=f"acte-{n:02}.txt", title=f"Acte {n:02}")
    page = page_for(people.teammate, locale="en-GB")
    page.goto(f"{LIST}?sort=name")
    for n in (3, 5):
        page.get_by_role("checkbox", name=f"Select Acte 0{n}").check()
    page.get_by_role("button", name="Ask a question").click()
    chips = page.locator(".chip")
    expect(chips).to_have_text(["Acte 03", "Acte 05"])
    page.locator("[popovertarget=restriction-menu]").click()
    menu = page.locator("#restriction-menu")
    expect(menu.locator("[data-shown]")).to_have_text("20 of 25")
    menu.get_by_role("button", name="Show more").click()
    expect(menu.get_by_role("checkbox", name="Acte 20")).to_be_focused()
    expect(menu.locator("[data-shown]")).to_have_text("25 of 25")
    expect(menu.get_by_role("button", name="Show more")).to_be_hidden()
    assert axe(page) == []
    menu.get_by_role("checkbox", name="All the documents").check()
    expect(chips).to_have_count(0)
    page.evaluate(DROP, {"a.txt": "Un document."})
    expect(page.locator(".attachment")).to_contain_text("a.txt")
    page.goto(f"{LIST}?q=acte-07")
    page.get_by_role("link", name="Acte 07", exact=True).click()
    page.get_by_role("link", name="Ask a question").click()
    expect(chips).to_have_text(["Acte 07"])


def test_search_filters_while_typing_and_keeps_focus(people, page_for):
    for name in ("Règlement.txt", "Budget.txt"):
        DocumentFactory(instance=people.instance, name=name)
    page = page_for(people.teammate)
    page.goto(LIST)
    search = page.locator("#documents-search")
    search.press_sequentially("regle")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=regle$"))
    expect(search).to_be_focused()
    search.fill("")
    expect(rows(page)).to_have_count(2)
    search.fill("nothing")
    expect(page.locator(".empty-state")).to_be_visible()


def test_filter_and_sort_update_in_place_and_support_back(people, page_for):
    DocumentFactory(instance=people.instance, name="a.txt", pages=1)
    DocumentFactory(instance=people.instance, name="b.txt", pages=9, status=Status.FAILED)
    page = page_for(people.teammate, locale="en-GB")
    page.goto(LIST)
    page.evaluate("window.same = true")
    page.get_by_role("link", name=re.compile("Failed")).click()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("link", name=re.compile("Failed"))).to_be_focused()
    page.go_back()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("link", name="Name").click()
    expect(rows(page).first).to_contain_text("a.txt")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "ascending"
    )
    assert page.evaluate("window.same")


def test_deletion_requires_confirmation(people, page_for):
    for n in range(3):
        DocumentFactory(instance=people.instance, name=f"{n}.txt")
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    page.get_by_role("link", name="Delete 0.txt").click()
    expect(page.get_by_role("dialog")).to_contain_text("Delete this document?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Delete 0.txt")).to_be_focused()
    page.get_by_role("link", name="Delete 0.txt").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("link", name="1.txt", exact=True)).to_be_focused()
    page.get_by_label("Select all the documents shown").check()
    expect(page.locator("[data-selected]")).to_have_text("2 documents selected")
    page.locator(".documents-bulk").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the 2 documents").click()
    expect(page.get_by_role("heading", name="Add your first documents")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
    assert names(people.instance) == set()


def test_lost_session_or_network_is_explained_until_it_is_back(people, page_for, axe):
    for n in range(3):
        DocumentFactory(instance=people.instance, name=f"{n}.txt")
    page = page_for(people.editor, locale="en-GB")
    page.goto(f"{LIST}?sort=name")
    problem = page.locator("#page-problem [data-problem]")
    page.context.set_offline(True)
    page.get_by_role("link", name="Delete 0.txt").click()
    expect(problem).to_contain_text("You seem to be offline")
    page.context.set_offline(False)
    page.get_by_role("link", name="Delete 0.txt").click()
    expect(page.get_by_role("dialog")).to_contain_text("Delete this document?")
    expect(problem).to_be_hidden()

    session = page.context.cookies()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("You are no longer logged in")
    assert axe(page) == []
    page.keyboard.press("Escape")
    page.locator("#documents-search").fill("1")
    expect(problem).to_contain_text("You are no longer logged in")
    login = problem.get_by_role("link", name="Log in again")
    expect(login).to_have_attribute("href", re.compile(r"\?next=%2Fi%2Flaw%2Fdocuments%2F%3F"))
    page.locator("#documents-search").fill("")
    page.get_by_role("checkbox", name="Select 1.txt").check()
    page.locator(".documents-bulk").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("checkbox", name="Select 1.txt")).to_be_checked()
    # A list that is being read again is paler.
    expect(page.locator("document-list")).not_to_have_attribute("aria-busy", "true")
    assert axe(page) == []

    page.context.add_cookies(session)
    page.locator(".documents-bulk").get_by_role("button", name="Try again").click()
    expect(problem).to_be_hidden()
    assert names(people.instance) == {"0.txt", "1.txt", "2.txt"}


def test_list_says_that_its_events_have_ended_with_the_session(people, page_for):
    DocumentFactory(instance=people.instance)
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    # As when the browser connects again after five minutes.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    problem = page.locator("#page-problem [data-problem]")
    expect(problem).to_contain_text("You are no longer logged in")


def test_long_list_has_page_numbers_and_selects_all_that_match(people, page_for, axe):
    for n in range(52):
        DocumentFactory(instance=people.instance, name=f"{n:02}.txt")
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    page.get_by_label("Select all the documents shown").check()
    page.get_by_role("checkbox", name="All 52").check()
    expect(page.locator("[data-selected]")).to_have_text("52 documents selected")
    rows(page).nth(30).scroll_into_view_if_needed()
    expect(page.get_by_role("columnheader", name="Name")).to_be_in_viewport()
    assert axe(page) == []
    page.locator(".documents-bulk").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("Delete 52 documents?")
    page.get_by_role("dialog").get_by_role("link", name="Keep").click()
    page.get_by_role("checkbox", name="Select 30.txt").uncheck()
    expect(page.locator("[data-selected]")).to_have_text("49 documents selected")
    page.get_by_role("link", name="Page 2").click()
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_role("link", name="Page 2")).to_have_attribute("aria-current", "page")


def test_document_list_is_usable_by_keyboard(people, page_for):
    DocumentFactory(instance=people.instance, name="a.txt")
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    page.locator("#main").focus()
    reached = []
    for _ in range(17):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.textContent.trim()"
            )
        )
    for label in ("Search by name or folder", "Select a.txt", "a.txt", "Delete a.txt"):
        assert label in reached, json.dumps(reached)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_document_list_is_accessible_in_every_state(people, page_for, axe, width, scheme):
    states = [
        {"status": Status.READY, "chunks": 12},
        {"status": Status.QUEUED},
        {"status": Status.PARSING},
        {"status": Status.EMBEDDING, "chunks": 40, "embedded_chunks": 3},
        {"status": Status.FAILED, "error_code": "image_only"},
        {"status": Status.FAILED, "error_code": "cancelled"},
    ]
    for number, state in enumerate(states):
        DocumentFactory(instance=people.instance, name=f"{'Très long ' * 12}{number}.txt", **state)
    DocumentFactory(instance=people.instance, name="النظام الداخلي للجامعة.pdf")
    page = page_for(people.editor, width=width, scheme=scheme)
    page.goto(LIST)
    page.locator('input[name="document"]').first.check()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("a[data-delete]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert axe(page) == []
