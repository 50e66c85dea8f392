"""Cost of a login attempt and of a forgotten password, and what they reveal."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from people.models import User
from tests.factories import PASSWORD, UserFactory

SHARED = "shared@univ.example"


@pytest.fixture
def people(db: None) -> None:
    """Accounts of each kind, and twenty without a password that share an address."""
    UserFactory(username="ada", email="Ada@univ.example")
    UserFactory(username="off", email="off@univ.example", is_active=False)
    UserFactory(username="zoe@univ.example", email="", password=None)
    UserFactory.create_batch(20, email=SHARED, password=None)
    UserFactory(username="bearer", email=SHARED.upper())


@pytest.fixture
def hashes() -> Iterator[Any]:
    """Counts the hashes that are computed; they are computed as ever."""
    with patch.object(
        MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode
    ) as counted:
        yield counted


@pytest.mark.parametrize("password", [PASSWORD, "wrong"], ids=["right", "wrong"])
@pytest.mark.parametrize(
    "name",
    [
        *("nobody", "nobody@univ.example", "ada", "ADA", "ada@univ.example", "ADA@UNIV.EXAMPLE"),
        *("off", "off@univ.example", "zoe@univ.example", SHARED),
    ],
)
def test_login_attempt_costs_one_hash(people: None, hashes: Any, name: str, password: str) -> None:
    client = Client()
    hashes.reset_mock()
    page = client.post("/accounts/login/", {"login": name, "password": password})
    assert hashes.call_count == 1
    expected = {"ada": "ada", "ada@univ.example": "ada", SHARED: "bearer"}.get(name.lower())
    entered = client.session.get("_auth_user_id")
    if password == PASSWORD and expected:
        assert entered == str(User.objects.get(username=expected).pk)
    else:
        assert entered is None
        assert page.status_code in (200, 302)


@pytest.mark.parametrize(
    ("address", "links"),
    [
        ("ada@univ.example", 1),
        ("ADA@univ.example", 1),
        (SHARED, 1),
        ("off@univ.example", 0),
        ("nobody@univ.example", 0),
    ],
)
def test_forgotten_password_sends_one_mail(
    people: None, settings: Any, address: str, links: int
) -> None:
    settings.EMAIL_HOST, settings.SITE_URL = "mail.example.org", "https://rag.example"
    settings.ALLOWED_HOSTS = ["rag.example"]
    page = reverse("account_reset_password")
    Client().post(page, {"email": address}, headers={"host": "rag.example:8443"})
    [message] = mail.outbox
    assert len(message.to) == 1
    assert message.to[0].lower() == address.lower()
    assert message.body.count("https://rag.example/accounts/password/reset/key/") == links
    assert "8443" not in message.body


def test_link_in_mail_sets_password(people: None, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "ada@univ.example"})
    link = next(line for line in mail.outbox[0].body.splitlines() if "/reset/key/" in line)
    form = client.get(link.removeprefix(settings.SITE_URL)).url
    new = "another horse, another staple"
    client.post(form, {"password1": new, "password2": new})
    assert User.objects.get(username="ada").check_password(new)


@pytest.mark.parametrize("address", ["ada@univ.example", "ADA@UNIV.EXAMPLE"])
def test_address_has_one_account_with_password(people: None, address: str) -> None:
    with pytest.raises(IntegrityError, match="one_account_with_a_password"), transaction.atomic():
        UserFactory(email=address)
    UserFactory(email=address, password=None)


def test_account_with_address_in_use_is_not_created(cast: Any, client_for: Any) -> None:
    form = {"first_name": "A", "last_name": "B", "username": "ab", "role": "member"}
    page = reverse("administration:member_create", args=["law"])
    refused = client_for(cast.owner).post(page, form | {"email": cast.teammate.email.upper()})
    assert refused.context["form"].errors.keys() == {"email"}
    assert not User.objects.filter(username="ab").exists()
