"""Wrong passwords are limited by client address and account."""

import asyncio

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from accounts.logins.known_browsers import browser_of
from accounts.users.activation import end_every_session
from tests.factories import PASSWORD, UserFactory
from web.valkey.cache import FailOpenRedisCache

AWAY = "unix:///nowhere/valkey.sock?db=1"


def try_login(client, name="nobody", **headers):
    return client.post(
        "/accounts/login/", {"login": name, "password": "wrong"}, headers=headers
    ).status_code


@pytest.fixture
def two_a_minute(db, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "2/m/ip"}


def test_attempts_are_limited_by_address(client, two_a_minute):
    assert [try_login(client, f"n{n}") for n in range(3)] == [200, 200, 429]
    page = client.post("/accounts/login/", {"login": "x", "password": "x"})
    assert page["Retry-After"] == "60"
    assert "Wait a minute" in page.text
    assert page["X-Correlation-Id"] in page.text


def test_script_receives_json(client, two_a_minute):
    for n in range(2):
        try_login(client, f"n{n}")
    answer = client.post("/accounts/login/", {}, headers={"accept": "application/json"})
    assert answer.json()["error"]["code"] == "too_many_requests"


def test_forwarded_address_from_browser_is_ignored(client, two_a_minute):
    tries = [try_login(client, **{"x-forwarded-for": f"10.0.0.{n}"}) for n in range(3)]
    assert tries[2] == 429


def test_address_added_by_proxy_is_used(client, two_a_minute, settings):
    settings.TRUST_PROXY_HEADERS = True
    lying = [try_login(client, **{"x-forwarded-for": f"10.0.0.{n}, 192.0.2.1"}) for n in range(3)]
    assert lying[2] == 429
    assert try_login(client, **{"x-forwarded-for": "10.0.0.1, 192.0.2.2"}) == 200


def test_ipv6_network_counts_as_one_address(client, two_a_minute, settings):
    settings.TRUST_PROXY_HEADERS = True
    tries = [try_login(client, **{"x-forwarded-for": f"2001:db8::{n}"}) for n in range(1, 4)]
    assert tries[2] == 429


def enters(client, address, name="ada"):
    """Whether the right password opens the account from this address."""
    client.post(
        "/accounts/login/",
        {"login": name, "password": PASSWORD},
        headers={"x-forwarded-for": address},
    )
    return "_auth_user_id" in client.session


@pytest.fixture
def ada(db, settings):
    """Somebody whose password is guessed; a proxy says from where."""
    settings.TRUST_PROXY_HEADERS = True
    limits = settings.ACCOUNT_RATE_LIMITS | {"login_failed_name": "20/h/key"}
    settings.ACCOUNT_RATE_LIMITS = limits
    return UserFactory(username="ada", email="ada@univ.example")


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@univ.example"])
def test_wrong_passwords_block_one_address_only(ada, name):
    for _try in range(5):
        try_login(Client(), name, **{"x-forwarded-for": "192.0.2.1"})
    assert not enters(Client(), "192.0.2.1")
    assert not enters(Client(), "192.0.2.1", "ada@univ.example")
    assert enters(Client(), "192.0.2.2")


def test_blocked_name_can_log_in_from_known_browser(ada):
    known = Client()
    assert enters(known, "192.0.2.200")
    cookie = known.cookies["known_browser"]
    assert (cookie["httponly"], cookie["path"], cookie["samesite"]) == (True, "/accounts/", "Lax")
    known.post("/accounts/logout/")
    assert "_auth_user_id" not in known.session
    for n in range(20):
        try_login(Client(), "ada", **{"x-forwarded-for": f"192.0.2.{n}"})
    assert not enters(Client(), "192.0.2.100")
    assert enters(known, "192.0.2.101")


def test_known_browser_is_known_for_its_people_only(ada):
    bob = UserFactory(username="bob")
    known = Client()
    assert enters(known, "192.0.2.200", "bob")
    known.post("/accounts/logout/")
    for n in range(20):
        try_login(Client(), "ada", **{"x-forwarded-for": f"192.0.2.{n}"})
    assert not enters(known, "192.0.2.100")
    end_every_session(bob)
    bob.refresh_from_db()
    assert browser_of(known.get("/accounts/login/").wsgi_request, bob) is None


def test_wrong_passwords_in_known_browser_are_limited(ada):
    known = Client()
    assert enters(known, "192.0.2.200")
    known.post("/accounts/logout/")
    for n in range(5):
        try_login(known, "ada", **{"x-forwarded-for": f"192.0.2.{n}"})
    assert not enters(known, "192.0.2.100")


def test_new_password_unblocks_name(ada):
    for n in range(20):
        try_login(Client(), "ada", **{"x-forwarded-for": f"192.0.2.{n}"})
    inside = Client()
    inside.force_login(ada)
    new = "another horse, another staple"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    inside.post(reverse("account_change_password"), form)
    client = Client()
    client.post(
        "/accounts/login/",
        {"login": "ada", "password": new},
        headers={"x-forwarded-for": "192.0.2.99"},
    )
    assert "_auth_user_id" in client.session


@pytest.fixture
def away(settings):
    """The cache's server is not there."""
    settings.CACHES = {
        "default": {"BACKEND": "web.valkey.cache.FailOpenRedisCache", "LOCATION": AWAY}
    }
    assert isinstance(caches["default"], FailOpenRedisCache)


def test_login_works_without_cache(client, db, away):
    UserFactory(username="ada")
    assert try_login(client, "ada") == 200
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert "_auth_user_id" in client.session


def test_counts_are_shared_by_processes():
    url = django_settings.CACHE_URL
    if not url:
        pytest.skip("CACHE_URL is not set: no Valkey to share")
    one, other = FailOpenRedisCache(url, {}), FailOpenRedisCache(url, {})
    one.set("shared-by-processes", [1], 10)
    assert other.get("shared-by-processes") == [1]
    assert not other.add("shared-by-processes", 2)
    other.delete("shared-by-processes")
    assert one.get("shared-by-processes") is None


async def test_tasks_share_the_connections_of_their_process(away):
    async def client_of_task():
        return caches["default"].client()

    one, other = [await asyncio.create_task(client_of_task()) for _ in range(2)]
    assert one is other


def test_institution_account_gets_no_reset_mail(client, db, settings):
    settings.EMAIL_HOST = "mail.example.org"
    person = UserFactory(email="zoe@univ-a.example")
    person.set_unusable_password()
    person.save()
    client.post(reverse("account_reset_password"), {"email": person.email})
    assert not [message for message in mail.outbox if "/password/reset/key/" in message.body]


@pytest.mark.parametrize(
    "password",
    ["short", "correctcorrect1"[:11], "password1234", "ada-lovelace-99", "1234567890123"],
)
def test_weak_passwords_are_refused(client, db, password):
    ada = UserFactory(username="ada-lovelace", first_name="Ada")
    client.force_login(ada)
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post(reverse("account_change_password"), form).context["form"].errors
