"""Uploads in a real browser: chosen, dropped, refused, interrupted, cancelled."""

import pytest
from playwright.sync_api import expect

from ingestion.models import Document
from instances.tenancy import tenant
from tests.browser.documents.listing import (
    DROP,
    DROP_ON_DOCUMENTS,
    LIST,
    choose,
    count,
    files,
    names,
    rows,
)
from tests.factories import DocumentFactory
from tests.ingestion.files.locked_files import PASSWORD, locked_pdf

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_uploaded_files_appear_without_reload(people, page_for, tmp_path):
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    expect(page.get_by_role("heading", name="Add your first documents")).to_be_visible()
    choose(page, files(tmp_path, 8))
    expect(page.locator("[data-summary]")).to_have_text("8 files sent")
    expect(rows(page)).to_have_count(8)
    expect(count(page, "running")).to_have_text("8")
    assert names(people.instance) == {f"note-{n}.txt" for n in range(8)}


def test_dropping_files_anywhere_on_the_page_uploads_them(people, page_for):
    DocumentFactory(instance=people.instance)
    page = page_for(people.editor)
    page.goto(LIST)
    page.evaluate(DROP, {"a.txt": "Premier document.", "b.txt": "Second document."})
    expect(rows(page)).to_have_count(3)
    page.goto("/i/law/")
    page.evaluate(DROP_ON_DOCUMENTS, {"c.txt": "Troisième document."})
    expect(page.locator("[data-summary]")).to_have_text("1 file sent")
    assert "c.txt" in names(people.instance)


def test_added_files_have_the_level_that_was_chosen(people, page_for, tmp_path):
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    page.get_by_label("Sensitivity of the files that you add").select_option("restricted")
    choose(page, files(tmp_path, 1))
    expect(rows(page)).to_have_count(1)
    with tenant(people.instance):
        (document,) = Document.objects.for_instance(people.instance)
    assert document.sensitivity == "restricted"


def test_refused_and_duplicate_files_show_a_message(people, page_for, tmp_path, settings):
    settings.MAX_RESUMABLE_BYTES = 2_000_000
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    (first,) = files(tmp_path, 1)
    choose(page, [first])
    expect(rows(page)).to_have_count(1)
    big, photo, empty, copy = (tmp_path / n for n in ("big.txt", "p.avif", "e.txt", "copy.txt"))
    big.write_bytes(b"x" * (3 << 20))
    photo.write_bytes(b"\0\0\0\x1cftypavif" + bytes(100))
    empty.write_bytes(b"")
    copy.write_bytes(first.read_bytes())
    choose(page, [big, photo, empty, copy])
    expect(page.locator("[data-summary]")).to_have_text(
        "1 was already here · 3 files were not added"
    )
    notes = page.locator("[data-note]")
    expect(notes.filter(has_text="larger than 2 MB")).to_be_visible()
    expect(notes.filter(has_text="Text cannot be read")).to_be_visible()
    expect(notes.filter(has_text="empty")).to_be_visible()
    expect(notes.filter(has_text=f"Already here: {first.name}")).to_be_visible()
    expect(page.get_by_role("link", name="Open")).to_be_visible()
    assert names(people.instance) == {first.name}


def test_password_of_a_file_is_asked_for_and_tried_again(people, page_for, tmp_path):
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    choose(page, [locked_pdf(tmp_path / "releve.pdf")])
    asked = page.get_by_label("Password of the file")
    for password in ("autre", PASSWORD):
        expect(asked).to_be_visible()
        asked.fill(password)
        page.get_by_role("button", name="Open and add").click()
    expect(page.locator("[data-summary]")).to_have_text("1 file sent")
    expect(rows(page)).to_have_count(1)
    assert names(people.instance) == {"releve.pdf"}


def test_interrupted_upload_is_retried_and_never_shows_nan(people, page_for, tmp_path):
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    cut = []

    def cut_once(route):
        if cut:
            return route.continue_()
        cut.append(route.request.url)
        return route.abort("connectionreset")

    page.route("**/documents/uploads/", cut_once)
    page.evaluate(
        """() => {
          window.notes = [];
          const watch = new MutationObserver(() => {
            for (const note of document.querySelectorAll("[data-note]")) {
              window.notes.push(note.textContent);
            }
          });
          watch.observe(document.body, {childList: true, subtree: true, characterData: true});
        }"""
    )
    choose(page, files(tmp_path, 1))
    expect(page.locator("[data-summary]")).to_have_text("1 file sent")
    said = page.evaluate("window.notes.join(' ')")
    assert "Connection lost" in said
    assert "NaN" not in said
    assert len(cut) == 1


def test_upload_can_be_cancelled(people, page_for, tmp_path):
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    held = []
    page.route("**/documents/uploads/", lambda route: held.append(route))
    choose(page, files(tmp_path, 5))
    expect(page.locator(".upload-item")).to_have_count(3)
    page.get_by_role("button", name="Stop sending note-0.txt").click()
    expect(page.locator(".upload-item")).to_have_count(3)
    page.get_by_role("button", name="Stop sending", exact=True).click()
    expect(page.locator("[data-panel]")).to_be_hidden()
    page.unroute("**/documents/uploads/")
    assert names(people.instance) == set()
