"""Login, the required change of an issued password, forgotten passwords."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from people.models import User
from tests.factories import PASSWORD, UserFactory

NEW = "a new secret of my own"


def change(client, old, new):
    return client.post(
        reverse("account_change_password"),
        {"oldpassword": old, "password1": new, "password2": new},
    )


@pytest.mark.parametrize("login", ["ada", "ada@example.org"])
def test_login_accepts_user_name_or_address(db, client, login):
    UserFactory(username="ada")
    answer = client.post("/accounts/login/", {"login": login, "password": PASSWORD})
    assert answer.url == "/"


def test_wrong_password_shows_message(db, client):
    UserFactory(username="ada")
    page = client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    assert page.status_code == 200
    assert 'role="alert"' in page.text


def test_wrong_passwords_are_limited(db, client):
    UserFactory(username="ada")
    for _attempt in range(11):
        page = client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    right = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert right.status_code == 200
    assert page.context["form"].errors


def test_login_does_not_redirect_to_another_site(db, client):
    UserFactory(username="ada")
    answer = client.post(
        "/accounts/login/?next=https://evil.example/", {"login": "ada", "password": PASSWORD}
    )
    assert answer.url == "/"


def test_issued_password_must_be_changed_first(db, client):
    user = UserFactory(must_change_password=True)
    client.force_login(user)
    for path in ("/", "/organisations/new/", "/admin/"):
        assert client.get(path).url == reverse("account_change_password")
    assert (
        "another person has seen it"
        in client.get(reverse("account_change_password"), headers={"accept-language": "en"}).text
    )
    assert change(client, PASSWORD, NEW).url == "/"
    assert client.get("/").status_code == 200
    assert not User.objects.get().must_change_password


def test_issued_password_cannot_be_chosen_again(db, client):
    client.force_login(UserFactory(must_change_password=True))
    page = change(client, PASSWORD, PASSWORD)
    assert page.context["form"].errors.keys() == {"password1"}
    assert User.objects.get().must_change_password


def test_weak_password_is_refused(db, client):
    client.force_login(UserFactory())
    assert change(client, PASSWORD, "12345678901234").context["form"].errors


def test_forgotten_password_is_reset_by_mail(db, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    UserFactory(username="ada", must_change_password=True)
    client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
    (message,) = mail.outbox
    path = re.search(r"https?://[^/]+(/\S+)", message.body)[1]
    form_url = client.get(path).url
    client.post(form_url, {"password1": NEW, "password2": NEW})
    user = User.objects.get()
    assert user.check_password(NEW)
    assert not user.must_change_password


def test_reset_link_works_once(db, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    page = client.get(reverse("account_reset_password_from_key", args=["1", "used-up"]))
    assert "This link no longer works" in page.text
    assert reverse("account_reset_password") in page.text


@pytest.mark.parametrize("account", ["ada", None])
def test_mail_is_in_language_of_browser(db, client, settings, account):
    settings.EMAIL_HOST = "mail.example.org"
    if account:
        UserFactory(username=account, email="o'hara@example.org")
    form = {"email": "o'hara@example.org"}
    client.post(reverse("account_reset_password"), form, headers={"accept-language": "fr"})
    (message,) = mail.outbox
    assert message.subject.startswith(f"[{settings.SITE_NAME}] ")
    assert "ne tenez pas compte de ce message" in message.body
    assert message.body.endswith(settings.SITE_NAME)
    assert ("/accounts/password/reset/key/" in message.body) is bool(account)
    assert "&#" not in message.body


def test_without_mail_server_reset_page_shows_contact(db, client, settings):
    settings.SUPPORT_CONTACT = "help@example.org"
    page = client.get("/accounts/login/")
    assert "help@example.org" in page.text
    assert reverse("account_reset_password") not in page.text


def test_sign_up_and_address_change_are_closed(db, client):
    form = {"username": "eve", "password1": NEW, "password2": NEW}
    client.post("/accounts/signup/", form)
    assert not User.objects.exists()
    client.force_login(UserFactory())
    assert client.post("/accounts/email/", {"email": "boss@example.org"}).url == reverse("profile")


@pytest.mark.parametrize(
    "name",
    [
        "account_login",
        "account_signup",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_inactive",
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_without_login_open(db, client, name, language):
    page = client.get(reverse(name), headers={"accept-language": language})
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert page.text.count("<h1") == 1


@pytest.mark.parametrize(
    "name", ["account_change_password", "account_logout", "profile", "mfa_index"]
)
def test_pages_with_login_open(db, client, name):
    client.force_login(UserFactory())
    page = client.get(reverse(name))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


def test_logout_requires_post(db, client):
    client.force_login(UserFactory())
    assert "_auth_user_id" in client.session
    client.get(reverse("account_logout"))
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session
