"""An instance from its request to the proof of its deletion, in a browser, on a whole ``./run``.

A lecturer asks, an administrator of the university approves, the lecturer asks questions of a
document, deletes the instance (without days of grace), and opens the proof that nothing is left.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.stack import Stack, running_stack

PATIENCE_MS = 60_000
QUESTION = "Combien de jours dure une mission de conseil ?"
TEXT = "Une mission de conseil dure au plus trente-deux jours par année universitaire."

_PEOPLE = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from people.models import User
from instances.models import Identity, Organisation, OrganisationAdministrator
organisation = Organisation.objects.get(name="Université banc")
def session(user):
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "accounts.backends.PasswordBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return store.session_key
lecturer = User.objects.create_user(username="lecturer", first_name="Ada", last_name="Lovelace")
Identity.objects.create(user=lecturer, source="test", organisation_ids=[organisation.pk],
                        affiliations=["faculty"], asserted_at=timezone.now())
manager = User.objects.create_user(username="manager")
OrganisationAdministrator.objects.create(user=manager, organisation=organisation)
print(json.dumps(dict(lecturer=session(lecturer), manager=session(manager),
                      organisation=organisation.slug)))
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Stack]:
    """A ``./run`` without a grace period for deletions."""
    with running_stack(env={"DELETION_GRACE_DAYS": "0"}) as stack:
        yield stack


@pytest.fixture
def people(site: Stack) -> dict[str, Any]:
    """The sessions of the lecturer and of the manager."""
    found: dict[str, Any] = json.loads(site.shell(_PEOPLE))
    return found


@pytest.fixture
def page_of(browser: Browser, site: Stack) -> Iterator[Callable[[str], Page]]:
    """``page_of(session)``: a page of that person."""
    contexts = []

    def open_page(session: str) -> Page:
        context = browser.new_context(base_url=site.url, locale="en-GB")
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.url}])
        contexts.append(context)
        return context.new_page()

    expect.set_options(timeout=PATIENCE_MS)
    yield open_page
    for context in contexts:
        context.close()


def test_instance_from_request_to_proof_of_deletion(
    people: dict[str, Any], page_of: Callable[[str], Page], tmp_path: Any
) -> None:
    lecturer, manager = page_of(people["lecturer"]), page_of(people["manager"])
    ask_for_an_instance(lecturer)
    approve(manager, people["organisation"])
    lecturer.reload()
    lecturer.get_by_role("link", name="Activités accessoires").click()
    use(lecturer, tmp_path)
    delete(lecturer)
    read_the_proof(lecturer)


def ask_for_an_instance(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Request an instance").click()
    page.get_by_label("Name", exact=True).fill("Activités accessoires")
    page.get_by_label("Purpose").fill("Questions des enseignants sur leurs activités.")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Awaiting approval")).to_be_visible()


def approve(page: Page, organisation: str) -> None:
    page.goto(f"/o/{organisation}/requests/")
    page.get_by_role("button", name=re.compile("^Approve")).first.click()
    expect(page.get_by_text("Activités accessoires").first).to_be_visible()


def use(page: Page, folder: Any) -> None:
    file = folder / "conseil.txt"
    file.write_text(TEXT)
    page.get_by_role("link", name="Documents", exact=True).first.click()
    expect(page.locator("document-uploads:defined")).to_be_attached()
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.locator("tr[data-name='conseil.txt']")).to_have_attribute("data-status", "ready")
    page.get_by_role("link", name="New conversation").first.click()
    expect(page.locator("chat-composer:defined")).to_be_attached()
    page.locator("chat-composer textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    answer = page.locator("chat-answer").last
    expect(answer).to_have_attribute("data-status", "complete")
    expect(answer).to_contain_text("trente-deux jours")


def delete(page: Page) -> None:
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Life cycle").click()
    expect(page.get_by_text("1 document, with its file")).to_be_visible()
    page.get_by_label("Identifier of the instance").fill("activites-accessoires")
    page.get_by_role("button", name="Delete this instance").click()
    expect(page).to_have_url(re.compile(r":\d+/$"))


def read_the_proof(page: Page) -> None:
    proof = page.get_by_role("link", name="Proof of deletion")
    # A task deletes it; the home page shows the result.
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not proof.count() and time.monotonic() < deadline:
        page.reload()
    proof.click()
    rows = {
        row.locator("th").inner_text().split("\n")[0]: row.locator("td").all_inner_texts()
        for row in page.locator("tbody tr").all()
    }
    assert rows["Documents"] == ["1", "0"]
    assert rows["Passages, with their vectors"] == ["1", "0"]
    assert rows["Questions and answers"] == ["2", "0"]
    assert rows["Files in the storage"] == ["1", "0"]
    assert {after for _before, after in rows.values()} == {"0", "0 B"}
    page.goto("/i/activites-accessoires/")
    expect(page.get_by_text("404")).to_be_visible()
