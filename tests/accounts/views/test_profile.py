"""Profile, language and theme."""

import pytest
from django.urls import reverse

from people.models import User
from tests.factories import UserFactory


@pytest.fixture
def browser(db, client):
    client.force_login(UserFactory(username="ada"))
    return client


def test_profile_is_saved_and_shown_in_chosen_language(browser):
    form = {"first_name": "Ada", "last_name": "Lovelace", "language": "en", "theme": "dark"}
    page = browser.post(reverse("profile"), form, follow=True)
    user = User.objects.get()
    assert (user.display_name, user.theme) == ("Ada Lovelace", "dark")
    assert '<html lang="en" data-theme="dark"' in page.text
    assert browser.cookies["django_language"].value == "en"


def test_address_is_not_changed(browser):
    form = {"first_name": "", "last_name": "", "language": "", "theme": "", "email": "x@y.org"}
    browser.post(reverse("profile"), form)
    assert User.objects.get().email == "ada@example.org"


@pytest.mark.parametrize(
    ("data", "language", "theme"),
    [
        ({"theme": "light"}, "fr", "light"),
        ({"language": "en"}, "en", "dark"),
        ({"theme": ""}, "fr", ""),
        ({"theme": "pink"}, "fr", "dark"),
        ({}, "fr", "dark"),
    ],
)
def test_preference_is_changed_alone(browser, data, language, theme):
    User.objects.update(language="fr", theme="dark")
    answer = browser.post(reverse("preferences"), data | {"next": "/accounts/profile/?x=1"})
    assert answer.url == "/accounts/profile/?x=1"
    user = User.objects.get()
    assert (user.language, user.theme) == (language, theme)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_redirect_stays_on_this_site(browser, target):
    assert browser.post(reverse("preferences"), {"next": target}).url == "/"


@pytest.mark.parametrize("name", ["profile", "preferences"])
def test_profile_requires_login(db, client, name):
    assert client.post(reverse(name)).url.startswith("/accounts/login/")


def test_language_of_browser_is_used_until_one_is_chosen(db, client, settings):
    settings.LANGUAGE_CODE = "fr"
    assert (
        '<html lang="en"'
        in client.get("/accounts/login/", headers={"accept-language": "en-GB"}).text
    )
    assert (
        '<html lang="fr"' in client.get("/accounts/login/", headers={"accept-language": "de"}).text
    )
    client.post(reverse("set_language"), {"language": "en"})
    assert '<html lang="en"' in client.get("/accounts/login/").text
