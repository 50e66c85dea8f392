"""Large files and large drops in a real browser: a reload, another login, pauses, folders."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ingestion.models import Document, ResumableUpload
from instances.models import Instance
from instances.tenancy import tenant
from tests.browser.documents.listing import LIST, choose, files, names, rows
from tests.fixtures.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LINES = b"".join(b"Ligne %08d du registre.\n" % number for number in range(400_000))


def slow_down(page: Page, bytes_per_s: int) -> None:
    """Limit what the browser sends; -1 for no limit."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.emulateNetworkConditions", conditions | {"uploadThroughput": bytes_per_s})


def offsets(instance: Instance) -> list[int]:
    with tenant(instance):
        uploads = ResumableUpload.objects.for_instance(instance)
        return list(uploads.values_list("offset_bytes", flat=True))


def test_file_continues_after_a_reload(people: Any, page_for: Any, tmp_path: Path) -> None:
    page = page_for(people.editor, locale="en-GB")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(LIST)
    large = tmp_path / "registre.txt"
    large.write_bytes(LINES)
    slow_down(page, 400_000)
    choose(page, [large])
    wait_until(lambda: any(offsets(people.instance)))
    page.reload()
    (sent,) = offsets(people.instance)
    assert 0 < sent < len(LINES)
    notice = page.locator("[data-unfinished]")
    expect(notice).to_contain_text("These files were not sent completely")
    expect(notice).to_contain_text("registre.txt: ")
    slow_down(page, -1)
    choose(page, [large])
    expect(page.locator("[data-summary]")).to_have_text("1 file sent", timeout=60_000)
    with tenant(people.instance):
        (document,) = Document.objects.for_instance(people.instance)
        with document.file.open() as file:
            assert file.read() == LINES
    # One upload: what was sent before was not sent again.
    assert offsets(people.instance) == [len(LINES)]
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(notice).to_be_hidden()


def test_files_wait_until_somebody_has_logged_in_again(
    people: Any, page_for: Any, tmp_path: Path
) -> None:
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    choose(page, files(tmp_path, 5))
    problem = page.locator("#page-problem [data-problem]")
    expect(problem).to_be_visible()
    login = problem.get_by_role("link", name="Log in again")
    # The files stay in this tab.
    expect(login).to_have_attribute("target", "_blank")
    expect(page.locator("[data-summary]")).to_contain_text("paused")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("[data-summary]")).to_contain_text("paused")
    assert names(people.instance) == set()
    page.context.add_cookies(cookies)
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.locator("[data-summary]")).to_have_text("5 files sent")
    expect(problem).to_be_hidden()
    assert names(people.instance) == {f"note-{n}.txt" for n in range(5)}


def test_folders_of_a_drop_are_paused_put_first_and_stopped(
    people: Any, page_for: Any, tmp_path: Path
) -> None:
    page = page_for(people.editor, locale="en-GB")
    page.goto(LIST)
    root = tmp_path / "Droit"
    for name in ("Arrêtés", "Circulaires"):
        (root / name).mkdir(parents=True)
        for number in range(30):
            (root / name / f"{name}-{number:02}.txt").write_text(f"{name}, pièce {number}.")
    held: list[Any] = []
    page.route("**/documents/uploads/", lambda route: held.append(route))
    page.locator('[data-input="folder"]').set_input_files(root)
    folder = page.locator("[data-folders] li")
    expect(folder).to_have_count(1)
    expect(folder).to_contain_text("0 of 60 files sent")
    page.get_by_role("button", name="Pause Droit").click()
    expect(folder).to_contain_text("paused")
    expect(page.locator("[data-items] li")).to_have_count(0)
    page.unroute("**/documents/uploads/")
    page.get_by_role("button", name="Continue Droit").click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("[data-summary]")).to_contain_text("paused")
    page.get_by_role("button", name="Cancel Droit").click()
    expect(page.locator("[data-folders]")).to_be_hidden()
    assert len(names(people.instance)) < 60
