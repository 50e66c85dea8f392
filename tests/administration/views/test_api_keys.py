"""Settings: API keys."""

import html
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from instances.access.api_keys import authenticate, create_api_key
from instances.errors import KeyLimit
from instances.models import ApiKey, AuditEntry
from instances.tenancy import tenant
from tests.cast import make_cast
from tests.factories import ApiKeyFactory, MembershipFactory


def url(name, *args):
    return reverse(f"administration:{name}", args=["law", *args])


@pytest.fixture
def owner(cast, client_for):
    return client_for(cast.owner)


def test_created_key_is_shown_once_and_authenticates(cast, owner, settings):
    form = {"name": "Library", "scope": "chat", "lifetime_days": "30"}
    page = owner.post(url("key_create"), form)
    plaintext = page.context["plaintext"]
    assert f'-H "Authorization: Bearer {plaintext}"' in page.text
    for shown in (page, owner.get(url("key_create")), owner.get(url("keys"))):
        assert 'href="/api/docs"' in shown.text
    assert f'"Bearer {plaintext}"' in html.unescape(page.text)
    for shown in (page, owner.get(url("keys"))):
        assert f"{settings.SITE_URL}/mcp/law" in shown.text
    assert page["Cache-Control"] == "no-store"
    assert plaintext not in owner.get(url("keys")).text
    key = authenticate(plaintext)
    assert (key.instance, key.scope, key.created_by) == (cast.instance, "chat", cast.owner)
    assert key.expires_at - timezone.now() < timedelta(days=30)
    with tenant(cast.instance):
        key.refresh_from_db()
        assert key.last_used_at is not None
        assert plaintext not in key.digest


def test_key_for_work_that_can_wait_is_marked(cast, owner):
    form = {"name": "Night run", "scope": "chat", "lifetime_days": "30"}
    assert not authenticate(owner.post(url("key_create"), form).context["plaintext"]).is_batch
    assert "work that can wait" not in owner.get(url("keys")).text
    page = owner.post(url("key_create"), form | {"is_batch": "on"})
    assert authenticate(page.context["plaintext"]).is_batch
    assert "work that can wait" in owner.get(url("keys")).text


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
def test_malformed_key_is_refused(db, plaintext):
    assert authenticate(plaintext) is None


def test_key_of_other_instance_is_not_found(cast, owner):
    key = ApiKeyFactory(instance=cast.other_instance)
    assert owner.post(url("key_revoke", key.pk)).status_code == 404


@pytest.mark.parametrize(
    ("person", "wanted", "given"),
    [("editor", "manage", "manage"), ("teammate", "manage", "chat"), ("teammate", "chat", "chat")],
)
def test_member_creates_own_key(cast, client_for, person, wanted, given):
    form = {"name": "x", "scope": wanted, "lifetime_days": "90"}
    page = client_for(getattr(cast, person)).post(url("key_create"), form)
    key = authenticate(page.context["plaintext"])
    assert (key.scope, key.created_by) == (given, getattr(cast, person))
    with tenant(cast.instance):
        assert AuditEntry.objects.get(action="key.created").actor_id == key.created_by_id


@pytest.mark.parametrize("days", ["", "366", "never"])
def test_key_of_a_person_has_an_end(cast, owner, days):
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


def test_members_list_and_revoke_only_own_keys(cast, client_for):
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


def test_guest_cannot_create_key(cast, client_for):
    guest = MembershipFactory(instance=cast.instance, role="guest").user
    assert client_for(guest).get(url("keys")).status_code == 403
    form = {"name": "x", "scope": "chat", "lifetime_days": "90"}
    assert client_for(guest).post(url("key_create"), form).status_code == 403


def make_key(client):
    return client.post(
        url("key_create"), {"name": "One more", "scope": "chat", "lifetime_days": "30"}
    )


def test_number_of_keys_per_person_is_limited(cast, owner, client_for, settings):
    settings.API_KEYS_PER_PERSON = 2
    first, second = make_key(owner).context["key"], make_key(owner).context["key"]
    refused = make_key(owner)
    assert "plaintext" not in refused.context
    assert "maximum number of valid API keys per person in this instance (2)" in refused.text
    assert authenticate(make_key(client_for(cast.editor)).context["plaintext"])
    # Neither a revoked key nor an expired one counts.
    owner.post(url("key_revoke", first.pk))
    with tenant(cast.instance):
        ApiKey.objects.filter(pk=second.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert [make_key(owner).context.get("plaintext") is None for _ in range(3)] == [
        False,
        False,
        True,
    ]
    with tenant(cast.instance):
        assert ApiKey.objects.filter(created_by=cast.owner).count() == 4


def test_number_of_keys_per_instance_is_limited(cast, owner, settings):
    settings.API_KEYS_PER_INSTANCE = 3
    ApiKeyFactory.create_batch(2, instance=cast.instance)
    assert make_key(owner).context["plaintext"]
    refused = make_key(owner).text
    assert "This instance has reached its maximum number of valid API keys (3)" in refused
    with pytest.raises(CommandError, match="maximum number of valid API keys"):
        call_command("createapikey", "law", "--scope", "chat")
    ApiKeyFactory.create_batch(3, instance=cast.other_instance)
    with pytest.raises(CommandError, match="maximum number of valid API keys"):
        call_command("createapikey", cast.other_instance.slug, "--scope", "chat")


@pytest.mark.django_db(transaction=True)
def test_concurrent_creation_respects_key_limit(transactional_db, settings):
    cast = make_cast()
    settings.API_KEYS_PER_PERSON = 1

    def create(_number):
        try:
            create_api_key(instance=cast.instance, name="x", scope="chat", created_by=cast.owner)
        except KeyLimit:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as requests:
        assert sum(requests.map(create, range(8))) == 1
