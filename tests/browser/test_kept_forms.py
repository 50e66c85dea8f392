"""What is typed in forms survives a lost session and network, and nothing secret is kept."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from tests.cast import make_cast
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GENERAL = "/i/law/settings/general/"
PASSWORD = "only I know this one"
RESTORED = "What you had typed here was restored"
STORED = "Object.entries(sessionStorage).filter(([key]) => key.startsWith('form '))"


@pytest.fixture
def people():
    people = make_cast()
    people.owner.set_password(PASSWORD)
    people.owner.save()
    return people


def log_in(page, user) -> None:
    page.get_by_label("User name or e-mail address").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_form_sent_without_session_is_restored_after_login(people, page_for, axe):
    page = page_for(people.owner, locale="en-GB")
    page.goto(GENERAL)
    page.get_by_label("Name", exact=True).fill("Faculty of law and politics")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save").click()
    log_in(page, people.owner)

    expect(page).to_have_url(f"{page.url.split('/i/')[0]}{GENERAL}")
    expect(page.get_by_text(RESTORED)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Faculty of law and politics")
    assert axe(page) == []

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved")).to_be_visible()
    assert page.evaluate(STORED) == []
    people.instance.refresh_from_db()
    assert people.instance.name == "Faculty of law and politics"


def test_form_sent_without_network_is_restored_and_can_be_discarded(people, page_for):
    page = page_for(people.owner, locale="en-GB")
    page.goto(GENERAL)
    page.get_by_label("Name", exact=True).fill("Faculty of law and politics")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("chrome-error://**")
    page.context.set_offline(False)
    page.goto(GENERAL)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Faculty of law and politics")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Faculté de droit")
    expect(page.get_by_text(RESTORED)).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Faculté de droit")


def test_refused_form_is_kept_until_it_is_right(people, page_for):
    page = page_for(people.owner, locale="en-GB")
    page.goto(GENERAL)
    page.get_by_label("Name", exact=True).fill("   ")
    page.get_by_label("Example questions").fill("What is a contract?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    assert len(page.evaluate(STORED)) == 1
    page.goto(GENERAL)
    expect(page.get_by_label("Example questions")).to_have_value("What is a contract?")


def test_passwords_and_other_secrets_are_never_kept(people, page_for):
    page = page_for(people.owner, locale="en-GB")
    page.goto("/accounts/password/change/")
    for field in page.locator("main input[type=password]").all():
        field.fill("a-secret-of-mine")
    page.goto(GENERAL)
    page.evaluate("""() => {
      const form = document.querySelector("form.settings-form");
      for (const html of ["<input type=password name=a>", "<input name=api_key>",
          "<input name=b autocomplete=off>", "<textarea name=client_secret></textarea>",
          "<input name=c autocomplete=one-time-code>", "<input type=hidden name=d>"]) {
        form.insertAdjacentHTML("beforeend", html);
        form.lastElementChild.value = "a-secret-of-mine";
        form.lastElementChild.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }""")
    page.get_by_label("Name", exact=True).fill("Another name")
    stored = str(page.evaluate("Object.entries(sessionStorage)"))
    assert "Another name" in stored
    assert "a-secret-of-mine" not in stored


def test_kept_form_is_not_shown_at_another_address_or_to_another_person(people, page_for):
    page = page_for(people.owner, locale="en-GB")
    page.goto(GENERAL)
    page.get_by_label("Name", exact=True).fill("Another name")
    page.goto("/instances/new/")
    expect(page.get_by_text(RESTORED)).to_have_count(0)
    other = page_for(UserFactory(username="other"))
    page.context.clear_cookies()
    page.context.add_cookies(other.context.cookies())
    page.goto("/accounts/profile/")
    assert page.evaluate(STORED) == []
