"""Settings: API keys."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from instances.api_keys import authenticate, create_api_key
from instances.models import ApiKey, AuditEntry
from instances.tenancy import tenant
from tests.factories import ApiKeyFactory, MembershipFactory


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


@pytest.mark.parametrize(
    ("person", "wanted", "given"),
    [("editor", "manage", "manage"), ("teammate", "manage", "chat"), ("teammate", "chat", "chat")],
)
def test_members_make_keys_of_their_own(cast, client_for, person, wanted, given):
    form = {"name": "x", "scope": wanted, "lifetime_days": "90"}
    page = client_for(getattr(cast, person)).post(url("key_create"), form)
    key = authenticate(page.context["plaintext"])
    assert (key.scope, key.created_by) == (given, getattr(cast, person))
    with tenant(cast.instance):
        assert AuditEntry.objects.get(action="key.created").actor_id == key.created_by_id


@pytest.mark.parametrize("days", ["", "366", "never"])
def test_a_key_of_a_person_ends(cast, owner, days):
    form = {"name": "x", "scope": "chat", "lifetime_days": days}
    assert owner.post(url("key_create"), form).context["form"].errors.keys() == {"lifetime_days"}
    with pytest.raises(ValueError, match="a year"):
        create_api_key(
            instance=cast.instance,
            name="x",
            scope="chat",
            created_by=cast.owner,
            expires_at=timezone.now() + timedelta(days=366),
        )


def test_members_see_and_end_their_own_keys_alone(cast, client_for):
    mine = ApiKeyFactory(instance=cast.instance, created_by=cast.teammate, name="mine")
    other = ApiKeyFactory(instance=cast.instance, created_by=cast.editor, name="of the editor")
    teammate, owner = client_for(cast.teammate), client_for(cast.owner)
    assert [key.pk for key in teammate.get(url("keys")).context["keys"]] == [mine.pk]
    assert teammate.post(url("key_revoke", other.pk)).status_code == 404
    assert teammate.post(url("key_revoke", mine.pk)).status_code == 302
    assert {key.pk for key in owner.get(url("keys")).context["keys"]} == {mine.pk, other.pk}
    owner.post(url("key_revoke", other.pk))
    with tenant(cast.instance):
        assert not ApiKey.objects.filter(revoked_at=None).exists()
        assert AuditEntry.objects.filter(action="key.revoked").count() == 2


def test_guests_have_no_keys(cast, client_for):
    guest = MembershipFactory(instance=cast.instance, role="guest").user
    assert client_for(guest).get(url("keys")).status_code == 403
    form = {"name": "x", "scope": "chat", "lifetime_days": "90"}
    assert client_for(guest).post(url("key_create"), form).status_code == 403
