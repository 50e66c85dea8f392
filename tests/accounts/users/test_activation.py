"""Disabling an account ends its sessions and keys at once."""

import pytest
from django.contrib.auth import get_user
from django.urls import reverse

from accounts.models import OidcSession
from accounts.users.activation import disable_account, enable_account, end_every_session
from instances.access.api_keys import authenticate, create_api_key
from tests.accounts.oidc.conftest import *  # noqa: F403 (its issuer, its browser)
from tests.factories import PASSWORD, UserFactory


def test_sessions_of_disabled_person_are_not_restored(client_for, cast):
    client = client_for(cast.teammate)
    disable_account(cast.teammate)
    assert not get_user(client).is_authenticated
    assert client.get("/").url.startswith("/accounts/login/")
    enable_account(cast.teammate)
    assert not get_user(client).is_authenticated, "an old session does not come back"


def test_disabled_person_cannot_log_in(client, cast):
    disable_account(cast.teammate)
    client.post("/accounts/login/", {"login": "teammate", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    enable_account(cast.teammate)
    client.post("/accounts/login/", {"login": "teammate", "password": PASSWORD})
    assert "_auth_user_id" in client.session


def test_keys_of_disabled_person_are_refused(cast):
    _key, plaintext = create_api_key(
        instance=cast.instance, name="x", scope="chat", created_by=cast.owner
    )
    assert authenticate(plaintext)
    disable_account(cast.owner)
    assert authenticate(plaintext) is None


def test_disabled_person_cannot_log_in_through_provider(browser, rule):
    browser.log_in()
    person = browser.person
    disable_account(person)
    assert browser.person is None
    assert not OidcSession.objects.exists()
    browser.log_in()
    assert browser.person is None
    assert not OidcSession.objects.exists()


def test_other_people_stay_logged_in(client_for, cast):
    client = client_for(cast.editor)
    end_every_session(cast.teammate)
    assert get_user(client) == cast.editor


def test_operator_disables_account(client_for, cast):
    person = client_for(cast.teammate)
    operator = client_for(UserFactory(is_staff=True, is_superuser=True))
    url = reverse("admin:people_user_change", args=[cast.teammate.pk])
    form = operator.get(url).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, False)}
    data = {name: data[name] for name in form.fields if name in data}
    data.pop("is_active", None)
    for name in ("last_login", "date_joined"):
        data.pop(name, None)
    moment = cast.teammate.date_joined
    data |= {"date_joined_0": f"{moment:%Y-%m-%d}", "date_joined_1": f"{moment:%H:%M:%S}"}
    answer = operator.post(url, data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert not get_user(person).is_authenticated


@pytest.mark.parametrize("old", [True, False], ids=["this", "other"])
def test_new_password_ends_other_sessions(client_for, cast, old):
    here, there = client_for(cast.teammate), client_for(cast.teammate)
    new = "another secret of mine"
    here.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )
    assert get_user(here if old else there).is_authenticated is old
