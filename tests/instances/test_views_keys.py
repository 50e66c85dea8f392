"""Settings: API keys."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from instances.api_keys import authenticate
from instances.models import ApiKey
from instances.tenancy import tenant
from tests.factories import ApiKeyFactory


def url(name, *args):
    return reverse(f"instances:{name}", args=["law", *args])


@pytest.fixture
def owner(cast, client_for):
    return client_for(cast.owner)


def test_a_key_is_shown_once_and_works(cast, owner):
    form = {"name": "Library", "scope": "chat", "lifetime_days": "30"}
    page = owner.post(url("key_create"), form)
    plaintext = page.context["plaintext"]
    assert plaintext in page.text
    assert page["Cache-Control"] == "no-store"
    assert plaintext not in owner.get(url("keys")).text
    key = authenticate(plaintext)
    assert (key.instance, key.scope, key.created_by) == (cast.instance, "chat", cast.owner)
    assert key.expires_at - timezone.now() < timedelta(days=30)
    with tenant(cast.instance):
        key.refresh_from_db()
        assert key.last_used_at is not None
        assert plaintext not in key.digest


def test_a_revoked_key_is_refused(cast, owner):
    page = owner.post(url("key_create"), {"name": "x", "scope": "manage", "lifetime_days": "30"})
    plaintext, key = page.context["plaintext"], page.context["key"]
    owner.post(url("key_revoke", key.pk))
    assert authenticate(plaintext) is None


def test_an_expired_key_is_refused(cast, owner):
    page = owner.post(url("key_create"), {"name": "x", "scope": "chat", "lifetime_days": "30"})
    with tenant(cast.instance):
        ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert authenticate(page.context["plaintext"]) is None


@pytest.mark.parametrize("plaintext", ["", "rag_", "rag_nothing", "x" * 5000])
def test_what_is_no_key_opens_nothing(db, plaintext):
    assert authenticate(plaintext) is None


def test_the_key_of_another_instance_is_out_of_reach(cast, owner):
    key = ApiKeyFactory(instance=cast.other_instance)
    assert owner.post(url("key_revoke", key.pk)).status_code == 404


@pytest.mark.parametrize("person", ["editor", "teammate"])
def test_only_administrators_make_keys(cast, client_for, person):
    form = {"name": "x", "scope": "chat", "lifetime_days": ""}
    assert client_for(getattr(cast, person)).post(url("key_create"), form).status_code == 403
